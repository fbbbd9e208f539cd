// Mend: brush a hole into a picture; the model fills it with what it knows of such pictures, four times.

import { rows, spread } from "./arrays.js";
import { button, div, h, save } from "./dom.js";
import { brush } from "./brush.js";
import { chooser } from "./choosing.js";
import { decoded, decoderChoice } from "./decoding.js";
import { savedSheet } from "./saving.js";
import { agreed } from "./search.js";
import { framed, picture } from "./pictures.js";

const RANKS = ["agrees best", "second", "third", "fourth"];

/** What is known stays as it is. @param {Float32Array} x @param {Float32Array} filling @param {Float32Array} known @returns {Float32Array} */
export function joinedByHoles(x, filling, known) {
  return x.map((one, at) => (known[at % known.length] > 0 ? one : filling[at]));
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function mendView(engine) {
  const { facts } = engine, starts = /** @type {any} */ (facts.search).starts;
  const shown = Array.from({ length: starts }, (_, at) => picture(facts.shape, `Filling ${at + 1}: not there yet`));
  const bar = h("progress", { max: 1, value: 0, "aria-label": "How far the search is" }), said = h("p", { class: "note", role: "status" });
  let own = /** @type {Float32Array} */ (new Float32Array()), name = "", turn = 0;
  const changed = () => {
    turn += 1; // ends a search for another hole
    bar.value = 0;
    fill.disabled = easel.known.every(Boolean);
    keep.disabled = true;
    said.textContent = fill.disabled ? "Brush a hole into the picture." : "Fill the hole, or change it by brush.";
  };
  const easel = brush("The picture to mend", changed);
  const find = async () => {
    const mine = ++turn, x = own, known = easel.known.slice();
    said.textContent = "Searching for pictures that agree with what is known …";
    const found = await agreed(engine, x, known, (share) => { bar.value = share; return mine === turn; });
    if (!found) return;
    bar.value = 1;
    view.found = { x, known, name, ...found };
    await draw();
    said.textContent = `What is known stays as it is. ${starts} starts of the search lead to these fillings.`;
  };
  const draw = async () => {
    if (!view.found) return;
    const { x, known, code } = view.found, made = await decoded(engine, code, decoder.value, { seed: 0, temperature: 1 });
    const mended = joinedByHoles(spread(x, starts), made.x, known), all = rows(mended, facts.shape);
    all.forEach((one, at) => shown[at].show(one, `Filling ${at + 1}, ${RANKS[at]}`));
    keep.disabled = false;
    view.last = { ...view.found, given: made.given, decoder: decoder.value, mended, all };
  };
  const decoder = decoderChoice(facts, () => { draw(); }, true);
  const fill = button("Fill the hole", find, { class: "main" });
  const keep = button("Save as PNG", async () => save(await savedSheet(facts, view.last.mended, 0, 2), "mended.png"));
  const choose = chooser(facts, "Mend a picture", (x, called) => { [own, name] = [x, called]; easel.take(x, facts.shape, true); });
  const view = Object.assign(h("section", { class: "view" }, choose,
    div("controls", fill, decoder, keep), bar, said,
    div("mend", easel, div("fillings", ...shown.map((one, at) => framed(one, RANKS[at] ?? String(at + 1)))))),
  { last: /** @type {any} */ (null), found: /** @type {any} */ (null), begin: () => { changed(); choose.begin(); } });
  return view;
}
