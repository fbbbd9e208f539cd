// Train: begin a run, and see all runs; compare the curves of some.

import { button, div, field, h, note, told } from "./dom.js";
import { form } from "./form.js";
import { badge, entry, folded, image, list, named, panel } from "./parts.js";
import { grouped, plot } from "./plot.js";
import { ask, doing, opening, watch } from "./server.js";
import { ago, counted, number, readable } from "./words.js";

const MINUTES = [1, 5, 20, 60], FIRST = ["data", "minutes", "system"];
const NONE = "No run yet. Choose pictures, and train: some minutes are enough to begin.";

/** @returns {Promise<import("./main.js").View>} */
export async function trainView() {
  const { train } = await ask("/api/forms"), wished = new URLSearchParams(sessionStorage.getItem("proposed") ?? "");
  sessionStorage.removeItem("proposed"); // by the Data view: minutes and size
  const asked = form(train.fields, [], []), chosen = /** @type {Set<string>} */ (new Set());
  for (const [name, value] of wished) asked.set(name, value);
  const name = h("input", { type: "text", id: "run-name", placeholder: "by the data and the system", spellcheck: "false" });
  const begin = doing(() => opening("train", "/api/train", { ...asked.values(), name: name.value }));
  const quick = h("div", { class: "quick", role: "group", "aria-label": "Minutes" },
    ...MINUTES.map((one) => button(`${one} min`, () => asked.set("minutes", one))));
  const [data, minutes, system] = FIRST.map((one) => asked.controls.get(one) ?? null);
  const rest = [...asked.controls].flatMap(([one, control]) => (FIRST.includes(one) ? [] : [control]));
  const more = folded("More choices", div("asked", ...rest, field("Name of the run", name)));
  more.open = wished.has("size");
  const start = panel("Train on pictures", div("asked", data, minutes, quick, system, more, button("Train", begin, { class: "main" }),
    note("Not sure about the pictures? ", h("a", { href: "#data" }, "Look them over"), " first.")));
  const shown = h("div"), compared = h("div");
  const compare = async () => { compared.replaceChildren(...(chosen.size > 1 ? [await comparison([...chosen])] : [])); };
  const ticked = (/** @type {string} */ id, /** @type {boolean} */ on) => { chosen[on ? "add" : "delete"](id); compare().catch(told); };
  const tick = (/** @type {any} */ run) => h("input", { type: "checkbox", "aria-label": `Compare ${run.name}`, checked: chosen.has(run.id),
    onchange: (/** @type {any} */ { target }) => ticked(run.id, target.checked) });
  const leave = watch("/api/runs", 2, ({ runs }) => shown.replaceChildren(list(runs.map((/** @type {any} */ run) => row(run, tick(run))), NONE)));
  const all = panel("Runs", shown, note("Runs that were begun in a terminal are watched too. Tick two to compare their curves."));
  return { title: "Train", leave, element: div("sides", start, div("groups", all, compared)) };
}

/** @param {any} run @param {HTMLElement} before @returns {HTMLElement} */
function row({ id, name, system, data, images, changed_at: at, metrics, state }, before) {
  const said = [system, data && `on ${data}`, images && `${counted(images)} images`, ago(at || Date.now() / 1000),
    ...Object.entries(metrics).map(([one, value]) => `${readable(one)} ${number(value)}`)];
  return entry({ before, href: `#train/${id}`, name, said: said.filter(Boolean).join(" · ") }, badge(state));
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
  const last = runs.flatMap(({ id, name, samples }) => samples.map((/** @type {string} */ one) =>
    named(image(`/api/runs/${id}/samples/${one}`, `Pictures of ${name}`), name)));
  return panel("Compared", div("plots", ...drawn), div("sheets", ...last));
}

/** The plots of one run, drawn anew as points come. @returns {HTMLElement & {add: (curves: Record<string, [number, number][]>, anew: boolean) => void}} */
export function livePlots() {
  const place = div("plots"), plots = new Map();
  let all = /** @type {Record<string, [number, number][]>} */ ({});
  const add = (/** @type {typeof all} */ curves, /** @type {boolean} */ anew) => {
    if (anew) all = {};
    for (const [name, points] of Object.entries(curves)) all[name] = [...(all[name] ?? []), ...points];
    for (const [group, series] of grouped(all)) {
      const one = plots.get(group) ?? plot(group[0].toUpperCase() + readable(group).slice(1));
      if (!plots.has(group)) place.append(one);
      plots.set(group, one);
      one.draw(series);
    }
  };
  return Object.assign(place, { add });
}
