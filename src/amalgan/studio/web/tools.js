// What can be done with a map: find, choose, label, export. All of it works without a pointer on the map.

import { field, h, save } from "./dom.js";
import { busy } from "./parts.js";
import { ask, doing, ended, made, send, told } from "./server.js";
import { counted, number } from "./words.js";

const SHOWN = 60;

/** @typedef {import("./map.js").State} State */

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @param {import("./thumbnails.js").Thumbs} thumb
 * @returns {HTMLElement & {show: () => void}} */
export function toolsFor(id, facts, state, thumb) {
  const count = h("p", { class: "figures", role: "status" }), chosen = h("div", { class: "chosen" });
  const show = () => {
    const rows = [...state.chosen];
    count.textContent = `${counted(rows.length)} of ${counted(facts.names.length)} chosen${facts.of > facts.names.length ? ` (${counted(facts.of)} in all; the map shows a part)` : ""}`;
    chosen.replaceChildren(...rows.slice(0, SHOWN).map((row) => small(facts, row, thumb, () => { state.chosen.delete(row); state.changed(); })));
  };
  const choose = (/** @type {Iterable<number>} */ rows) => { state.chosen.clear(); for (const row of rows) state.chosen.add(row); state.changed(); };
  const all = facts.names.map((_, row) => row);
  const button = (/** @type {string} */ words, /** @type {() => void} */ act) => h("button", { type: "button", class: "small", onclick: act }, words);
  const element = h("div", { class: "tools" },
    h("section", { class: "panel" }, h("h2", {}, "Find"), h("div", { class: "asked" }, byName(facts, choose), byPicture(id, facts, state, choose)), finding(facts, choose, button)),
    h("section", { class: "panel" }, h("h2", {}, "Chosen"), count, h("div", { class: "acts" }, button("All", () => choose(all)), button("None", () => choose([])), button("The others", () => choose(all.filter((row) => !state.chosen.has(row))))), chosen),
    h("section", { class: "panel" }, h("h2", {}, "Label"), labeling(id, facts, state)),
    h("section", { class: "panel" }, h("h2", {}, "Export what is chosen"), exporting(id, facts, state)));
  return Object.assign(element, { show });
}

/** A small picture that takes itself off what is chosen. @param {import("./map.js").MapFacts} facts @param {number} row @param {import("./thumbnails.js").Thumbs} thumb @param {() => void} off */
function small(facts, row, thumb, off) {
  const canvas = h("canvas", { width: 58, height: 58, role: "img", "aria-label": facts.names[row] });
  thumb(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), row, 29, 29, 58);
  return h("button", { type: "button", class: "thumb", title: `${facts.names[row]}: do not choose`, onclick: off }, canvas);
}

/** @param {import("./map.js").MapFacts} facts @param {(rows: Iterable<number>) => void} choose @returns {HTMLElement} */
function byName(facts, choose) {
  const lower = facts.names.map((name) => name.toLowerCase());
  const input = h("input", { type: "search", spellcheck: "false", oninput: () => {
    const words = input.value.trim().toLowerCase();
    choose(words ? lower.flatMap((name, row) => (name.includes(words) ? [row] : [])) : []);
  } });
  return field("By name", input);
}

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @param {(rows: Iterable<number>) => void} choose @returns {HTMLElement} */
function byPicture(id, facts, state, choose) {
  const place = h("div"), rows = new Map(facts.names.map((name, row) => [name, row]));
  const input = h("input", { type: "file", accept: "image/*", onchange: async () => {
    const file = input.files?.[0], waits = busy("Searching …");
    if (!file) return;
    try {
      place.replaceChildren(waits);
      const { id: picture } = await send("/api/pictures", file), { job } = await ask(`/api/maps/${id}/search`, { picture });
      const found = await ended(`/api/searches/${job}`);
      if (found.error) throw new Error(found.error);
      const near = found.neighbors.flatMap((/** @type {any} */ one) => (rows.has(one.name) ? [/** @type {number} */ (rows.get(one.name))] : []));
      state.marked = new Set(near.slice(0, 1));
      choose(near);
      place.replaceChildren(h("p", { class: "note" }, `The ${counted(near.length)} most alike are chosen, the nearest first.`));
    } catch (error) {
      place.replaceChildren();
      told(error);
    } finally {
      input.value = "";
    }
  } });
  return h("div", {}, field("By a picture", input), place);
}

/** @param {import("./map.js").MapFacts} facts @param {(rows: Iterable<number>) => void} choose @param {(words: string, act: () => void) => HTMLElement} button @returns {HTMLElement} */
function finding(facts, choose, button) {
  const copies = facts.groups.flatMap((group) => group.slice(1)), order = facts.far.map((far, row) => ({ far, row })).sort((a, b) => b.far - a.far);
  const most = h("input", { type: "number", min: 1, max: facts.names.length, value: Math.min(20, facts.names.length), "aria-label": "How many odd ones" });
  const odd = () => choose(order.slice(0, Math.max(1, Number(most.value) || 1)).map(({ row }) => row));
  return h("div", { class: "asked" }, h("div", { class: "acts" }, facts.groups.length
    ? button(`Copies: all but one of each group (${counted(copies.length)})`, () => choose(copies)) : h("span", { class: "soft" }, "No near-duplicates were found.")),
  h("div", { class: "acts" }, button("The oddest", odd), most, h("span", { class: "soft" }, order.length ? `the first lies ${number(order[0].far)} times as far from its neighbors as usual` : "")));
}

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @returns {HTMLElement} */
function labeling(id, facts, state) {
  const input = h("input", { type: "text", spellcheck: "false", placeholder: "good, broken, …" }), count = h("p", { class: "note" });
  const tell = () => {
    const groups = new Map();
    for (const label of state.labels.values()) groups.set(label, (groups.get(label) ?? 0) + 1);
    count.textContent = groups.size ? [...groups].map(([label, many]) => `${label}: ${counted(many)}`).join(" · ") : "No label was given yet. Labels are kept, and become folders in an export.";
  };
  const apply = doing(async () => {
    const label = input.value.trim();
    for (const row of state.chosen) {
      if (label) state.labels.set(row, label);
      else state.labels.delete(row);
    }
    await ask(`/api/maps/${id}/labels`, { labels: named(facts, state.labels) });
    tell();
    state.changed();
  });
  tell();
  return h("div", { class: "asked" }, field("Label of what is chosen", input), h("button", { type: "button", onclick: apply }, "Give the label"), count);
}

/** @param {import("./map.js").MapFacts} facts @param {Map<number, string>} labels @returns {Record<string, string>} by name */
function named(facts, labels) {
  return Object.fromEntries([...labels].map(([row, label]) => [facts.names[row], label]));
}

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @returns {HTMLElement} */
function exporting(id, facts, state) {
  const choice = () => ({ names: [...state.chosen].map((row) => facts.names[row]), labels: named(facts, state.labels) });
  const name = h("input", { type: "text", spellcheck: "false", placeholder: "cleaned" });
  const list = doing(async () => save(new Uint8Array(await (await made(`/api/maps/${id}/list`, choice())).arrayBuffer()), "chosen.csv", "text/csv"));
  const folder = doing(async () => { location.hash = `jobs/${(await ask(`/api/maps/${id}/folder`, { ...choice(), name: name.value.trim() })).job}`; });
  return h("div", { class: "asked" }, h("button", { type: "button", onclick: list }, "Save a list (.csv)"), field("Name of the new folder", name),
    h("button", { type: "button", class: "main", onclick: folder }, "Copy to a new folder"), h("p", { class: "note" }, "Files are copied below the folder of runs. Yours stay as they are."));
}
