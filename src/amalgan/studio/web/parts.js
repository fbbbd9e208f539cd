// Parts that several views share: states, tables, code to copy, pictures, pages in place.

import { h } from "./dom.js";
import { commandLine, stateName } from "./words.js";

/** @param {string} state @returns {HTMLElement} */
export function badge(state) {
  return h("span", { class: `badge ${state}` }, stateName(state));
}

/** @param {string} title @param {...(Node | string | null)} inside @returns {HTMLElement} */
export function panel(title, ...inside) {
  return h("section", { class: "panel" }, title ? h("h2", {}, title) : null, ...inside);
}

/** @param {[string, string | Node][]} rows @returns {HTMLElement} names and values */
export function facts(rows) {
  return h("div", { class: "part" }, h("dl", {}, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

/** Text to copy. @param {string} words @param {string} text @returns {HTMLElement} */
function code(words, text) {
  const copy = h("button", { type: "button", class: "small", onclick: async () => {
    await navigator.clipboard?.writeText(text).catch(() => {});
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  } }, "Copy");
  return h("div", { class: "code" }, h("div", { class: "named" }, h("span", { class: "soft" }, words), copy), h("pre", { tabindex: 0, "aria-label": words }, text));
}

/** The same without the studio. @param {string[]} words @param {string[]} python @returns {HTMLElement | null} */
export function same(words, python) {
  if (!words.length) return null;
  return h("details", { class: "same" }, h("summary", {}, "The same in a terminal, or in Python"),
    code("In a terminal, in the studio's folder", commandLine(words.filter((word) => word !== "--json"))), python.length ? code("In Python", python.join("\n")) : null);
}

/** A picture of the server's; few pixels stay sharp. @param {string} address @param {string} words @returns {HTMLImageElement} */
export function image(address, words) {
  const made = h("img", { src: address, alt: words, loading: "lazy", decoding: "async" });
  made.addEventListener("load", () => made.classList.toggle("crisp", made.naturalWidth * 1.2 < made.clientWidth));
  return made;
}

/** A page of amalgan's, in place. @param {string} address @param {string} title @returns {HTMLElement} */
export function framed(address, title) {
  return h("iframe", { class: "page", src: address, title, sandbox: "allow-scripts allow-downloads", referrerpolicy: "no-referrer" });
}

/** @param {string} words @returns {HTMLElement} what is shown where there is nothing yet */
export function nothing(words) {
  return h("p", { class: "nothing soft" }, words);
}

/** What the studio is doing. @param {string} words @returns {HTMLElement & {say: (words: string) => void}} */
export function busy(words) {
  const text = h("span", {}, words);
  return Object.assign(h("p", { class: "busy", role: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), text), { say: (/** @type {string} */ now) => { text.textContent = now; } });
}
