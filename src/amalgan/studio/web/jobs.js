// Jobs: ask for work, see what waits, runs and is done; each with its command, its answer and what it wrote.

import { button, div, field, h, note } from "./dom.js";
import { form } from "./form.js";
import { badge, busy, entry, facts, folded, head, image, list, named, panel, same } from "./parts.js";
import { pictureField } from "./picking.js";
import { ask, doing, opening, send, watch } from "./server.js";
import { ago } from "./words.js";

const GOING = ["waiting", "running", "stopping"], MOST_SKIPPED = 12;

/** @returns {Promise<import("./main.js").View>} */
export async function jobsView() {
  const [{ jobs: forms }, { models }] = await Promise.all([ask("/api/forms"), ask("/api/models")]);
  const place = div("asked"), options = forms.map((/** @type {any} */ { name, title }) => h("option", { value: name }, title));
  const kinds = h("select", { id: "job-kind", onchange: () => draw() }, ...options);
  const draw = () => {
    const { name, title, about, fields, abilities } = forms[kinds.selectedIndex], asked = form(fields, models, abilities);
    const begin = () => opening("jobs", "/api/jobs", { name, values: asked.values() });
    const sent = fields.some((/** @type {any} */ one) => one.name === "task") ? sending(asked) : null;
    place.replaceChildren(note(about), ...asked.controls.values(), ...(sent ? [sent] : []), button(title, doing(begin), { class: "main" }));
  };
  draw();
  const shown = h("div");
  const leave = watch("/api/jobs", 1.5, ({ jobs }) => shown.replaceChildren(list(jobs.map(row), "Nothing was asked for yet.")));
  const side = panel("New job", div("asked", field("What to do", kinds), place));
  return { title: "Jobs", leave, element: div("sides", side, panel("Jobs", shown,
    note("One runs at a time, up to sixteen wait. Jobs go on when this page, or the studio, is closed."))) };
}

/** A picture of one's own, instead of a folder. @param {ReturnType<typeof form>} asked @returns {HTMLElement} */
function sending(asked) {
  return pictureField("Or a picture of your own", async (file) => {
    const { id } = await send("/api/pictures", file), { values } = asked;
    asked.values = () => ({ ...values(), data: id });
  });
}

/** @param {any} job @param {string} [size] of the button @returns {HTMLElement | null} what ends it, while it can be ended */
function cancel({ id, state, title }, size = "") {
  const act = doing(() => ask(`/api/jobs/${id}/stop`, {}));
  return ["waiting", "running"].includes(state) ? button("Cancel", act, { class: size, "aria-label": `Cancel ${title}` }) : null;
}

/** @param {any} job @returns {HTMLElement} */
function row(job) {
  const { id, state, title, said, created_at: at } = job;
  return entry({ before: badge(state), href: `#jobs/${id}`, name: title, said: said.at(-1) ?? ago(at) }, cancel(job, "small"));
}

/** @param {string} id @returns {Promise<import("./main.js").View>} */
export async function jobView(id) {
  const first = await ask(`/api/jobs/${id}`), place = div("groups");
  let state = "waiting";
  const draw = (/** @type {any} */ job) => {
    ({ state } = job);
    const error = job.answer?.error ?? (state === "failed" ? "Its process was ended before it was done." : "");
    const said = folded("What its process said", h("pre", { tabindex: 0 }, job.said.join("\n")));
    said.open = state === "failed";
    const words = state === "waiting" ? "Another job is running; this one waits for its turn." : job.said.at(-1) ?? "Getting ready …";
    const parts = [head(job.title, badge(state), div("acts", cancel(job))), GOING.includes(state) ? busy(words) : null,
      error && state !== "stopped" ? h("p", { class: "trouble", role: "alert" }, error) : null,
      answered(job), written(job.files), same(job.line, job.python), job.said.length ? said : null];
    place.replaceChildren(...parts.filter((one) => one !== null));
  };
  draw(first);
  return { title: first.title, leave: watch(`/api/jobs/${id}`, 1, draw, () => !GOING.includes(state)), element: place };
}

/** What a command has found. @param {any} job @returns {HTMLElement | null} */
function answered({ answer, results }) {
  const { verdict: whole, sentences, skipped = [] } = answer ?? {}, verdict = whole?.word ?? whole?.verdict ?? whole;
  const left = skipped.slice(0, MOST_SKIPPED).map((/** @type {any} */ one) => h("li", {}, `${one.name}: ${one.reason}`));
  const parts = [verdict && h("p", { class: "verdict" }, `Verdict: ${verdict}`),
    ...(Array.isArray(sentences) ? sentences : []).map((one) => h("p", {}, one)), results.length && facts(results),
    left.length && h("div", {}, h("h3", {}, `${skipped.length} left out`), h("ul", { class: "warnings" }, ...left))];
  return parts.some(Boolean) ? panel("What came of it", ...parts.filter(Boolean)) : null;
}

/** @param {{id: string, name: string, kind: string}[]} files @returns {HTMLElement | null} */
function written(files) {
  const of = (/** @type {string} */ kind) => files.filter((one) => one.kind === kind);
  const link = (/** @type {string} */ id, /** @type {Node} */ inside) => h("a", { href: `/files/${id}`, target: "_blank", rel: "noopener" }, inside);
  const pictures = of("picture").map(({ id, name }) => named(link(id, image(`/files/${id}`, name)), name.split("/").at(-1) ?? "", name));
  return files.length ? panel("What it wrote",
    ...of("page").map(({ id, name }) => h("p", {}, h("a", { href: `#reports/${id}` }, `Open ${name}`))),
    pictures.length ? div("thumbs", ...pictures) : null,
    ...of("file").map(({ id, name }) => h("p", {}, h("a", { href: `/files/${id}`, download: "" }, `Save ${name}`)))) : null;
}
