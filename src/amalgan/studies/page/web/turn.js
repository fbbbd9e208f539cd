// Turn: one picture, and sliders along what its code means.

import { choice, h, save } from "./dom.js";
import { decoded, decodersOf, generated } from "./decoding.js";
import { picture } from "./canvas.js";
import { latest } from "./engine.js";
import { rows } from "./pictures.js";
import { savedSheet } from "./saving.js";
import { shareText, sharedOf } from "./sharing.js";

/** @param {Float32Array} start @param {import("./engine.js").Direction[]} directions @param {number[]} steps how many of each
 * @returns {Float32Array} */
export function turned(start, directions, steps) {
  const code = start.slice();
  directions.forEach(({ step }, which) => { for (let at = 0; at < code.length; at++) code[at] += steps[which] * step[at]; });
  return code;
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement & {open: (code: Float32Array, seed: number) => void}} */
export function turnView(engine) {
  const { facts } = engine, decoders = decodersOf(facts), codes = /** @type {import("./engine.js").Codes} */ (facts.codes);
  const { directions } = codes, live = picture(facts.shape, "The picture");
  let start = codes.start, seed = 0;
  const past = /** @type {{start: Float32Array, seed: number, steps: number[]}[]} */ ([]);
  const sides = directions.map(({ name }) => [picture(facts.shape, `${name}: far left`), picture(facts.shape, `${name}: far right`)]);
  const inputs = directions.map(({ name, low, high }, at) => h("input", { type: "range", min: low, max: high, step: 0.05, value: 0,
    "aria-label": name, onpointerdown: () => remember(), onkeydown: () => remember(), oninput: () => { show(); said(at); } }));
  const outputs = directions.map(() => h("output", {}, "0"));
  const steps = () => inputs.map((input) => Number(input.value));
  const said = (/** @type {number} */ at) => { outputs[at].value = inputs[at].value; };
  const chance = () => ({ seed, temperature: 1, still: true });
  const show = latest(async () => {
    const code = turned(start, directions, steps());
    const made = await decoded(engine, code, decoder.value, chance());
    live.show(made.x);
    text.value = shareText({ code, seed }, facts.digest);
    view.last = { ...made, decoder: decoder.value, seed };
    saving.disabled = false;
  });
  const fringe = latest(async () => {
    const codesOfEnds = directions.flatMap(({ low, high }, at) => [low, high].map((end) =>
      turned(start, directions, directions.map((_, other) => (other === at ? end : 0)))));
    const all = new Float32Array(codesOfEnds.length * codes.size);
    codesOfEnds.forEach((code, row) => all.set(code, row * codes.size));
    rows((await decoded(engine, all, decoder.value, chance())).x, facts.shape).forEach((x, at) => sides[at >> 1][at & 1].show(x));
  });
  const decoder = choice("Decoder", decoders.map((name) => [name, name]), () => { show(); fringe(); });
  const remember = () => {
    const now = { start, seed, steps: steps() }, last = past.at(-1);
    if (last && last.start === start && last.steps.every((one, at) => one === now.steps[at])) return;
    past.push(now);
    undo.disabled = false;
  };
  const set = (/** @type {typeof past[0]} */ to) => {
    ({ start, seed } = to);
    inputs.forEach((input, at) => { input.value = String(to.steps[at]); said(at); });
    return Promise.all([show(), fringe()]);
  };
  const open = (/** @type {Float32Array} */ code, /** @type {number} */ noise) => { remember(); return set({ start: code, seed: noise, steps: inputs.map(() => 0) }); };
  const undo = h("button", { type: "button", disabled: true, onclick: () => {
    const to = past.pop();
    undo.disabled = !past.length;
    if (to) set(to);
  } }, "Undo");
  const fresh = async () => {
    const noise = Math.floor(Math.random() * 1e6);
    open(/** @type {Float32Array} */ ((await generated(engine, [-1], decoder.value, { seed: noise, temperature: 1 })).code), noise);
  };
  const trouble = h("p", { class: "trouble", role: "alert" });
  const text = h("input", { type: "text", class: "share", spellcheck: "false", "aria-label": "This picture as a text: copy it, or put one in", onchange: () => {
    trouble.textContent = "";
    try {
      const shared = sharedOf(text.value, { digest: facts.digest, size: codes.size });
      open(shared.code, shared.seed);
    } catch (error) {
      trouble.textContent = /** @type {Error} */ (error).message;
    }
  } });
  const copy = h("button", { type: "button", onclick: async () => {
    text.select();
    try { await navigator.clipboard.writeText(text.value); } catch { document.execCommand("copy"); }
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  } }, "Copy");
  const keep = async () => save(await savedSheet(facts, view.last.x, seed), "turned.png");
  const saving = h("button", { type: "button", class: "main", disabled: true, onclick: keep }, "Save as PNG");
  const row = (/** @type {number} */ at) => h("div", { class: "direction" },
    h("div", { class: "named" }, h("span", {}, directions[at].name), h("span", { class: "soft" }, directions[at].note), outputs[at]),
    h("div", { class: "way" }, sides[at][0], inputs[at], sides[at][1]));
  const groups = [...new Set(directions.map(({ group }) => group))].map((group) => h("div", { class: "group" }, h("h3", {}, group),
    ...directions.flatMap((one, at) => (one.group === group ? [row(at)] : []))));
  const view = Object.assign(h("section", { class: "view turn" },
    h("div", { class: "stage" }, live, h("div", { class: "controls" },
      facts.graphs.sample_code ? h("button", { type: "button", onclick: fresh }, "New") : null, undo,
      h("button", { type: "button", onclick: () => { remember(); set({ start, seed, steps: inputs.map(() => 0) }); } }, "Reset"),
      saving),
    decoders.length > 1 ? decoder : null, h("div", { class: "controls" }, text, copy), trouble),
    h("div", { class: "directions" }, ...groups)),
  { last: /** @type {any} */ (null), open, begin: () => Promise.all([show(), fringe()]) });
  return view;
}
