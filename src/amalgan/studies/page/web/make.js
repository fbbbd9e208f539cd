// Make: new pictures, by class, temperature and seed.

import { rows } from "./arrays.js";
import { button, div, field, h, latest, note, save, slider } from "./dom.js";
import { decoderChoice, decodersOf, generated, walked } from "./decoding.js";
import { savedFilm, savedSheet } from "./saving.js";
import { picture } from "./pictures.js";

const COUNT = 24, MOST_SEED = 1e6, STATIONS = 4, WALK_FRAMES = 60;

/** @param {import("./engine.js").Engine} engine @param {(code: Float32Array, seed: number) => void} turn opens a picture among the sliders
 * @returns {HTMLElement} */
export function makeView(engine, turn) {
  const { facts } = engine, { shape } = facts, turns = Boolean(facts.codes?.directions.length && decodersOf(facts).length);
  const label = h("select", { onchange: () => again() }, h("option", { value: "-1" }, "any"),
    ...(facts.labels.length > 1 ? [h("option", { value: "each" }, "one after the other")] : []),
    ...facts.labels.map(([number, name]) => h("option", { value: number }, name)));
  const warmth = slider("Temperature", { min: 0, max: 1.5, step: 0.05, value: 1 }, () => again());
  const seed = h("input", { type: "number", min: 0, max: MOST_SEED, step: 1, value: 0, oninput: () => again() });
  const fresh = button("New", () => { seed.value = String(Math.floor(Math.random() * MOST_SEED)); again(); });
  const decoder = decoderChoice(facts, () => again());
  const shown = Array.from({ length: COUNT }, (_, at) => picture(shape, `New picture ${at + 1}`));
  const open = (/** @type {number} */ at) => {
    const { code, asked } = view.last;
    if (code) turn(rows(code, [facts.codes?.size ?? 0])[at].slice(), asked.seed);
  };
  const tiles = turns ? shown.map((one, at) => button(one, () => open(at), { class: "thumb", title: "Turn this one" })) : shown;
  const names = new Map(facts.labels), each = facts.labels.map(([number]) => number);
  const again = latest(async () => {
    const labels = shown.map((_, at) => (label.value === "each" ? each[at % each.length] : Number(label.value)));
    const asked = { labels, seed: Math.floor(Number(seed.value) || 0), temperature: Number(warmth.input.value), decoder: decoder.value };
    const made = await generated(engine, labels, asked.decoder, asked);
    const called = (/** @type {number} */ at) => [`New picture ${at + 1}`, names.get(labels[at])].filter(Boolean).join(": ");
    rows(made.x, shape).forEach((x, at) => shown[at].show(x, called(at)));
    view.last = { asked, ...made };
    for (const one of saving) one.disabled = false;
  });
  const keep = async (/** @type {any} */ { x, asked: { seed: at } }) => save(await savedSheet(facts, x, at), `made-${at}.png`);
  const film = async () => {
    const { asked } = view.last, told = { stations: STATIONS, frames: WALK_FRAMES };
    view.film = await walked(engine, view.last, asked.decoder, told);
    save(await savedFilm(facts, view.film.x, asked.seed), `walk-${asked.seed}.png`);
  };
  const saving = /** @type {HTMLButtonElement[]} */ ([button("Save as PNG", () => keep(view.last), { class: "main", disabled: true }),
    button("Save a walk", film, { disabled: true })]);
  const view = Object.assign(h("section", { class: "view" },
    div("controls", facts.labels.length ? field("Class", label) : null, field("Seed", seed, fresh),
      facts.temperature ? warmth : null, decoder, ...saving),
    h("div", { class: "grid", role: "group", "aria-label": "New pictures" }, ...tiles),
    note("The same seed makes the same pictures. Below a temperature of 1 they are more typical and vary less. "
      + "A walk is an animated PNG: it leads through the first four pictures, and back to the first.",
    turns ? " Choose a picture to turn it." : "")),
  { last: /** @type {any} */ (null), film: /** @type {any} */ (null), begin: again });
  return view;
}
