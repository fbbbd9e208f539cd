// Card: what the model is, what it learned from, how good it is, and what it cannot do.

import { h, soft } from "./dom.js";

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function cardView({ facts }) {
  const part = (/** @type {import("./engine.js").Part} */ { title, rows }) => h("section", { class: "part" }, h("h3", {}, title),
    h("dl", {}, ...rows.map(([name, value, note]) => h("div", {}, h("dt", {}, name),
      h("dd", {}, value, note ? soft(note) : null)))));
  return Object.assign(h("section", { class: "view card" }, ...facts.card.map(part)), { begin: () => {} });
}
