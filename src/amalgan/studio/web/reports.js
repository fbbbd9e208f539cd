// Reports: pages that amalgan wrote below the folder of runs, opened in place.

import { div, h, soft } from "./dom.js";
import { entry, framed, head, list, panel } from "./parts.js";
import { ask } from "./server.js";
import { ago } from "./words.js";

const NONE = "No report yet. The jobs Report, Explore, Augment with a verdict, and Compare write one each.";

/** @returns {Promise<import("./main.js").View>} */
export async function reportsView() {
  const { reports } = await ask("/api/reports");
  const entries = reports.map((/** @type {any} */ { id, title, name, changed_at: at }) =>
    entry({ href: `#reports/${id}`, name: title, said: `${name} · ${ago(at)}` }));
  return { title: "Reports", element: div("groups", h("h1", {}, "Reports"), panel("", list(entries, NONE))) };
}

/** @param {string} id @returns {Promise<import("./main.js").View>} */
export async function reportView(id) {
  const { reports } = await ask("/api/reports"), one = reports.find((/** @type {any} */ other) => other.id === id);
  const title = one?.title ?? "Page";
  return { title, element: div("groups", head(title, soft(one?.name ?? "")), framed(`/files/${id}`, title)) };
}
