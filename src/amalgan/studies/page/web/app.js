// The page: reads what it carries, starts the worker, and shows the views that the model has the abilities for.

import { numbersOf, unpacked } from "./base64.js";
import { button, byId, h, told } from "./dom.js";
import { workerEngine } from "./engine.js";
import { makeView } from "./make.js";
import { rebuildView } from "./rebuild.js";
import { betweenView } from "./between.js";
import { turnView } from "./turn.js";
import { mendView } from "./mend.js";
import { restoreView } from "./restore.js";
import { normalView } from "./normal.js";
import { cardView } from "./card.js";

const TITLES = /** @type {Record<string, string>} */ ({ Normal: "Is it normal?" });

const textOfPart = (/** @type {string} */ id) => byId(id).textContent ?? "";

/** The views that a model has what it takes for, in order.
 * @param {import("./engine.js").Engine} engine @param {(name: string) => void} go @returns {Map<string, any>} */
export function viewsOf(engine, go) {
  const { graphs, codes } = engine.facts, views = new Map(), decodes = graphs.decode || graphs.realize;
  const turn = decodes && codes?.directions.length ? turnView(engine) : null;
  if ((graphs.sample_code && decodes) || graphs.generate) {
    views.set("Make", makeView(engine, (code, seed) => { turn?.open(code, seed); go("Turn"); }));
  }
  if (turn) views.set("Turn", turn);
  if (graphs.encode && decodes) views.set("Between", betweenView(engine)).set("Rebuild", rebuildView(engine));
  if (engine.facts.search) views.set("Mend", mendView(engine));
  if (engine.facts.restorer) views.set("Mend", restoreView(engine));
  if (engine.facts.normal) views.set("Normal", normalView(engine));
  return views.set("Card", cardView(engine));
}

/** Tabs, by click, touch and arrow keys. @param {Map<string, any>} views @returns {{tabs: HTMLElement, go: (name: string) => void}} */
function tabsFor(views) {
  const names = [...views.keys()], begun = new Set();
  const go = (/** @type {string} */ name) => {
    for (const [at, other] of names.entries()) {
      const on = other === name, view = views.get(other);
      view.hidden = !on;
      buttons[at].setAttribute("aria-selected", String(on));
      buttons[at].tabIndex = on ? 0 : -1;
      if (!on) view.leave?.();
    }
    if (!begun.has(name)) Promise.resolve(views.get(name).begin()).catch(told);
    begun.add(name);
  };
  const step = (/** @type {KeyboardEvent} */ event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    const at = (buttons.indexOf(/** @type {any} */ (event.target)) + way + names.length) % names.length;
    buttons[at].focus();
    go(names[at]);
  };
  const buttons = names.map((name) =>
    button(TITLES[name] ?? name, () => go(name), { role: "tab", id: `tab-${name}`, "aria-controls": name }));
  for (const [name, view] of views) {
    view.id = name;
    view.setAttribute("role", "tabpanel");
    view.setAttribute("aria-labelledby", `tab-${name}`);
  }
  return { tabs: h("div", { class: "tabs", role: "tablist", "aria-label": "Views", onkeydown: step }, ...buttons), go };
}

async function begin() {
  const began = performance.now();
  if (typeof DecompressionStream === "undefined") throw new Error("This browser is too old for this page. It needs one of 2023 or later.");
  const source = new TextDecoder().decode(await unpacked(textOfPart("worker")));
  const engine = workerEngine(numbersOf(textOfPart("facts")), source,
    { wasm: textOfPart("wasm"), graphs: JSON.parse(textOfPart("graphs")) }, (on) => document.body.classList.toggle("busy", on));
  const views = viewsOf(engine, (name) => go(name)), { tabs, go } = tabsFor(views);
  Object.assign(byId("views"), { engine }).append(tabs, ...views.values()); // for whoever wants to measure
  addEventListener("unhandledrejection", (event) => told(event.reason));
  go(String([...views.keys()][0]));
  await engine.ready;
  byId("status").textContent = "Everything runs in this page: nothing is sent, nothing is fetched.";
  document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}

begin().catch(told);
