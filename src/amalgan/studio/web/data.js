// Data: choose a folder, see what is in it and what training would make of it.

import { h } from "./dom.js";
import { busy, facts, nothing, panel } from "./parts.js";
import { dataButton, lastChosen } from "./picking.js";
import { ask, doing, ended } from "./server.js";
import { counted, number } from "./words.js";

const SHOWN_BAD = 200;

/** @returns {Promise<import("./main.js").View>} */
export async function dataView() {
  const found = h("div", { class: "groups" }, nothing("Choose pictures: a folder (its sub-folders are classes), an archive, or a table. Nothing of it is changed."));
  const minutes = h("input", { type: "number", id: "look-minutes", min: 0.1, step: "any", value: 5 });
  let turn = 0;
  const look = async () => {
    if (!button.chosen) throw new Error("Choose pictures first.");
    const mine = ++turn, chosen = button.chosen, waits = busy("Reading the pictures …"), given = Number(minutes.value) || 5;
    found.replaceChildren(waits);
    const { job } = await ask("/api/look", { data: chosen.id, minutes: given });
    let drawn = "";
    const last = await ended(`/api/looks/${job}`, (now) => {
      if (now.state === "waiting") waits.say("Something else is being looked over; this is next …");
      const key = `${Boolean(now.facts)} ${Boolean(now.facts?.offers)} ${now.state}`;
      if (!now.facts || key === drawn) return;
      drawn = key;
      found.replaceChildren(...seen(now.facts, given, now.state === "running"));
    }, () => mine !== turn);
    if (mine === turn && last.error) {
      found.replaceChildren(...(last.facts ? seen(last.facts, given, false) : []));
      throw new Error(last.error);
    }
  };
  const button = dataButton(() => go.click());
  const go = h("button", { type: "button", class: "main", onclick: doing(look) }, "Look it over");
  const side = panel("Pictures", h("div", { class: "asked" }, h("div", { class: "field" }, h("label", {}, "Folder, archive or table"), button),
    h("div", { class: "field" }, h("label", { for: "look-minutes" }, "Minutes of training you have in mind"), minutes), go));
  if (lastChosen()) go.click();
  return { title: "Data", leave: () => { turn++; }, element: h("div", { class: "sides" }, side, found) };
}

/** @param {any} found @param {number} minutes @param {boolean} going @returns {HTMLElement[]} */
function seen(found, minutes, going) {
  const parts = [["Read", `${counted(found.read)} examples`], ["Not usable", counted(found.skipped.length)], ["As", `${found.shape} (${found.chosen})`],
    ["Held back", Object.entries(found.splits).map(([name, count]) => `${counted(Number(count))} ${name}`).join(", ")],
    ["Copies", `${counted(found.duplicates.count)}, of which ${counted(found.duplicates.across_splits)} in another split`]];
  const shown = [panel(found.name, facts(/** @type {[string, string][]} */ (parts)), ...warned(found.warnings))];
  if (found.kind === "image" && found.read) shown.push(sizes(found, minutes, going));
  if (found.skipped.length) shown.push(bad(found.skipped));
  if (found.examples?.length) shown.push(panel("As training sees them", h("div", { class: "kinds" }, ...found.examples.map(group))));
  if (found.copies?.length) shown.push(panel("Copies, side by side", h("div", { class: "kinds" }, ...found.copies.map((/** @type {any} */ one) => group({ ...one, name: `${counted(one.count)} ${one.equal ? "that are equal" : "that are nearly alike"}` })))));
  if (found.cuts?.length) shown.push(panel(`What is cut away: ${number(Number((found.cut_away * 100).toPrecision(2)))} % of the area, on average`, h("div", { class: "thumbs" }, ...found.cuts.map(cut)),
    h("p", { class: "note" }, "Red parts are never seen at this size. In a terminal, --fit pad shows pictures whole.")));
  const classes = Object.entries(found.classes);
  if (classes.length) shown.push(panel("Classes", bars(/** @type {[string, number][]} */ (classes))));
  if (Object.keys(found.sizes).length) shown.push(panel("Sizes of the files, height x width", bars(Object.entries(found.sizes))));
  return shown;
}

/** @param {string[]} warnings @returns {HTMLElement[]} */
function warned(warnings) {
  return warnings.length ? [h("ul", { class: "warnings" }, ...warnings.map((one) => h("li", {}, one)))] : [];
}

/** What the pictures might be made into, and the way to training. @param {any} found @param {number} minutes @param {boolean} going @returns {HTMLElement} */
function sizes(found, minutes, going) {
  const train = (/** @type {string} */ size) => () => {
    sessionStorage.setItem("proposed", `?${new URLSearchParams({ minutes: String(minutes), ...(size ? { size } : {}) })}`);
    location.hash = "train";
  };
  if (!found.offers) {
    return panel("Size and time", going ? busy("Timing a few rounds on this machine …") : nothing("The time could not be measured."), h("div", { class: "controls" }, h("button", { type: "button", class: "main", onclick: train("") }, "Train on these")));
  }
  const best = found.offers.find((/** @type {any} */ one) => one.proposed);
  const rows = found.offers.map((/** @type {any} */ one) => h("tr", { class: one.proposed ? "proposed" : "" }, h("td", {}, one.size), h("td", {}, number(Number(one.images_a_second.toPrecision(2)))), h("td", {}, number(Number(one.times_seen.toPrecision(2)))),
    h("td", {}, h("button", { type: "button", class: `small ${one.proposed ? "main" : ""}`, onclick: train(one.size) }, one.proposed ? "Train at the proposed size" : "Train at this size"))));
  return panel("Size and time", best ? h("p", {}, `For ${number(minutes)} minutes here, ${best.size} is proposed.`) : null,
    h("div", { class: "wide" }, h("table", { class: "plain" }, h("thead", {}, h("tr", {}, ...["Size", "Images a second", `Times each is seen in ${number(minutes)} min`, ""].map((one) => h("th", { scope: "col" }, one)))), h("tbody", {}, ...rows))));
}

/** @param {{name: string, reason: string}[]} skipped @returns {HTMLElement} */
function bad(skipped) {
  return panel(skipped.length === 1 ? "1 file cannot be used" : `${counted(skipped.length)} files cannot be used`, h("div", { class: "wide" }, h("table", { class: "plain wrapped" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "File"), h("th", { scope: "col" }, "Why"))),
    h("tbody", {}, ...skipped.slice(0, SHOWN_BAD).map((one) => h("tr", {}, h("td", {}, one.name), h("td", {}, one.reason)))))),
  h("p", { class: "note" }, "Training skips and lists them; it never stops for them."));
}

/** @param {{name: string, pictures: {name: string, picture: string}[]}} one @returns {HTMLElement} */
function group(one) {
  return h("div", {}, one.name ? h("h3", {}, one.name) : null, h("div", { class: "thumbs" }, ...one.pictures.map(({ name, picture }) => h("figure", {}, h("img", { src: picture, alt: name, class: "crisp" }), h("figcaption", { title: name }, name)))));
}

/** A whole picture; what is cut away is red. @param {{name: string, picture: string, seen: number[]}} one @returns {HTMLElement} */
function cut({ name, picture, seen: [left, top, across, down] }) {
  const shade = h("canvas", { width: 200, height: 200, "aria-hidden": "true" }), pen = /** @type {CanvasRenderingContext2D} */ (shade.getContext("2d"));
  pen.fillStyle = "#c23a44cc";
  pen.fillRect(0, 0, 200, 200);
  pen.clearRect(200 * left, 200 * top, 200 * across, 200 * down);
  return h("div", { class: "cut", title: name }, h("img", { src: picture, alt: `${name}; the middle ${number(100 * across * down)} % of it are seen` }), shade);
}

/** @param {[string, number][]} rows @returns {HTMLElement} */
function bars(rows) {
  const most = rows.reduce((high, [, count]) => Math.max(high, count), 1);
  return h("div", { class: "bars" }, ...rows.slice(0, 60).flatMap(([name, count]) => [h("span", {}, name), h("meter", { min: 0, max: most, value: count, "aria-label": name }), h("span", { class: "figure" }, counted(count))]),
    ...(rows.length > 60 ? [h("span", { class: "soft" }, `and ${rows.length - 60} more`)] : []));
}
