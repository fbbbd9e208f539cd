// One run as it goes on: how far, what is left, curves, pictures; pause, resume, stop.

import { button, div, h, soft } from "./dom.js";
import { badge, busy, facts, folded, head, image, named, nothing, panel, same } from "./parts.js";
import { ask, doing, listen } from "./server.js";
import { livePlots } from "./train.js";
import { counted } from "./words.js";

const KINDS = { generated: "New pictures", rebuilt: "Held-out pictures, and below them their reconstructions",
  restored: "Damaged pictures, and below them what becomes of them" };

/** @param {string} id @returns {Promise<import("./main.js").View>} */
export async function runView(id) {
  const run = await ask(`/api/runs/${id}`), plots = livePlots(), sheets = sheetsOf(id), state = h("span", {}, badge(run.state));
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" }), figures = h("p", { class: "figures" });
  const warnings = h("ul", { class: "warnings", role: "alert" }), said = h("pre", { tabindex: 0, "aria-label": "What its process says" });
  const act = (/** @type {string} */ words, /** @type {string} */ name, more = {}) =>
    button(words, doing(() => ask(`/api/runs/${id}/${name}`, {})), more);
  const pause = act("Pause", "pause"), resume = act("Resume", "resume", { class: "main" });
  const stop = act("Stop, and keep the model", "stop", { title: "End training early; the model is what was reached" });
  const use = h("a", { href: `#models/${id}` }, "Open the model"), waits = busy("The first line of the log comes after the first round.");
  const show = (/** @type {any} */ now) => {
    const live = ["running", "starting"].includes(now.state), wrong = [now.error, ...now.warnings].filter(Boolean);
    state.replaceChildren(badge(now.state));
    bar.value = now.state === "ended" ? 1 : now.planned ? Math.min(1, now.images / now.planned) : 0;
    figures.textContent = now.progress;
    if (warnings.childElementCount !== wrong.length) warnings.replaceChildren(...wrong.map((one) => h("li", {}, one)));
    said.textContent = now.said.join("\n") || "Nothing: it was begun in a terminal, or says nothing yet.";
    pause.hidden = !live;
    resume.hidden = now.state !== "paused";
    stop.hidden = !live && resume.hidden;
    use.hidden = now.state !== "ended";
    waits.hidden = !live || Boolean(now.images);
    waits.say(now.said.at(-1) || "Getting ready …");
    sheets.show(now.samples);
  };
  const heard = { start: (/** @type {any} */ { curves }) => plots.add(curves, true), points: (/** @type {any} */ { curves }) => plots.add(curves, false) };
  const element = div("groups", head(run.name, state, div("acts", pause, resume, stop, use)), h("div", {}, bar, figures), waits, warnings,
    sheets, plots, folded("What its process says", said), same(run.line, run.python),
    folded("All of its settings", run.settings.length ? facts(run.settings) : nothing("They are written when training begins.")));
  return { title: run.name, element, leave: listen(`/api/runs/${id}/watch`, { ...heard, state: show }) };
}

/** The latest sheets of each kind, and earlier ones by a slider. @param {string} id @returns {HTMLElement & {show: (names: string[]) => void}} */
function sheetsOf(id) {
  const slider = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "Earlier and later pictures",
    oninput: () => { follow = slider.value === slider.max; draw(); } });
  const place = div("sheets"), at = h("output"), images = (/** @type {string} */ name) => Number(name.split("-")[1]?.slice(0, -4) ?? 0);
  const shown = /** @type {Map<string, HTMLImageElement>} */ (new Map());
  let names = /** @type {string[]} */ ([]), follow = true;
  const moments = () => [...new Set(names.map(images))].sort((a, b) => a - b);
  const draw = () => {
    const all = moments(), moment = all[Number(slider.value)] ?? 0;
    at.value = all.length ? `at ${counted(moment)} images` : "";
    for (const [kind, words] of Object.entries(KINDS)) {
      const own = names.filter((one) => one.startsWith(`${kind}-`)), name = own.filter((one) => images(one) <= moment).at(-1) ?? own[0];
      if (!name) continue;
      const address = `/api/runs/${id}/samples/${name}`, now = shown.get(kind) ?? image(address, words);
      if (!shown.has(kind)) place.append(named(now, words));
      shown.set(kind, Object.assign(now, { src: address }));
    }
  };
  const moment = h("div", { class: "moment", hidden: true }, soft("Moment"), slider, at);
  const show = (/** @type {string[]} */ found) => {
    if (found.length === names.length) return;
    names = found;
    const last = moments().length - 1;
    slider.max = String(Math.max(0, last));
    if (follow) slider.value = slider.max;
    moment.hidden = last < 1;
    draw();
  };
  return Object.assign(panel("Pictures", place, moment), { show });
}
