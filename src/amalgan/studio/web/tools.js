// What can be done with a map: find, choose, label, export. All of it works without a pointer on the map.

import { button, div, field, h, note, penOf, save, soft } from "./dom.js";
import { busy, panel } from "./parts.js";
import { pictureField } from "./picking.js";
import { rowsNamed } from "./scatter.js";
import { ask, doing, ended, made, opening, send } from "./server.js";
import { counted, number } from "./words.js";

const SHOWN = 60, UNLABELED = "No label was given yet. Labels are kept, and become folders in an export.";

/** @typedef {import("./map.js").State} State */

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @param {import("./thumbnails.js").Thumbs} thumb
 * @returns {HTMLElement & {show: () => void}} */
export function toolsFor(id, facts, state, thumb) {
  const count = h("p", { class: "figures", role: "status" }), chosen = div("chosen");
  const show = () => {
    const rows = [...state.chosen];
    const part = facts.of > facts.names.length ? ` (${counted(facts.of)} in all; the map shows a part)` : "";
    count.textContent = `${counted(rows.length)} of ${counted(facts.names.length)} chosen${part}`;
    chosen.replaceChildren(...rows.slice(0, SHOWN).map((row) => small(facts, row, thumb, () => { state.chosen.delete(row); state.changed(); })));
  };
  const all = facts.names.map((_, row) => row), others = () => all.filter((row) => !state.chosen.has(row));
  const acts = [choosing("All", state, () => all), choosing("None", state, () => []), choosing("The others", state, others)];
  const element = div("tools",
    panel("Find", div("asked", byName(facts, state), byPicture(id, facts, state)), finding(facts, state)),
    panel("Chosen", count, div("acts", ...acts), chosen), panel("Label", labeling(id, facts, state)),
    panel("Export what is chosen", exporting(id, facts, state)));
  return Object.assign(element, { show });
}

/** @param {string} words @param {State} state @param {() => number[]} rows @returns {HTMLElement} a button that chooses some */
const choosing = (words, state, rows) => button(words, () => state.choose(rows()), { class: "small" });

/** A small picture that takes itself off what is chosen. @param {import("./map.js").MapFacts} facts @param {number} row @param {import("./thumbnails.js").Thumbs} thumb @param {() => void} off */
function small(facts, row, thumb, off) {
  const canvas = h("canvas", { width: 58, height: 58, role: "img", "aria-label": facts.names[row] });
  thumb(penOf(canvas), row, 29, 29, 58);
  return button(canvas, off, { class: "thumb", title: `${facts.names[row]}: do not choose` });
}

/** @param {import("./map.js").MapFacts} facts @param {State} state @returns {HTMLElement} */
function byName({ names }, state) {
  const input = h("input", { type: "search", spellcheck: "false", oninput: () => state.choose(rowsNamed(names, input.value)) });
  return field("By name", input);
}

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @returns {HTMLElement} */
function byPicture(id, facts, state) {
  const place = h("div"), rows = new Map(facts.names.map((name, row) => [name, row]));
  const find = async (/** @type {File} */ file) => {
    const { id: picture } = await send("/api/pictures", file), { job } = await ask(`/api/maps/${id}/search`, { picture });
    const { error, neighbors } = await ended(`/api/searches/${job}`);
    if (error) throw new Error(error);
    const near = neighbors.flatMap((/** @type {any} */ { name }) => rows.get(name) ?? []);
    state.marked = new Set(near.slice(0, 1));
    state.choose(near);
    place.replaceChildren(note(`The ${counted(near.length)} most alike are chosen, the nearest first.`));
  };
  const input = pictureField("By a picture", async (file) => {
    place.replaceChildren(busy("Searching …"));
    await find(file).catch((error) => { place.replaceChildren(); throw error; });
  });
  return h("div", {}, input, place);
}

/** @param {import("./map.js").MapFacts} facts @param {State} state @returns {HTMLElement} */
function finding({ groups, far, names }, state) {
  const copies = groups.flatMap((group) => group.slice(1)), order = [...far.keys()].sort((a, b) => far[b] - far[a]);
  const most = h("input", { type: "number", min: 1, max: names.length, value: Math.min(20, names.length), "aria-label": "How many odd ones" });
  const odd = () => order.slice(0, Math.max(1, Number(most.value) || 1)), words = `Copies: all but one of each group (${counted(copies.length)})`;
  const how = order.length ? `the first lies ${number(far[order[0]])} times as far from its neighbors as usual` : "";
  return div("asked", div("acts", groups.length ? choosing(words, state, () => copies) : soft("No near-duplicates were found.")),
    div("acts", choosing("The oddest", state, odd), most, soft(how)));
}

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @returns {HTMLElement} */
function labeling(id, facts, state) {
  const input = h("input", { type: "text", spellcheck: "false", placeholder: "good, broken, …" }), count = note();
  const tell = () => {
    const groups = new Map();
    for (const label of state.labels.values()) groups.set(label, (groups.get(label) ?? 0) + 1);
    count.textContent = [...groups].map(([label, many]) => `${label}: ${counted(many)}`).join(" · ") || UNLABELED;
  };
  const apply = doing(async () => {
    const label = input.value.trim();
    for (const row of state.chosen) label ? state.labels.set(row, label) : state.labels.delete(row);
    await ask(`/api/maps/${id}/labels`, { labels: named(facts, state.labels) });
    tell();
    state.changed();
  });
  tell();
  return div("asked", field("Label of what is chosen", input), button("Give the label", apply), count);
}

/** @param {import("./map.js").MapFacts} facts @param {Map<number, string>} labels @returns {Record<string, string>} by name */
const named = (facts, labels) => Object.fromEntries([...labels].map(([row, label]) => [facts.names[row], label]));

/** @param {string} id @param {import("./map.js").MapFacts} facts @param {State} state @returns {HTMLElement} */
function exporting(id, facts, state) {
  const choice = () => ({ names: [...state.chosen].map((row) => facts.names[row]), labels: named(facts, state.labels) });
  const name = h("input", { type: "text", spellcheck: "false", placeholder: "cleaned" });
  const list = doing(async () => save(await made(`/api/maps/${id}/list`, choice()), "chosen.csv"));
  const folder = () => opening("jobs", `/api/maps/${id}/folder`, { ...choice(), name: name.value.trim() });
  return div("asked", button("Save a list (.csv)", list), field("Name of the new folder", name), button("Copy to a new folder", doing(folder), { class: "main" }),
    note("Files are copied below the folder of runs. Yours stay as they are."));
}
