// Data: choose a folder, see what is in it and what training would make of it.

import { button, div, field, h, note, penOf, soft } from "./dom.js";
import { busy, facts, named, nothing, panel, table } from "./parts.js";
import { dataButton, lastChosen } from "./picking.js";
import { ask, doing, ended } from "./server.js";
import { counted, number } from "./words.js";

const SHOWN_BAD = 200, SHOWN_BARS = 60;
const FIRST = "Choose pictures: a folder (its sub-folders are classes), an archive, or a table. Nothing of it is changed.";

/** @typedef {{name?: string, count: number, equal: boolean, pictures: {name: string, picture: string}[]}} Group a class, or copies */

/** @returns {Promise<import("./main.js").View>} */
export async function dataView() {
  const found = div("groups", nothing(FIRST));
  const minutes = h("input", { type: "number", id: "look-minutes", min: 0.1, step: "any", value: 5 });
  let turn = 0;
  const look = async () => {
    if (!data.chosen) throw new Error("Choose pictures first.");
    const mine = ++turn, waits = busy("Reading the pictures …"), given = Number(minutes.value) || 5;
    found.replaceChildren(waits);
    const { job } = await ask("/api/look", { data: data.chosen.id, minutes: given });
    let drawn = "";
    const last = await ended(`/api/looks/${job}`, (now) => {
      if (now.state === "waiting") waits.say("Something else is being looked over; this is next …");
      const key = `${Boolean(now.facts)} ${Boolean(now.facts?.offers)} ${now.state}`;
      if (now.facts && key !== drawn) found.replaceChildren(...seen(now.facts, given, now.state === "running"));
      drawn = key;
    }, () => mine !== turn);
    if (mine !== turn || !last.error) return;
    found.replaceChildren(...(last.facts ? seen(last.facts, given, false) : []));
    throw new Error(last.error);
  };
  const data = dataButton(() => go.click());
  const go = button("Look it over", doing(look), { class: "main" });
  const asked = div("asked", field("Folder, archive or table", data), field("Minutes of training you have in mind", minutes), go);
  if (lastChosen()) go.click();
  return { title: "Data", leave: () => { turn++; }, element: div("sides", panel("Pictures", asked), found) };
}

/** @param {any} found @param {number} minutes @param {boolean} going @returns {HTMLElement[]} */
function seen(found, minutes, going) {
  const { skipped, duplicates, warnings } = found, cutAway = number(Number((found.cut_away * 100).toPrecision(2)));
  const splits = Object.entries(found.splits).map(([name, count]) => `${counted(Number(count))} ${name}`).join(", ");
  const parts = /** @type {[string, string][]} */ ([["Read", `${counted(found.read)} examples`], ["Not usable", counted(skipped.length)],
    ["As", `${found.shape} (${found.chosen})`], ["Held back", splits],
    ["Copies", `${counted(duplicates.count)}, of which ${counted(duplicates.across_splits)} in another split`]]);
  const warned = h("ul", { class: "warnings" }, ...warnings.map((/** @type {string} */ one) => h("li", {}, one)));
  const all = /** @type {[any, (() => HTMLElement)][]} */ ([
    [true, () => panel(found.name, facts(parts), warned)],
    [found.kind === "image" && found.read, () => sizes(found, minutes, going)],
    [skipped.length, () => bad(skipped)],
    [found.examples?.length, () => panel("As training sees them", div("kinds", ...found.examples.map(group)))],
    [found.copies?.length, () => panel("Copies, side by side", div("kinds", ...found.copies.map(group)))],
    [found.cuts?.length, () => panel(`What is cut away: ${cutAway} % of the area, on average`, div("thumbs", ...found.cuts.map(cut)),
      note("Red parts are never seen at this size. In a terminal, --fit pad shows pictures whole."))],
    [Object.keys(found.classes).length, () => panel("Classes", bars(found.classes))],
    [Object.keys(found.sizes).length, () => panel("Sizes of the files, height x width", bars(found.sizes))]]);
  return all.flatMap(([there, shown]) => (there ? [shown()] : []));
}

/** What the pictures might be made into, and the way to training.
 * @param {any} found @param {number} minutes @param {boolean} going @returns {HTMLElement} */
function sizes(found, minutes, going) {
  const train = (/** @type {string} */ words, /** @type {string} */ size, kind = "main") => button(words, () => {
    sessionStorage.setItem("proposed", `?${new URLSearchParams({ minutes: String(minutes), ...(size ? { size } : {}) })}`);
    location.hash = "train";
  }, { class: kind });
  if (!found.offers) {
    const wait = going ? busy("Timing a few rounds on this machine …") : nothing("The time could not be measured.");
    return panel("Size and time", wait, div("controls", train("Train on these", "")));
  }
  const best = found.offers.find((/** @type {any} */ one) => one.proposed);
  const rows = found.offers.map((/** @type {any} */ { size, images_a_second: speed, times_seen: times, proposed }) => [
    size, number(Number(speed.toPrecision(2))), number(Number(times.toPrecision(2))),
    train(proposed ? "Train at the proposed size" : "Train at this size", size, `small ${proposed ? "main" : ""}`)]);
  const heads = ["Size", "Images a second", `Times each is seen in ${number(minutes)} min`, ""];
  return panel("Size and time", best ? h("p", {}, `For ${number(minutes)} minutes here, ${best.size} is proposed.`) : null,
    table("plain", heads, rows, (at) => (found.offers[at].proposed ? "proposed" : "")));
}

/** @param {{name: string, reason: string}[]} skipped @returns {HTMLElement} */
function bad(skipped) {
  return panel(skipped.length === 1 ? "1 file cannot be used" : `${counted(skipped.length)} files cannot be used`,
    table("plain wrapped", ["File", "Why"], skipped.slice(0, SHOWN_BAD).map(({ name, reason }) => [name, reason])),
    note("Training skips and lists them; it never stops for them."));
}

/** @param {Group} one @returns {HTMLElement} */
function group({ count, equal, pictures, name = `${counted(count)} ${equal ? "that are equal" : "that are nearly alike"}` }) {
  const shown = pictures.map((one) => named(h("img", { src: one.picture, alt: one.name, class: "crisp" }), one.name));
  return h("div", {}, name ? h("h3", {}, name) : null, div("thumbs", ...shown));
}

/** A whole picture; what is cut away is red. @param {{name: string, picture: string, seen: number[]}} one @returns {HTMLElement} */
function cut({ name, picture, seen: [left, top, across, down] }) {
  const shade = h("canvas", { width: 200, height: 200, "aria-hidden": "true" }), pen = penOf(shade);
  Object.assign(pen, { fillStyle: "#c23a44cc" }).fillRect(0, 0, 200, 200);
  pen.clearRect(200 * left, 200 * top, 200 * across, 200 * down);
  const words = `${name}; the middle ${number(100 * across * down)} % of it are seen`;
  return h("div", { class: "cut", title: name }, h("img", { src: picture, alt: words }), shade);
}

/** @param {Record<string, number>} counts @returns {HTMLElement} */
function bars(counts) {
  const rows = Object.entries(counts), most = rows.reduce((high, [, count]) => Math.max(high, count), 1);
  const row = (/** @type {[string, number]} */ [name, count]) => [h("span", {}, name),
    h("meter", { min: 0, max: most, value: count, "aria-label": name }), h("span", { class: "figure" }, counted(count))];
  const rest = rows.length - SHOWN_BARS;
  return div("bars", ...rows.slice(0, SHOWN_BARS).flatMap(row), rest > 0 ? soft(`and ${rest} more`) : null);
}
