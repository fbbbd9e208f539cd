// One run as it goes on: how far, what is left, curves, pictures; pause, resume, stop.

import { h } from "./dom.js";
import { badge, busy, facts, image, nothing, panel, same } from "./parts.js";
import { ask, doing, listen } from "./server.js";
import { livePlots } from "./train.js";
import { counted, lasting, number } from "./words.js";

const KINDS = /** @type {[string, string][]} */ ([["generated", "New pictures"], ["rebuilt", "Held-out pictures, and below them their reconstructions"], ["restored", "Damaged pictures, and below them what becomes of them"]]);

/** @param {string} id @returns {Promise<import("./main.js").View>} */
export async function runView(id) {
  const run = await ask(`/api/runs/${id}`), plots = livePlots(), sheets = sheetsOf(id);
  const state = h("span", {}, badge(run.state)), bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" }), figures = h("p", { class: "figures" });
  const warnings = h("ul", { class: "warnings", role: "alert" }), said = h("pre", { tabindex: 0, "aria-label": "What its process says" });
  const act = (/** @type {string} */ name) => doing(() => ask(`/api/runs/${id}/${name}`, {}));
  const pause = h("button", { type: "button", onclick: act("pause") }, "Pause"), resume = h("button", { type: "button", class: "main", onclick: act("resume") }, "Resume");
  const stop = h("button", { type: "button", title: "End training early; the model is what was reached", onclick: act("stop") }, "Stop, and keep the model");
  const use = h("a", { href: `#models/${id}` }, "Open the model"), waits = busy("The first line of the log comes after the first round.");
  const show = (/** @type {any} */ now) => {
    state.replaceChildren(badge(now.state));
    bar.value = now.state === "ended" ? 1 : now.planned ? Math.min(1, now.images / now.planned) : 0;
    figures.textContent = told(now);
    const wrong = [now.error, ...now.warnings].filter(Boolean).map((one) => h("li", {}, one));
    if (warnings.childElementCount !== wrong.length) warnings.replaceChildren(...wrong);
    said.textContent = now.said.join("\n") || "Nothing: it was begun in a terminal, or says nothing yet.";
    const live = ["running", "starting"].includes(now.state);
    pause.hidden = !live;
    resume.hidden = now.state !== "paused";
    stop.hidden = !(live || now.state === "paused");
    use.hidden = now.state !== "ended";
    waits.hidden = !(live && !now.images);
    waits.say(now.said.at(-1) || "Getting ready …");
    sheets.show(now.samples);
  };
  const leave = listen(`/api/runs/${id}/watch`, { start: ({ curves }) => plots.add(curves, true), points: ({ curves }) => plots.add(curves, false), state: show });
  const element = h("div", { class: "groups" }, h("div", { class: "head" }, h("h1", {}, run.name), state, h("div", { class: "acts" }, pause, resume, stop, use)),
    h("div", {}, bar, figures), waits, warnings, sheets, plots,
    h("details", {}, h("summary", {}, "What its process says"), said), run.command ? same(run.command.words, run.command.python) : null,
    h("details", {}, h("summary", {}, "All of its settings"), planned(run.plan)));
  return { title: run.name, element, leave };
}

/** @param {any} now @returns {string} */
function told(now) {
  const parts = [now.planned ? `${counted(now.images)} of ${counted(now.planned)} images` : "",
    now.speed ? `${number(Number(now.speed.toPrecision(3)))} a second` : "", now.left !== null && now.left !== undefined ? `about ${lasting(now.left)} left` : ""];
  const more = { paused: "Its state is kept; go on when you like.", ended: "Training has ended.", waiting: "Another training is running; this one is next." };
  return [...parts.filter(Boolean), /** @type {Record<string, string>} */ (more)[now.state] ?? ""].filter(Boolean).join(" · ");
}

/** The latest sheets of each kind, and earlier ones by a slider. @param {string} id @returns {HTMLElement & {show: (names: string[]) => void}} */
function sheetsOf(id) {
  const place = h("div", { class: "sheets" }), slider = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "Earlier and later pictures" }), at = h("output");
  let names = /** @type {string[]} */ ([]), follow = true;
  const images = (/** @type {string} */ name) => Number(name.split("-")[1]?.slice(0, -4) ?? 0);
  const moments = () => [...new Set(names.map(images))].sort((a, b) => a - b);
  const shown = new Map();
  const draw = () => {
    const all = moments(), moment = all[Number(slider.value)] ?? 0;
    at.value = all.length ? `at ${counted(moment)} images` : "";
    for (const [kind, words] of KINDS) {
      const name = names.filter((one) => one.startsWith(`${kind}-`) && images(one) <= moment).at(-1) ?? names.find((one) => one.startsWith(`${kind}-`));
      if (!name) continue;
      if (!shown.has(kind)) {
        shown.set(kind, h("figure"));
        place.append(shown.get(kind));
      }
      const address = `/api/runs/${id}/samples/${name}`, figure = shown.get(kind), now = figure.querySelector("img");
      if (now) now.src = address;
      else figure.replaceChildren(image(address, words), h("figcaption", {}, h("span", {}, words)));
    }
  };
  slider.addEventListener("input", () => { follow = slider.value === slider.max; draw(); });
  const moment = h("div", { class: "moment", hidden: true }, h("span", { class: "soft" }, "Moment"), slider, at);
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

/** @param {any} plan @returns {HTMLElement} */
function planned(plan) {
  const rows = /** @type {(part: any, before: string) => [string, string][]} */ ((part, before) => Object.entries(part).flatMap(([name, value]) => (value && typeof value === "object" && !Array.isArray(value)
    ? rows(value, `${before}${name}.`) : [/** @type {[string, string]} */ ([`${before}${name}`, value === null ? "by itself" : String(value)])])));
  const found = rows(plan ?? {}, "").filter(([name]) => name !== "amalgan");
  return found.length ? facts(found) : nothing("They are written when training begins.");
}
