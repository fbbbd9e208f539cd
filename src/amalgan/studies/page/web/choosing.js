// Where a picture comes in: an example, a file, one that is dropped.

import { button, div, h, trouble } from "./dom.js";
import { fitted } from "./fitting.js";
import { floatsOfPixels, picture } from "./pictures.js";

/** @typedef {(file: Blob, facts: import("./engine.js").Facts) => Promise<{x: Float32Array, shape: number[]}>} Reading */

/** @type {Reading} */
const asTrained = async (file, facts) => ({ x: floatsOfPixels(await fitted(file, facts)), shape: facts.shape });

/** @param {import("./engine.js").Facts} facts @param {string} words what the picture is for
 * @param {(x: Float32Array, name: string, shape: number[]) => void} chosen @param {Reading} [read] how a file becomes a picture
 * @returns {HTMLElement & {pick: (at: number) => void, begin: () => void}} ``begin`` takes the first example, if there is one */
export function chooser(facts, words, chosen, read = asTrained) {
  const wrong = trouble(), over = (/** @type {boolean} */ on) => place.classList.toggle("over", on);
  const take = (/** @type {File | undefined} */ given) => given && wrong.of(async () => {
    mark(-1);
    const { x, shape } = await read(given, facts);
    chosen(x, given.name, shape);
  });
  const pick = (/** @type {number} */ at) => wrong.of(() => {
    mark(at);
    chosen(floatsOfPixels(facts.examples[at].planes), facts.examples[at].name, facts.shape);
  });
  const examples = facts.examples.map(({ name, planes }, at) => {
    const small = picture(facts.shape, name);
    small.show(floatsOfPixels(planes));
    return button(small, () => pick(at), { class: "thumb", "aria-pressed": "false" });
  });
  const mark = (/** @type {number} */ at) => examples.forEach((one, which) => one.setAttribute("aria-pressed", String(which === at)));
  const file = h("input", { type: "file", accept: "image/*", "aria-label": `${words}: choose a file`,
    onchange: () => { take(file.files?.[0]); file.value = ""; } });
  const place = h("label", { class: "drop",
    ondragover: (/** @type {DragEvent} */ event) => { event.preventDefault(); over(true); },
    ondragleave: () => over(false),
    ondrop: (/** @type {DragEvent} */ event) => { event.preventDefault(); over(false); take(event.dataTransfer?.files[0]); },
  }, h("strong", {}, words), h("span", {}, "Drop a picture here, or choose a file. It stays on your machine."), file);
  const strip = h("div", { class: "strip", role: "group", "aria-label": `${words}: ${facts.origin_of_examples}` }, ...examples);
  const begin = () => { if (examples.length) pick(0); };
  return Object.assign(div("chooser", place, strip, wrong), { pick, begin });
}
