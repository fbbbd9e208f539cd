// Choosing data: folders and files below the root, or what ships with amalgan. And choosing a model.

import { h } from "./dom.js";
import { ask, doing } from "./server.js";
import { counted, sized } from "./words.js";

/** @typedef {{id: string, name: string}} Chosen */

const KEPT = "chosen";

/** @returns {Chosen | null} what was chosen last in this window */
export function lastChosen() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
}

/** @param {Chosen} chosen */
export function keepChosen(chosen) {
  sessionStorage.setItem(KEPT, JSON.stringify(chosen));
}

/** A button that opens the choice of data. @param {(chosen: Chosen) => void} changed @param {Chosen | null} [first]
 * @returns {HTMLElement & {chosen: Chosen | null}} */
export function dataButton(changed, first = lastChosen()) {
  const name = h("span", {}, first?.name ?? "Choose a folder …");
  const button = h("button", { type: "button", class: "pick", "aria-haspopup": "dialog", onclick: doing(async () => {
    const chosen = await choose();
    if (!chosen) return;
    keepChosen(chosen);
    name.textContent = chosen.name;
    found.chosen = chosen;
    changed(chosen);
  }) }, name, h("span", { class: "soft", "aria-hidden": "true" }, "▾"));
  const found = Object.assign(button, { chosen: first });
  return found;
}

/** Open the choice. @returns {Promise<Chosen | null>} */
async function choose() {
  const inside = h("div"), dialog = h("dialog", { "aria-label": "Choose pictures" }, inside);
  document.body.append(dialog);
  let chosen = /** @type {Chosen | null} */ (null);
  const take = (/** @type {Chosen} */ one) => { chosen = one; dialog.close(); };
  const open = async (/** @type {string} */ id) => { inside.replaceChildren(...folderParts(await ask(`/api/folders/${id}`), open, take, () => dialog.close())); };
  await open("root");
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve));
  dialog.remove();
  return chosen;
}

/** @param {any} folder @param {(id: string) => Promise<void>} open @param {(one: Chosen) => void} take @param {() => void} close @returns {Node[]} */
function folderParts(folder, open, take, close) {
  const way = h("p", { class: "trail", "aria-label": "Where you are" }, ...folder.way.flatMap((/** @type {Chosen} */ one, /** @type {number} */ at) => [
    at ? " / " : "", h("button", { type: "button", onclick: doing(() => open(one.id)) }, one.name)]));
  const entry = (/** @type {any} */ one, /** @type {string} */ note, /** @type {(event: Event) => any} */ act) => h("li", {}, h("button", { type: "button", onclick: act }, h("span", {}, one.name), h("span", { class: "soft" }, note)));
  const pictures = (/** @type {number} */ count) => (count ? `${counted(count)} pictures` : "folder");
  const entries = [
    ...folder.folders.map((/** @type {any} */ one) => entry(one, pictures(one.pictures), doing(() => open(one.id)))),
    ...folder.files.map((/** @type {any} */ one) => entry(one, sized(one.bytes), () => take({ id: one.id, name: one.name })))];
  const here = folder.name === "." ? "this folder" : folder.way.at(-1).name;
  return [h("h2", {}, "Choose pictures"), way, h("ul", { class: "entries" }, ...entries, entries.length ? null : h("li", { class: "soft" }, "No folders and no files of data in here.")),
    h("div", { class: "controls" },
      h("button", { type: "button", class: "main", onclick: () => take({ id: folder.id, name: folder.name === "." ? folder.way[0].name : folder.name }) }, `Take ${here}${folder.pictures ? ` (${counted(folder.pictures)} pictures)` : ""}`),
      h("button", { type: "button", onclick: close }, "Cancel")),
    h("details", {}, h("summary", {}, "Or data that comes with amalgan"), h("div", { class: "quick" },
      ...folder.words.map((/** @type {string} */ word) => h("button", { type: "button", onclick: () => take({ id: word, name: word }) }, word))))];
}

/** A choice of models that have one of some abilities. @param {any[]} models @param {string[]} abilities @returns {HTMLSelectElement} */
export function modelSelect(models, abilities) {
  const fit = models.filter((one) => !abilities.length || abilities.some((name) => one.abilities.includes(name)));
  return h("select", {}, ...(fit.length ? [] : [h("option", { value: "" }, models.length ? "none of your models can" : "no model yet: train one first")]),
    ...fit.map((one) => h("option", { value: one.id }, `${one.name} (${one.system})`)));
}
