// Train: begin a run, and see all runs; compare the curves of some.

import { h } from "./dom.js";
import { form } from "./form.js";
import { badge, image, nothing, panel } from "./parts.js";
import { grouped, plot } from "./plot.js";
import { ask, doing, every, told } from "./server.js";
import { ago, counted, number, readable } from "./words.js";

const MINUTES = [1, 5, 20, 60], FIRST = ["data", "minutes", "system"];

/** What the Data view proposes, as data of the address: size and minutes. @param {string} rest @returns {Record<string, string>} */
function proposed(rest) {
  return Object.fromEntries(new URLSearchParams(rest.startsWith("?") ? rest : ""));
}

/** @returns {Promise<import("./main.js").View>} */
export async function trainView() {
  const { train } = await ask("/api/forms"), wished = proposed(sessionStorage.getItem("proposed") ?? "");
  sessionStorage.removeItem("proposed");
  const asked = form(train.fields, [], []), more = train.fields.filter((/** @type {any} */ one) => !FIRST.includes(one.name));
  for (const [name, value] of Object.entries(wished)) asked.set(name, value);
  const name = h("input", { type: "text", id: "run-name", placeholder: "by the data and the system", spellcheck: "false" });
  const begin = doing(async () => {
    const { run } = await ask("/api/train", { ...asked.values(), name: name.value });
    location.hash = `train/${run}`;
  });
  const quick = h("div", { class: "quick", role: "group", "aria-label": "Minutes" }, ...MINUTES.map((one) => h("button", { type: "button", onclick: () => asked.set("minutes", one) }, `${one} min`)));
  const start = panel("Train on pictures", h("div", { class: "asked" },
    asked.controls.get("data") ?? null, asked.controls.get("minutes") ?? null, quick, asked.controls.get("system") ?? null,
    h("details", { open: Boolean(wished.size) }, h("summary", {}, "More choices"), h("div", { class: "asked" }, ...more.map((/** @type {any} */ one) => asked.controls.get(one.name) ?? null),
      h("div", { class: "field" }, h("label", { for: "run-name" }, "Name of the run"), name))),
    h("button", { type: "button", class: "main", onclick: begin }, "Train"),
    h("p", { class: "note" }, "Not sure about the pictures? ", h("a", { href: "#data" }, "Look them over"), " first.")));
  const list = h("ul", { class: "rows" }), compared = h("div"), chosen = new Set();
  const compare = async () => { compared.replaceChildren(...(chosen.size > 1 ? [await comparison([...chosen])] : [])); };
  let last = "";
  const stop = every(2, async () => {
    const { runs } = await ask("/api/runs"), now = JSON.stringify(runs);
    if (now === last) return;
    last = now;
    const tick = (/** @type {any} */ run) => h("input", { type: "checkbox", "aria-label": `Compare ${run.name}`, checked: chosen.has(run.id), onchange: (/** @type {Event} */ { target }) => {
      if (/** @type {HTMLInputElement} */ (target).checked) chosen.add(run.id);
      else chosen.delete(run.id);
      compare().catch(told);
    } });
    list.replaceChildren(...(runs.length ? runs.map((/** @type {any} */ run) => row(run, tick(run))) : [nothing("No run yet. Choose pictures, and train: some minutes are enough to begin.")]));
  });
  return { title: "Train", leave: stop, element: h("div", { class: "sides" }, start, h("div", { class: "groups" }, panel("Runs", list, h("p", { class: "note" }, "Runs that were begun in a terminal are watched too. Tick two to compare their curves.")), compared)) };
}

/** @param {any} run @param {HTMLElement} tick @returns {HTMLElement} */
function row(run, tick) {
  const said = [run.system, run.data && `on ${run.data}`, run.images && `${counted(run.images)} images`, ago(run.changed_at || Date.now() / 1000),
    ...Object.entries(run.metrics).map(([name, value]) => `${readable(name)} ${number(/** @type {number} */ (value))}`)];
  return h("li", {}, tick, h("div", {}, h("a", { href: `#train/${run.id}` }, run.name), h("div", { class: "soft" }, said.filter(Boolean).join(" · "))), h("div", { class: "acts" }, badge(run.state)));
}

/** Curves of several runs over each other. @param {string[]} ids @returns {Promise<HTMLElement>} */
async function comparison(ids) {
  const runs = await Promise.all(ids.map((id) => ask(`/api/runs/${id}`)));
  const names = new Set(runs.flatMap(({ curves }) => Object.keys(curves)));
  const shared = [...names].filter((name) => runs.filter(({ curves }) => curves[name]).length > 1);
  const drawn = (shared.length ? shared : [...names]).map((name) => {
    const one = plot(readable(name.replace("/", ": ")));
    one.draw(runs.filter(({ curves }) => curves[name]).map(({ name: run, curves }) => ({ name: run, points: curves[name] })));
    return one;
  });
  const last = h("div", { class: "sheets" }, ...runs.flatMap((run) => run.samples.map((/** @type {string} */ name) => h("figure", {}, image(`/api/runs/${run.id}/samples/${name}`, `Pictures of ${run.name}`), h("figcaption", {}, h("span", {}, run.name))))));
  return panel("Compared", h("div", { class: "plots" }, ...drawn), last);
}

/** The plots of one run, drawn anew as points come. @returns {HTMLElement & {add: (curves: Record<string, [number, number][]>, anew: boolean) => void}} */
export function livePlots() {
  const place = h("div", { class: "plots" }), plots = new Map();
  let all = /** @type {Record<string, [number, number][]>} */ ({});
  const add = (/** @type {typeof all} */ curves, /** @type {boolean} */ anew) => {
    if (anew) all = {};
    for (const [name, points] of Object.entries(curves)) all[name] = [...(all[name] ?? []), ...points];
    for (const [group, series] of grouped(all)) {
      if (!plots.has(group)) {
        plots.set(group, plot(group[0].toUpperCase() + readable(group).slice(1)));
        place.append(plots.get(group));
      }
      plots.get(group).draw(series);
    }
  };
  return Object.assign(place, { add });
}
