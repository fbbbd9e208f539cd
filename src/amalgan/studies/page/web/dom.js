// Elements in few words, and what they set off. Text is only ever set as text.

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag
 * @param {Record<string, any>} [given] attributes, or ``on...`` listeners; false and null leave one out
 * @param {...(Node | string | null)} inside @returns {HTMLElementTagNameMap[K]} */
export function h(tag, given = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) on(made, { [name.slice(2)]: value });
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...inside.filter((one) => one !== null));
  return made;
}

/** @param {string} name its class @param {...(Node | string | null)} inside @returns {HTMLElement} */
export const div = (name, ...inside) => h("div", { class: name }, ...inside);

/** @param {...(Node | string)} words @returns {HTMLElement} a remark */
export const note = (...words) => h("p", { class: "note" }, ...words);

/** @param {...(Node | string)} words @returns {HTMLElement} */
export const soft = (...words) => h("span", { class: "soft" }, ...words);

/** @param {EventTarget} target @param {Record<string, (event: any) => unknown>} acts by the name of the event; all may prevent what else would follow */
export function on(target, acts) {
  for (const [name, act] of Object.entries(acts)) target.addEventListener(name, act, { passive: false });
}

/** @typedef {{x: number, y: number, width: number, height: number}} Spot a place in an element, and how large that is shown */

/** @param {MouseEvent} event @returns {Spot} where it is in what hears it */
export function spotOf({ clientX, clientY, currentTarget }) {
  const { left, top, width, height } = /** @type {Element} */ (currentTarget).getBoundingClientRect();
  return { x: clientX - left, y: clientY - top, width, height };
}

/** @param {HTMLCanvasElement | OffscreenCanvas} canvas @returns {CanvasRenderingContext2D} */
export function penOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: canvas instanceof OffscreenCanvas }));
}

/** @param {string} id of an element that is there @returns {HTMLElement} */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string | Node | Node[]} inside @param {(event: any) => unknown} act @param {Record<string, any>} [more] attributes
 * @returns {HTMLButtonElement} */
export const button = (inside, act, more = {}) => h("button", { type: "button", onclick: act, ...more }, ...[inside].flat());

/** @param {() => string} text what is copied, asked for at the click @returns {HTMLButtonElement} says for a moment that it did */
export function copier(text) {
  const copy = button("Copy", async () => {
    try { await navigator.clipboard.writeText(text()); } catch { document.execCommand("copy"); }
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  return copy;
}

/** Say what went wrong, where all views say it. @param {unknown} error */
export function told(error) {
  const place = byId("status");
  place.textContent = error instanceof Error ? error.message : String(error ?? "");
  place.classList.toggle("trouble", place.textContent !== "");
}

/** A place for what goes wrong in what it is asked to try. @returns {HTMLElement & {of: (act: () => unknown) => Promise<void>}} */
export function trouble() {
  const place = h("p", { class: "trouble", role: "alert" });
  const of = async (/** @type {() => unknown} */ act) => {
    place.textContent = "";
    await Promise.resolve().then(act).catch(({ message }) => { place.textContent = message; });
  };
  return Object.assign(place, { of });
}

/** Where each arrow key leads, right and down. @type {Record<string, [number, number]>} */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let named = 0;

/** @param {string} words @param {HTMLElement} control @param {Node | null} [beside] @returns {HTMLElement} a control under its name */
export function field(words, control, beside = null) {
  control.id ||= `control-${++named}`;
  return h("div", { class: "field" }, h("label", { for: control.id }, words), control, beside);
}

/** One of few, as a row of buttons. @param {string} words @param {[string, string][]} choices values and names
 * @param {() => void} changed @returns {HTMLElement & {value: string}} */
export function choice(words, choices, changed) {
  const name = `choice-${++named}`;
  const buttons = choices.map(([value, text], at) => h("label", {},
    h("input", { type: "radio", name, value, checked: at === 0, onchange: changed }), h("span", {}, text)));
  const group = h("fieldset", { class: "choice" }, h("legend", {}, words), h("div", {}, ...buttons));
  Object.defineProperty(group, "value", { get: () => /** @type {any} */ (group.querySelector("input:checked"))?.value ?? "" });
  return /** @type {any} */ (group);
}

/** A slider that shows its value. @param {string} words @param {{min: number, max: number, step: number, value: number}} range
 * @param {() => void} moved @param {(value: string) => string} [said] how a value is shown
 * @returns {HTMLElement & {input: HTMLInputElement}} */
export function slider(words, range, moved, said = String) {
  const shown = h("output", {}, said(String(range.value)));
  const input = h("input", { type: "range", ...range, oninput: () => { shown.value = said(input.value); moved(); } });
  return Object.assign(field(words, input, shown), { input });
}

/** @param {Uint8Array | Blob} file @param {string} name what the browser saves it as @param {string} [type] of the file */
export function save(file, name, type = "image/png") {
  const address = URL.createObjectURL(file instanceof Blob ? file : new Blob([/** @type {BlobPart} */ (file)], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Of calls that come faster than they are done, only the last one waits.
 * @template {unknown[]} A @param {(...given: A) => Promise<unknown>} act @returns {(...given: A) => Promise<void>} */
export function latest(act) {
  let next = /** @type {A | null} */ (null), busy = false;
  const turn = async (/** @type {A} */ ...now) => {
    [busy, next] = [true, null];
    await act(...now).finally(() => { busy = false; });
    if (next) await turn(...next);
  };
  return async (...given) => {
    if (busy) next = given;
    else await turn(...given);
  };
}
