// Reports: pages that amalgan wrote below the folder of runs, opened in place.

import { h } from "./dom.js";
import { framed, nothing, panel } from "./parts.js";
import { ask } from "./server.js";
import { ago } from "./words.js";

/** @returns {Promise<import("./main.js").View>} */
export async function reportsView() {
  const { reports } = await ask("/api/reports");
  const rows = reports.map((/** @type {any} */ one) => h("li", {}, h("span"), h("div", {}, h("a", { href: `#reports/${one.id}` }, one.title), h("div", { class: "soft" }, `${one.name} · ${ago(one.changed_at)}`)), h("span")));
  return { title: "Reports", element: h("div", { class: "groups" }, h("h1", {}, "Reports"), panel("", rows.length ? h("ul", { class: "rows" }, ...rows)
    : nothing("No report yet. The jobs Report, Explore, Augment with a verdict, and Compare write one each."))) };
}

/** @param {string} id @returns {Promise<import("./main.js").View>} */
export async function reportView(id) {
  const { reports } = await ask("/api/reports"), one = reports.find((/** @type {any} */ other) => other.id === id), title = one?.title ?? "Page";
  return { title, element: h("div", { class: "groups" }, h("div", { class: "head" }, h("h1", {}, title), h("span", { class: "soft" }, one?.name ?? "")), framed(`/files/${id}`, title)) };
}
