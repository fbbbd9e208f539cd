// Rebuild: a picture, what each decoder makes of its code, and how far that is from it.

import { size } from "./arrays.js";
import { div, h, latest, note, soft } from "./dom.js";
import { chooser } from "./choosing.js";
import { decoded, decodersOf, encoded } from "./decoding.js";
import { filesOf } from "./filing.js";
import { apart, decibelsText, framed, picture, psnr } from "./pictures.js";

const LOUDER = 4;
const SAID = /** @type {Record<string, string>} */ ({ faithful: "as near as the code allows", realistic: "looks real" });

/** Rows of squares, one a number of a code. @param {number} count @returns {number[]} a shape */
export function codeShape(count) {
  const across = Math.ceil(Math.sqrt(count));
  return [1, Math.ceil(count / across), across];
}

/** @param {Float32Array} code @param {{mean: Float32Array, deviation: Float32Array}} scale @returns {Float32Array} its numbers in deviations, as grays */
export function codeShades(code, { mean, deviation }) {
  const [, down, across] = codeShape(code.length);
  return Float32Array.from({ length: down * across }, (_, at) => (at < code.length ? Math.tanh((code[at] - mean[at]) / deviation[at] / 2) : -1));
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function rebuildView(engine) {
  const { facts } = engine, decoders = [...decodersOf(facts)].reverse(), numbers = size(facts.shape);
  const own = picture(facts.shape, "The picture"), name = soft();
  const codes = /** @type {import("./engine.js").Codes} */ (facts.codes), inner = picture(codeShape(codes.size), "The code");
  const shown = decoders.map((decoder) => ({ decoder, decode: picture(facts.shape, `${decoder} decode`),
    difference: picture(facts.shape, `How far the ${decoder} decode is from the picture`), far: h("data", { class: "figure" }) }));
  const files = facts.graphs.decode ? filesOf(engine) : null;
  const again = latest(async (/** @type {Float32Array} */ x, /** @type {string} */ called) => {
    const code = await encoded(engine, x), found = /** @type {Record<string, any>} */ ({});
    for (const { decoder, decode, difference, far } of shown) {
      const made = await decoded(engine, code, decoder, { seed: 0, temperature: 1 });
      const decibels = psnr(made.x, x);
      decode.show(made.x, `${decoder} decode, ${decibelsText(decibels)}`);
      difference.show(apart(made.x, x, LOUDER));
      Object.assign(far, { textContent: decibelsText(decibels), value: String(decibels) });
      found[decoder] = { ...made, psnr: decibels };
    }
    own.show(x, `The picture: ${called}`);
    name.textContent = called;
    inner.show(codeShades(code, codes.scale));
    files?.take(x, code);
    view.last = { x, code, ...found };
  });
  const choose = chooser(facts, "Rebuild a picture", again);
  const column = (/** @type {typeof shown[0]} */ { decoder, decode, difference, far }) => h("div", { class: "pair" },
    framed(decode, decoder, soft(SAID[decoder], " · PSNR ", far)), framed(difference, `difference, × ${LOUDER}`));
  const view = Object.assign(h("section", { class: "view" }, choose,
    div("rebuilt", div("pair", framed(own, "picture", name),
      framed(inner, "code", soft(`${codes.size.toLocaleString("en")} numbers`))), ...shown.map(column)),
    note(`The picture has ${numbers.toLocaleString("en")} numbers; all that the decoders see is the code. `
      + "In a difference, black is equal. PSNR is of this picture alone: higher is nearer."), files),
  { last: /** @type {any} */ (null), files, begin: choose.begin });
  return view;
}
