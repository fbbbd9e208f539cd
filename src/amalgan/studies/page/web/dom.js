// Elements in few words. Text is only ever set as text.

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag
 * @param {Record<string, any>} [told] attributes, or ``on...`` listeners; false and null leave one out
 * @param {...(Node | string | null)} inside @returns {HTMLElementTagNameMap[K]} */
export function h(tag, told = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(told)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...inside.filter((one) => one !== null));
  return made;
}

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
  Object.defineProperty(group, "value", { get: () => /** @type {any} */ (group.querySelector("input:checked")).value });
  return /** @type {any} */ (group);
}

/** A slider that shows its value. @param {string} words @param {{min: number, max: number, step: number, value: number}} range
 * @param {() => void} moved @returns {HTMLElement & {input: HTMLInputElement}} */
export function slider(words, range, moved) {
  const shown = h("output", {}, String(range.value));
  const input = h("input", { type: "range", ...range, oninput: () => { shown.value = input.value; moved(); } });
  return Object.assign(field(words, input, shown), { input });
}

/** @param {Uint8Array} bytes @param {string} name what the browser saves them as @param {string} [type] of the file */
export function save(bytes, name, type = "image/png") {
  const address = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
