// Choosing data: folders and files below the root, or what ships with amalgan. Choosing a model, or a picture.

import { button, div, field, h, soft } from "./dom.js";
import { folded } from "./parts.js";
import { ask, doing } from "./server.js";
import { counted, sized } from "./words.js";

/** @typedef {{id: string, name: string}} Chosen */

const KEPT = "chosen";

/** @returns {Chosen | null} what was chosen last in this window */
export const lastChosen = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "null");

/** A button that opens the choice of data. @param {(chosen: Chosen) => void} changed
 * @returns {HTMLElement & {chosen: Chosen | null}} */
export function dataButton(changed) {
  const chosen = lastChosen(), name = h("span", {}, chosen?.name ?? "Choose a folder …");
  const pick = button([name, h("span", { class: "soft", "aria-hidden": "true" }, "▾")], doing(async () => {
    const now = await choose();
    if (!now) return;
    sessionStorage.setItem(KEPT, JSON.stringify(now));
    name.textContent = now.name;
    found.chosen = now;
    changed(now);
  }), { class: "pick", "aria-haspopup": "dialog" });
  const found = Object.assign(pick, { chosen });
  return found;
}

/** Open the choice. @returns {Promise<Chosen | null>} */
async function choose() {
  const inside = h("div"), dialog = h("dialog", { "aria-label": "Choose pictures" }, inside);
  document.body.append(dialog);
  let chosen = /** @type {Chosen | null} */ (null);
  const take = (/** @type {Chosen} */ one) => { chosen = one; dialog.close(); };
  const open = async (/** @type {string} */ id) =>
    inside.replaceChildren(...folderParts(await ask(`/api/folders/${id}`), open, take, () => dialog.close()));
  await open("root");
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve));
  dialog.remove();
  return chosen;
}

/** @param {any} folder @param {(id: string) => Promise<void>} open @param {(one: Chosen) => void} take @param {() => void} close
 * @returns {Node[]} */
function folderParts({ id, name, way, folders, files, words, pictures }, open, take, close) {
  const steps = way.map((/** @type {Chosen} */ one) => button(one.name, doing(() => open(one.id))));
  const trail = steps.flatMap((/** @type {Node} */ one, /** @type {number} */ at) => (at ? [" / ", one] : [one]));
  const line = (/** @type {any} */ one, /** @type {string} */ said, /** @type {(event: any) => any} */ act) =>
    h("li", {}, button([h("span", {}, one.name), soft(said)], act));
  const many = (/** @type {number} */ count) => (count ? `${counted(count)} pictures` : "folder");
  const lines = [
    ...folders.map((/** @type {any} */ one) => line(one, many(one.pictures), doing(() => open(one.id)))),
    ...files.map((/** @type {any} */ one) => line(one, sized(one.bytes), () => take({ id: one.id, name: one.name })))];
  const top = name === ".", here = top ? "this folder" : way.at(-1).name, there = pictures ? ` (${many(pictures)})` : "";
  const taken = button(`Take ${here}${there}`, () => take({ id, name: top ? way[0].name : name }), { class: "main" });
  return [h("h2", {}, "Choose pictures"), h("p", { class: "trail", "aria-label": "Where you are" }, ...trail),
    h("ul", { class: "entries" }, ...lines, lines.length ? null : h("li", { class: "soft" }, "No folders and no files of data in here.")),
    div("controls", taken, button("Cancel", close)),
    folded("Or data that comes with amalgan",
      div("quick", ...words.map((/** @type {string} */ word) => button(word, () => take({ id: word, name: word })))))];
}

/** A choice of models that have one of some abilities. @param {any[]} models @param {string[]} abilities @returns {HTMLSelectElement} */
export function modelSelect(models, abilities) {
  const fit = models.filter((one) => !abilities.length || abilities.some((name) => one.abilities.includes(name)));
  return h("select", {}, ...(fit.length ? [] : [h("option", { value: "" }, models.length ? "none of your models can" : "no model yet: train one first")]),
    ...fit.map((one) => h("option", { value: one.id }, `${one.name} (${one.system})`)));
}

/** A picture of one's own. @param {string} words @param {(file: File) => Promise<unknown>} act @returns {HTMLElement} */
export function pictureField(words, act) {
  const input = h("input", { type: "file", accept: "image/*", onclick: () => { input.value = ""; },
    onchange: doing(async () => { for (const file of input.files ?? []) await act(file); }) });
  return field(words, input);
}
