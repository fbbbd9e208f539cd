// Map: a collection by its codes; choose, search, label, export.

import { button, div, field, h, note } from "./dom.js";
import { badge, entry, later, list, NEXT, panel } from "./parts.js";
import { dataButton, modelSelect } from "./picking.js";
import { scatter } from "./scatter.js";
import { ask, doing, ended, opening } from "./server.js";
import { toolsFor } from "./tools.js";
import { ago } from "./words.js";

const MOST_KEYS = 24;

/** @typedef {import("./scatter.js").Points & {groups: number[][], far: number[], how: string, of: number}} MapFacts */
/** @typedef {{chosen: Set<number>, marked: Set<number>, labels: Map<number, string>, changed: () => void,
 *   choose: (rows: Iterable<number>, add?: boolean) => void}} State */

/** @returns {Promise<import("./main.js").View>} */
export async function mapsView() {
  const [{ maps }, { models }] = await Promise.all([ask("/api/maps"), ask("/api/models")]);
  const model = modelSelect(models, ["encode"]), data = dataButton(() => {});
  const draw = doing(() => opening("map", "/api/maps", { model: model.value, data: data.chosen?.id }));
  const entries = maps.map((/** @type {any} */ { id, title, state, created_at: at }) =>
    entry({ before: badge(state), href: `#map/${id}`, name: title, said: ago(at) }));
  const asked = div("asked", field("Model", model), field("Pictures", data), button("Draw", draw, { class: "main" }), note(
    "Pictures that are alike stand side by side. Find copies and odd ones, search by a picture, "
    + "and take away what you do not want: as a list, or as a folder of copies."));
  return { title: "Map", element: div("sides", panel("Draw a map", asked), panel("Maps", list(entries, "No map yet."))) };
}

/** @param {string} id @returns {Promise<import("./main.js").View>} */
export async function mapView(id) {
  const title = h("h1", {}, "Map"), { place, leave } = later("Encoding the pictures …", async (waits, left) => {
    const { facts, error, labels } = await ended(`/api/maps/${id}`, (now) => {
      title.textContent = now.title;
      if (now.state === "waiting") waits.say(NEXT);
    }, left);
    if (!left() && (!facts || error)) throw new Error(error ?? "The map could not be drawn.");
    return left() ? waits : drawn(id, facts, labels);
  });
  return { title: "Map", leave, element: div("groups", title, place) };
}

/** @param {string} id @param {MapFacts} found @param {Record<string, string>} labels @returns {HTMLElement} */
function drawn(id, found, labels) {
  const row = new Map(found.names.map((name, at) => [name, at]));
  const given = new Map(Object.entries(labels).flatMap(([name, label]) => (row.has(name) ? [[/** @type {number} */ (row.get(name)), label]] : [])));
  const state = /** @type {State} */ ({ chosen: new Set(), marked: new Set(), labels: given,
    changed: () => { tools.show(); map.draw(); },
    choose: (rows, add = false) => {
      if (!add) state.chosen.clear();
      for (const one of rows) state.chosen.add(one);
      state.changed();
    } });
  const map = choosing(found, state), tools = toolsFor(id, found, state, map.thumb);
  tools.show();
  const keys = [...new Set(found.labels)].filter((label) => label >= 0).sort((a, b) => a - b).slice(0, MOST_KEYS)
    .map((label) => h("span", { class: `key k${label % 10}` }, h("i", {}), found.classes[label]));
  return div("atlas", div("side", map, keys.length ? h("p", { class: "legend" }, ...keys) : null,
    note("Drag a rectangle to choose, with Shift to add; click one to choose it or not. "
      + `Neighbors are alike; distances across the map mean nothing. ${found.how}.`)), tools);
}

/** The map, from which is chosen by a rectangle or a click. @param {MapFacts} facts @param {State} state @returns {import("./scatter.js").Scatter} */
function choosing(facts, state) {
  const said = h("p", { class: "said" });
  const kind = (/** @type {number} */ row) => state.labels.get(row) ?? facts.classes[facts.labels[row]];
  const tell = (/** @type {number} */ row) => { said.textContent = [facts.names[row], kind(row)].filter(Boolean).join(" · "); };
  const click = (/** @type {number} */ row) => {
    if (row >= 0 && !state.chosen.delete(row)) state.chosen.add(row);
    state.changed();
  };
  const choose = (/** @type {number[]} */ rows, /** @type {boolean} */ add) => state.choose(rows, add);
  const acts = /** @type {import("./scatter.js").Acts} */ ({ point: tell, click, choose });
  const ring = (/** @type {number} */ row) => (state.marked.has(row) ? "--alarm" : state.chosen.has(row) ? "--accent" : "");
  const map = scatter(facts, { shown: () => true, faint: () => false, ring }, acts);
  const hand = button("Move", () => {
    const moving = map.classList.toggle("moving");
    acts.choose = moving ? null : choose;
    hand.setAttribute("aria-pressed", String(moving));
    hand.textContent = moving ? "Choose" : "Move";
  }, { "aria-pressed": "false" });
  map.buttons.prepend(hand);
  map.append(said);
  return map;
}
