// Turn: one picture, and sliders along what its code means.

import { joined, rows } from "./arrays.js";
import { button, copier, div, h, latest, save, soft, trouble } from "./dom.js";
import { decoded, decoderChoice, generated } from "./decoding.js";
import { savedSheet } from "./saving.js";
import { shareText, sharedOf } from "./sharing.js";
import { picture } from "./pictures.js";

/** @typedef {{start: Float32Array, seed: number, steps: number[]}} Place a code to begin at, and how far along each direction */

/** @param {Float32Array} start @param {import("./engine.js").Direction[]} directions @param {number[]} steps how many of each
 * @returns {Float32Array} */
export function turned(start, directions, steps) {
  return start.map((one, at) => directions.reduce((sum, { step }, which) => sum + steps[which] * step[at], one));
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement & {open: (code: Float32Array, seed: number) => void}} */
export function turnView(engine) {
  const { facts } = engine, { shape } = facts, codes = /** @type {import("./engine.js").Codes} */ (facts.codes);
  const { directions } = codes, live = picture(shape, "The picture"), none = directions.map(() => 0);
  const past = /** @type {Place[]} */ ([]), wrong = trouble();
  let { start } = codes, seed = 0;
  const sides = directions.map(({ name }) => ["left", "right"].map((side) => picture(shape, `${name}: far ${side}`)));
  const remembered = { onpointerdown: () => remember(), onkeydown: () => remember() };
  const inputs = directions.map(({ name, low, high }, at) => h("input", { type: "range", min: low, max: high, step: 0.05, value: 0,
    "aria-label": name, ...remembered, oninput: () => { show(); said(at); } }));
  const outputs = directions.map(() => h("output", {}, "0"));
  const steps = () => inputs.map((input) => Number(input.value));
  const said = (/** @type {number} */ at) => { outputs[at].value = inputs[at].value; };
  const made = (/** @type {Float32Array} */ code) => decoded(engine, code, decoder.value, { seed, temperature: 1, still: true });
  const show = latest(async () => {
    const code = turned(start, directions, steps()), found = await made(code);
    live.show(found.x);
    text.value = shareText({ code, seed }, facts.digest);
    view.last = { ...found, decoder: decoder.value, seed };
    saving.disabled = false;
  });
  const fringe = latest(async () => {
    const ends = directions.flatMap(({ low, high }, at) => [low, high].map((end) => turned(start, [directions[at]], [end])));
    rows((await made(joined(...ends))).x, shape).forEach((x, at) => sides[at >> 1][at & 1].show(x));
  });
  const again = () => Promise.all([show(), fringe()]);
  const decoder = decoderChoice(facts, again);
  const remember = () => {
    const now = { start, seed, steps: steps() }, last = past.at(-1);
    if (last?.start === start && last.steps.every((one, at) => one === now.steps[at])) return;
    past.push(now);
    undo.disabled = false;
  };
  const set = (/** @type {Place} */ to) => {
    ({ start, seed } = to);
    inputs.forEach((input, at) => { input.value = String(to.steps[at]); said(at); });
    return again();
  };
  const open = (/** @type {Float32Array} */ code, /** @type {number} */ noise) => {
    remember();
    return set({ start: code, seed: noise, steps: none });
  };
  const undo = button("Undo", () => {
    const to = past.pop();
    undo.disabled = !past.length;
    if (to) set(to);
  }, { disabled: true });
  const fresh = button("New", async () => {
    const noise = Math.floor(Math.random() * 1e6), drawn = await generated(engine, [-1], decoder.value, { seed: noise, temperature: 1 });
    open(/** @type {Float32Array} */ (drawn.code), noise);
  });
  const text = h("input", { type: "text", class: "share", spellcheck: "false",
    "aria-label": "This picture as a text: copy it, or put one in", onchange: () => wrong.of(() => {
      const shared = sharedOf(text.value, { digest: facts.digest, size: codes.size });
      open(shared.code, shared.seed);
    }) });
  const copy = copier(() => { text.select(); return text.value; });
  const keep = async () => save(await savedSheet(facts, view.last.x, seed), "turned.png");
  const saving = button("Save as PNG", keep, { class: "main", disabled: true });
  const row = (/** @type {number} */ at) => h("div", { class: "direction" },
    div("named", h("span", {}, directions[at].name), soft(directions[at].note), outputs[at]),
    div("way", sides[at][0], inputs[at], sides[at][1]));
  const groups = [...new Set(directions.map(({ group }) => group))].map((group) => div("group", h("h3", {}, group),
    ...directions.flatMap((one, at) => (one.group === group ? [row(at)] : []))));
  const view = Object.assign(h("section", { class: "view turn" },
    div("stage", live,
      div("controls", facts.graphs.sample_code ? fresh : null, undo, button("Reset", () => open(start, seed)), saving),
      decoder, div("controls", text, copy), wrong),
    div("directions", ...groups)), { last: /** @type {any} */ (null), open, begin: again });
  return view;
}
