// The studio: one view at a time, by the part of the address behind #.

import { byId, h, told } from "./dom.js";
import { ask } from "./server.js";
import { trainView } from "./train.js";
import { runView } from "./run.js";
import { dataView } from "./data.js";
import { modelsView, modelView } from "./models.js";
import { mapsView, mapView } from "./map.js";
import { jobsView, jobView } from "./jobs.js";
import { reportsView, reportView } from "./reports.js";

/** @typedef {{element: HTMLElement, title: string, leave?: () => void}} View */
/** @typedef {(rest: string) => Promise<View>} Make */

/** Names, titles, what is shown, and what is shown of one. @type {[string, string, Make, Make | null][]} */
const VIEWS = [
  ["train", "Train", trainView, runView],
  ["data", "Data", dataView, null],
  ["models", "Models", modelsView, modelView],
  ["map", "Map", mapsView, mapView],
  ["jobs", "Jobs", jobsView, jobView],
  ["reports", "Reports", reportsView, reportView],
];
const place = byId("view"), nav = byId("nav");
let shown = /** @type {View | null} */ (null), asked = 0;

async function show() {
  const [name, ...rest] = location.hash.slice(1).split("/"), mine = ++asked;
  const found = VIEWS.find(([one]) => one === name) ?? VIEWS[0], make = rest.length && found[3] ? found[3] : found[2];
  for (const link of nav.children) link.toggleAttribute("aria-current", false);
  nav.children[VIEWS.indexOf(found)].setAttribute("aria-current", "page");
  told("");
  const view = await make(rest.map(decodeURIComponent).join("/")).catch(told);
  if (!view || mine !== asked) return view?.leave?.();
  shown?.leave?.();
  shown = view;
  document.title = `${view.title} · amalgan studio`;
  place.replaceChildren(view.element);
  place.dataset.shown = location.hash;
  scrollTo(0, 0);
}

nav.append(...VIEWS.map(([name, title]) => h("a", { href: `#${name}` }, title)));
addEventListener("hashchange", show);
addEventListener("unhandledrejection", (event) => told(event.reason));
if (location.search) history.replaceState(null, "", `/${location.hash}`);  // a cookie has the token now
ask("/api/studio").then(({ root }) => { byId("where").textContent = `in ${root}`; }).catch(told);
show();
