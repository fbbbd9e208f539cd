// The page of a map: classes to show or hide, a search by name, and a card for what is pointed at. Names are only ever text.

import { within } from "./arrays.js";
import { button, byId, h, on, penOf } from "./dom.js";
import { classColor, rowsNamed, scatter } from "./scatter.js";
import { player } from "./sounds.js";

const LARGE = 128, MARGIN = 0.02, GAP = 16;

/** @typedef {import("./scatter.js").Points & {sound: import("./sounds.js").Sounds | null}} MapFacts */

/** What is pointed at: large, with its name and class.
 * @param {MapFacts} facts @param {() => import("./scatter.js").Scatter} map @returns {HTMLElement & {show: (row: number, x: number, y: number) => void}} */
function cardOf(facts, map) {
  const { width, height } = facts.thumbnail, times = Math.max(1, Math.floor(LARGE / Math.max(width, height, 1)));
  const large = h("canvas", { width: width * times, height: height * times, hidden: !width }), pen = penOf(large);
  const name = h("p", { class: "name", dir: "auto" }), kind = h("p", { class: "class", dir: "auto" });
  const card = h("aside", { class: "card", hidden: true }, large, name, kind);
  const show = (/** @type {number} */ row, /** @type {number} */ x, /** @type {number} */ y) => {
    card.hidden = row < 0;
    if (row < 0) return;
    name.textContent = facts.names[row];
    kind.textContent = facts.classes[facts.labels[row]] ?? "";
    if (width) map().thumb(pen, row, large.width / 2, large.height / 2, Math.max(large.width, large.height));
    const box = card.getBoundingClientRect(), { width: wide, height: high } = map().camera.seen;
    const top = y + GAP + box.height > high ? y - 12 - box.height : y + GAP;
    Object.assign(card.style, { left: `${within(x + GAP, 4, wide - box.width - 4)}px`, top: `${Math.max(4, top)}px` });
  };
  return Object.assign(card, { show });
}

/** A button for each class, and for what has none. @param {MapFacts} facts @param {Set<number>} hidden labels @param {() => void} changed @returns {HTMLElement[]} */
function togglesOf(facts, hidden, changed) {
  const rest = facts.classes.length && facts.labels.some((label) => label < 0) ? [-1] : [];
  return [...facts.classes.keys(), ...rest].map((label) => {
    const dot = h("i"), one = button([dot, h("span", {}, facts.classes[label] ?? "no class")], () => {
      if (!hidden.delete(label)) hidden.add(label);
      one.setAttribute("aria-pressed", String(!hidden.has(label)));
      changed();
    }, { "aria-pressed": "true" });
    const paint = () => dot.style.setProperty("--c", classColor(getComputedStyle(document.body), label));
    on(matchMedia("(prefers-color-scheme: dark)"), { change: paint });
    paint();
    return one;
  });
}

function begin() {
  const facts = /** @type {MapFacts} */ (JSON.parse(byId("data").textContent ?? "")), hidden = /** @type {Set<number>} */ (new Set());
  const play = facts.sound && player(facts.sound);
  let found = /** @type {Set<number> | null} */ (null), pointed = -1, played = -1;
  const hear = (/** @type {number} */ row) => { if (play?.(row)) map.canvas.dataset.played = String(played = row); };
  const look = { shown: (/** @type {number} */ row) => !hidden.has(facts.labels[row]), faint: (/** @type {number} */ row) => found !== null && !found.has(row), ring: () => "" };
  const map = scatter(facts, look, { point: (row, x, y) => { pointed = row; card.show(row, x, y); }, click: hear, choose: null });
  const card = cardOf(facts, () => map);
  on(map.canvas, { keydown: ({ key }) => { if (key === "Enter") hear(pointed < 0 ? played : pointed); },
    dblclick: ({ offsetX, offsetY }) => { map.camera.zoom(2, offsetX, offsetY); map.draw(); } });
  map.append(card);
  byId("map").append(map);
  byId("classes").append(...togglesOf(facts, hidden, map.draw));
  const words = /** @type {HTMLInputElement} */ (byId("words"));
  on(words, { input: () => {
    found = words.value.trim() ? new Set(rowsNamed(facts.names, words.value)) : null;
    byId("found").textContent = found ? `${found.size.toLocaleString("en")} found` : "";
    map.draw();
  } });
  on(byId("search"), { submit: (event) => {
    event.preventDefault();
    map.fit(found?.size ? [...found] : undefined, found?.size ? MARGIN : 0);
  } });
  Object.assign(byId("map"), { map, facts }); // for whoever wants to measure
}

begin();
