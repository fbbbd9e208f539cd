// Parts that several views share: states, lists, tables, code to copy, pictures, pages in place.

import { button, copier, div, h, soft } from "./dom.js";
import { stateName } from "./words.js";

/** @typedef {Node | string | null} Inside */
/** @typedef {{place: HTMLElement, leave: () => void}} Later */

export const NEXT = "Something else is being looked at; this is next …";

/** @param {string} state @returns {HTMLElement} */
export const badge = (state) => h("span", { class: `badge ${state}` }, stateName(state));

/** @param {string} title @param {...Inside} inside @returns {HTMLElement} */
export function panel(title, ...inside) {
  return h("section", { class: "panel" }, title ? h("h2", {}, title) : null, ...inside);
}

/** The head of a view of one thing. @param {string} title @param {...Inside} beside @returns {HTMLElement} */
export const head = (title, ...beside) => div("head", h("h1", {}, title), ...beside);

/** What opens and closes. @param {string} words @param {...Inside} inside @returns {HTMLDetailsElement} */
export const folded = (words, ...inside) => h("details", {}, h("summary", {}, words), ...inside);

/** @param {[string, string | Node][]} rows @returns {HTMLElement} names and values */
export function facts(rows) {
  return div("part", h("dl", {}, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

/** @param {string} name its class @param {string[]} heads @param {Inside[][]} rows @param {(at: number) => string} [kind] the class of a row
 * @returns {HTMLElement} */
export function table(name, heads, rows, kind = () => "") {
  const body = rows.map((row, at) => h("tr", { class: kind(at) }, ...row.map((one) => h("td", {}, one))));
  return div("wide", h("table", { class: name }, h("thead", {}, h("tr", {}, ...heads.map((one) => h("th", { scope: "col" }, one)))),
    h("tbody", {}, ...body)));
}

/** One of a list: where it leads, and what is said of it. @param {{before?: Node, href: string, name: string, said: string}} one
 * @param {...Inside} acts @returns {HTMLElement} */
export function entry({ before = h("span"), href, name, said }, ...acts) {
  return h("li", {}, before, h("div", {}, h("a", { href }, name), div("soft", said)), div("acts", ...acts));
}

/** @param {HTMLElement[]} entries @param {string} none what is said where there are none @returns {HTMLElement} */
export const list = (entries, none) => (entries.length ? h("ul", { class: "rows" }, ...entries) : nothing(none));

/** Text to copy. @param {string} words @param {string} text @returns {HTMLElement} */
function code(words, text) {
  const copy = copier(() => text);
  copy.className = "small";
  return div("code", div("named", soft(words), copy), h("pre", { tabindex: 0, "aria-label": words }, text));
}

/** The same without the studio. @param {string} line @param {string[]} python @returns {HTMLElement | null} */
export function same(line, python) {
  const shown = folded("The same in a terminal, or in Python", code("In a terminal, in the studio's folder", line),
    python.length ? code("In Python", python.join("\n")) : null);
  return line ? Object.assign(shown, { className: "same" }) : null;
}

/** A picture of the server's; few pixels stay sharp. @param {string} address @param {string} words @returns {HTMLImageElement} */
export function image(address, words) {
  const onload = () => made.classList.toggle("crisp", made.naturalWidth * 1.2 < made.clientWidth);
  const made = h("img", { onload, src: address, alt: words, loading: "lazy", decoding: "async" });
  return made;
}

/** @param {Node} shown @param {string} name @param {string} [title] in full @returns {HTMLElement} what is shown, with its name below */
export function named(shown, name, title = name) {
  return h("figure", {}, shown, h("figcaption", { title }, h("span", {}, name)));
}

/** A page of amalgan's, in place. @param {string} address @param {string} title @returns {HTMLElement} */
export function framed(address, title) {
  return h("iframe", { class: "page", src: address, title, sandbox: "allow-scripts allow-downloads", referrerpolicy: "no-referrer" });
}

/** @param {string} words @returns {HTMLElement} what is shown where there is nothing yet */
export const nothing = (words) => h("p", { class: "nothing soft" }, words);

/** A view whose inside comes later; until then it says what it waits for, and after that what went wrong.
 * @param {string} words @param {(waits: ReturnType<typeof busy>, left: () => boolean) => Promise<Node>} open @returns {Later} */
export function later(words, open) {
  const waits = busy(words), place = h("div", {}, waits);
  let over = false;
  const wrong = (/** @type {Error} */ { message }) =>
    place.replaceChildren(h("p", { class: "trouble" }, message), button("Try again", begin));
  const begin = () => {
    place.replaceChildren(waits);
    open(waits, () => over).then((inside) => place.replaceChildren(inside)).catch(wrong);
  };
  begin();
  return { place, leave: () => { over = true; } };
}

/** What the studio is doing. @param {string} words @returns {HTMLElement & {say: (words: string) => void}} */
export function busy(words) {
  const text = h("span", {}, words), shown = h("p", { class: "busy", role: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), text);
  return Object.assign(shown, { say: (/** @type {string} */ now) => { text.textContent = now; } });
}
