// Mend: brush a hole into a picture; the model fills it with what it knows of such pictures, four times.

import { choice, h, save } from "./dom.js";
import { brush } from "./brush.js";
import { chooser } from "./choosing.js";
import { decoded, decodersOf } from "./decoding.js";
import { framed, picture } from "./canvas.js";
import { spread } from "./feeds.js";
import { rows } from "./pictures.js";
import { savedSheet } from "./saving.js";
import { agreed } from "./search.js";

const RANKS = ["agrees best", "second", "third", "fourth"];

/** What is known stays as it is. @param {Float32Array} x @param {Float32Array} filling @param {Float32Array} known @returns {Float32Array} */
export function joinedByHoles(x, filling, known) {
  return x.map((one, at) => (known[at % known.length] > 0 ? one : filling[at]));
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function mendView(engine) {
  const { facts } = engine, decoders = [...decodersOf(facts)].reverse(), starts = /** @type {any} */ (facts.search).starts;
  const shown = Array.from({ length: starts }, (_, at) => picture(facts.shape, `Filling ${at + 1}: not there yet`));
  const bar = h("progress", { max: 1, value: 0, "aria-label": "How far the search is" }), said = h("p", { class: "note", role: "status" });
  let own = /** @type {Float32Array} */ (new Float32Array()), name = "", turn = 0;
  const changed = () => {
    turn += 1; // ends a search for another hole
    bar.value = 0;
    const hole = easel.known.some((one) => !one);
    fill.disabled = !hole;
    keep.disabled = true;
    said.textContent = hole ? "Fill the hole, or change it by brush." : "Brush a hole into the picture.";
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
  const decoder = choice("Decoder", decoders.map((one) => [one, one]), () => { draw(); });
  const fill = h("button", { type: "button", class: "main", onclick: find }, "Fill the hole");
  const keep = h("button", { type: "button", onclick: async () => save(await savedSheet(facts, view.last.mended, 0, 2), "mended.png") }, "Save as PNG");
  const choose = chooser(facts, "Mend a picture", (x, called) => { [own, name] = [x, called]; easel.take(x, facts.shape, true); });
  const view = Object.assign(h("section", { class: "view" }, choose,
    h("div", { class: "controls" }, fill, decoders.length > 1 ? decoder : null, keep), bar, said,
    h("div", { class: "mend" }, h("div", { class: "stage" }, easel, h("div", { class: "controls" }, ...easel.controls)),
      h("div", { class: "fillings" }, ...shown.map((one, at) => framed(one, RANKS[at] ?? String(at + 1)))))),
  { last: /** @type {any} */ (null), found: /** @type {any} */ (null), begin: () => { if (facts.examples.length) choose.pick(0); else changed(); } });
  return view;
}
