// Where a picture comes in: an example, a file, one that is dropped or pasted.

import { h } from "./dom.js";
import { fitted } from "./fitting.js";
import { picture } from "./canvas.js";
import { floatsOfPixels } from "./pictures.js";

/** @typedef {(file: Blob, facts: import("./engine.js").Facts) => Promise<{x: Float32Array, shape: number[]}>} Reading */

/** @type {Reading} */
const asTrained = async (file, facts) => ({ x: floatsOfPixels(await fitted(file, facts)), shape: facts.shape });

/** @param {import("./engine.js").Facts} facts @param {string} words what the picture is for
 * @param {(x: Float32Array, name: string, shape: number[]) => void} chosen @param {Reading} [read] how a file becomes a picture
 * @returns {HTMLElement & {pick: (at: number) => void}} */
export function chooser(facts, words, chosen, read = asTrained) {
  const trouble = h("p", { class: "trouble", role: "alert" });
  const take = async (/** @type {Blob} */ file, /** @type {string} */ name) => {
    trouble.textContent = "";
    try {
      mark(-1);
      const { x, shape } = await read(file, facts);
      chosen(x, name, shape);
    } catch (error) {
      trouble.textContent = /** @type {Error} */ (error).message;
    }
  };
  const pick = (/** @type {number} */ at) => {
    trouble.textContent = "";
    mark(at);
    chosen(floatsOfPixels(facts.examples[at].planes), facts.examples[at].name, facts.shape);
  };
  const examples = facts.examples.map((example, at) => {
    const small = picture(facts.shape, example.name);
    small.show(floatsOfPixels(example.planes));
    return h("button", { type: "button", class: "thumb", "aria-pressed": "false", onclick: () => pick(at) }, small);
  });
  const mark = (/** @type {number} */ at) => examples.forEach((one, place) => one.setAttribute("aria-pressed", String(place === at)));
  const file = h("input", { type: "file", accept: "image/*", "aria-label": `${words}: choose a file`,
    onchange: () => { if (file.files?.[0]) take(file.files[0], file.files[0].name); file.value = ""; } });
  const place = h("label", { class: "drop",
    ondragover: (/** @type {DragEvent} */ event) => { event.preventDefault(); place.classList.add("over"); },
    ondragleave: () => place.classList.remove("over"),
    ondrop: (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      place.classList.remove("over");
      const dropped = event.dataTransfer?.files[0];
      if (dropped) take(dropped, dropped.name);
    } }, h("strong", {}, words), h("span", {}, "Drop a picture here, or choose a file. It stays on your machine."), file);
  const strip = h("div", { class: "strip", role: "group", "aria-label": `${words}: ${facts.origin_of_examples}` }, ...examples);
  return Object.assign(h("div", { class: "chooser" }, place, strip, trouble), { pick });
}
