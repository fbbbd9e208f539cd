// Make: new pictures, by class, temperature and seed.

import { choice, field, h, save, slider } from "./dom.js";
import { decodersOf, generated, walked } from "./decoding.js";
import { latest } from "./engine.js";
import { picture } from "./canvas.js";
import { rows } from "./pictures.js";
import { savedFilm, savedSheet } from "./saving.js";

const COUNT = 24, MOST_SEED = 1e6, STATIONS = 4, WALK_FRAMES = 60;

/** @param {import("./engine.js").Engine} engine @param {(code: Float32Array, seed: number) => void} turn opens a picture among the sliders
 * @returns {HTMLElement} */
export function makeView(engine, turn) {
  const { facts } = engine, decoders = decodersOf(facts);
  const label = h("select", { onchange: () => again() }, h("option", { value: "-1" }, "any"),
    ...(facts.labels.length > 1 ? [h("option", { value: "each" }, "one after the other")] : []),
    ...facts.labels.map(([number, name]) => h("option", { value: number }, name)));
  const warmth = slider("Temperature", { min: 0, max: 1.5, step: 0.05, value: 1 }, () => again());
  const seed = h("input", { type: "number", min: 0, max: MOST_SEED, step: 1, value: 0, oninput: () => again() });
  const decoder = choice("Decoder", decoders.map((name) => [name, name]), () => again());
  const grid = h("div", { class: "grid", role: "group", "aria-label": "New pictures" });
  const shown = Array.from({ length: COUNT }, (_, at) => picture(facts.shape, `New picture ${at + 1}`));
  const open = (/** @type {number} */ at) => {
    const made = view.last;
    if (made.code) turn(rows(made.code, [facts.codes?.size ?? 0])[at].slice(), made.asked.seed);
  };
  grid.append(...shown.map((one, at) => (facts.codes?.directions.length && decoders.length
    ? h("button", { type: "button", class: "thumb", title: "Turn this one", onclick: () => open(at) }, one) : one)));
  const labels = () => {
    if (label.value !== "each") return Array(COUNT).fill(Number(label.value));
    return Array.from({ length: COUNT }, (_, at) => facts.labels[at % facts.labels.length][0]);
  };
  const again = latest(async () => {
    const asked = { labels: labels(), seed: Math.floor(Number(seed.value) || 0), temperature: Number(warmth.input.value),
      decoder: decoders.length ? decoder.value : "" };
    const made = await generated(engine, asked.labels, asked.decoder, asked);
    const names = new Map(facts.labels);
    rows(made.x, facts.shape).forEach((x, at) => shown[at].show(x, `New picture ${at + 1}${names.has(asked.labels[at]) ? `: ${names.get(asked.labels[at])}` : ""}`));
    view.last = { asked, ...made };
    for (const one of saving) one.disabled = false;
  });
  const keep = async () => {
    const { x, asked } = view.last;
    save(await savedSheet(facts, x, asked.seed), `made-${asked.seed}.png`);
  };
  const film = async () => {
    const { asked } = view.last, made = await walked(engine, view.last, asked.decoder, { stations: STATIONS, frames: WALK_FRAMES });
    view.film = made;
    save(await savedFilm(facts, made.x, asked.seed), `walk-${asked.seed}.png`);
  };
  const saving = [h("button", { type: "button", class: "main", disabled: true, onclick: keep }, "Save as PNG"), h("button", { type: "button", disabled: true, onclick: film }, "Save a walk")];
  const view = Object.assign(h("section", { class: "view" },
    h("div", { class: "controls" },
      facts.labels.length ? field("Class", label) : null,
      field("Seed", seed, h("button", { type: "button", onclick: () => { seed.value = String(Math.floor(Math.random() * MOST_SEED)); again(); } }, "New")),
      facts.temperature ? warmth : null,
      decoders.length > 1 ? decoder : null,
      ...saving),
    grid,
    h("p", { class: "note" }, "The same seed makes the same pictures. Below a temperature of 1 they are more typical and vary less. "
      + "A walk is an animated PNG: it leads through the first four pictures, and back to the first.",
      facts.codes?.directions.length && decoders.length ? " Choose a picture to turn it." : "")), { last: /** @type {any} */ (null), film: /** @type {any} */ (null), begin: again });
  return view;
}
