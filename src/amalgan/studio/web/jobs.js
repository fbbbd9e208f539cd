// Jobs: ask for work, see what waits, runs and is done; each with its command, its answer and what it wrote.

import { field, h } from "./dom.js";
import { form } from "./form.js";
import { badge, busy, facts, image, nothing, panel, same } from "./parts.js";
import { ask, doing, every, send } from "./server.js";
import { ago, number, readable } from "./words.js";

const HIDDEN = ["amalgan", "format", "digest", "model", "data", "command", "error", "skipped", "page", "sentences", "verdict"];
const GOING = ["waiting", "running", "stopping"], MOST_ROWS = 12;

/** @returns {Promise<import("./main.js").View>} */
export async function jobsView() {
  const [{ jobs: forms }, { models }] = await Promise.all([ask("/api/forms"), ask("/api/models")]);
  const place = h("div", { class: "asked" });
  const kinds = h("select", { id: "job-kind", onchange: () => draw() }, ...forms.map((/** @type {any} */ one) => h("option", { value: one.name }, one.title)));
  const draw = () => {
    const kind = forms.find((/** @type {any} */ one) => one.name === kinds.value), asked = form(kind.fields, models, kind.abilities);
    const begin = doing(async () => { location.hash = `jobs/${(await ask("/api/jobs", { name: kind.name, values: asked.values() })).id}`; });
    const own = kind.fields.some((/** @type {any} */ one) => one.name === "task") ? sending(asked) : null;
    place.replaceChildren(h("p", { class: "note" }, kind.about), ...asked.controls.values(), ...(own ? [own] : []), h("button", { type: "button", class: "main", onclick: begin }, kind.title));
  };
  draw();
  const list = h("ul", { class: "rows" });
  let last = "";
  const stop = every(1.5, async () => {
    const { jobs } = await ask("/api/jobs"), now = JSON.stringify(jobs);
    if (now !== last) list.replaceChildren(...(jobs.length ? jobs.map(row) : [nothing("Nothing was asked for yet.")]));
    last = now;
  });
  const side = panel("New job", h("div", { class: "asked" }, field("What to do", kinds), place));
  return { title: "Jobs", leave: stop, element: h("div", { class: "sides" }, side, panel("Jobs", list, h("p", { class: "note" }, "One runs at a time, up to sixteen wait. Jobs go on when this page, or the studio, is closed."))) };
}

/** A picture of one's own, instead of a folder. @param {ReturnType<typeof form>} asked @returns {HTMLElement} */
function sending(asked) {
  const input = h("input", { type: "file", accept: "image/*", onchange: doing(async () => {
    const file = input.files?.[0];
    if (!file) return;
    const { id } = await send("/api/pictures", file), values = asked.values;
    asked.values = () => ({ ...values(), data: id });
  }) });
  return field("Or a picture of your own", input);
}

/** @param {any} job @returns {HTMLElement} */
function row(job) {
  const cancel = h("button", { type: "button", class: "small", "aria-label": `Cancel ${job.title}`, onclick: doing(() => ask(`/api/jobs/${job.id}/stop`, {})) }, "Cancel");
  return h("li", {}, badge(job.state), h("div", {}, h("a", { href: `#jobs/${job.id}` }, job.title), h("div", { class: "soft" }, job.said.at(-1) ?? ago(job.created_at))),
    h("div", { class: "acts" }, job.state === "waiting" || job.state === "running" ? cancel : null));
}

/** @param {string} id @returns {Promise<import("./main.js").View>} */
export async function jobView(id) {
  const first = await ask(`/api/jobs/${id}`), place = h("div", { class: "groups" });
  let last = "";
  const draw = (/** @type {any} */ job) => {
    const now = JSON.stringify([job.state, job.said, job.files.length]);
    if (now === last) return;
    last = now;
    const going = GOING.includes(job.state), error = job.answer?.error ?? (job.state === "failed" ? "Its process was ended before it was done." : "");
    const cancel = h("button", { type: "button", onclick: doing(() => ask(`/api/jobs/${id}/stop`, {})) }, "Cancel");
    place.replaceChildren(h("div", { class: "head" }, h("h1", {}, job.title), badge(job.state), h("div", { class: "acts" }, job.state === "waiting" || job.state === "running" ? cancel : null)),
      ...(going ? [busy(job.state === "waiting" ? "Another job is running; this one waits for its turn." : job.said.at(-1) ?? "Getting ready …")] : []),
      ...(error && job.state !== "stopped" ? [h("p", { class: "trouble", role: "alert" }, error)] : []),
      ...answered(job), ...written(job.files), ...[same(job.words, job.python)].filter((one) => one !== null),
      ...(job.said.length ? [h("details", { open: job.state === "failed" }, h("summary", {}, "What its process said"), h("pre", { tabindex: 0 }, job.said.join("\n")))] : []));
  };
  draw(first);
  const stop = every(1, async () => {
    if (GOING.includes(last ? JSON.parse(last)[0] : "waiting")) draw(await ask(`/api/jobs/${id}`));
  });
  return { title: first.title, leave: stop, element: place };
}

/** What a command has found, in rows. @param {any} job @returns {HTMLElement[]} */
function answered(job) {
  const found = job.answer ?? {}, told = Object.entries(found).filter(([name, value]) => !HIDDEN.includes(name) && value !== null && typeof value !== "object");
  const metrics = Object.entries(found.metrics ?? {}).filter(([, value]) => typeof value === "number");
  const rows = [...told, ...metrics].slice(0, 2 * MOST_ROWS).map(([name, value]) => /** @type {[string, string]} */ ([readable(name), typeof value === "number" ? number(value) : String(value)]));
  const verdict = typeof found.verdict === "string" ? found.verdict : found.verdict?.word ?? found.verdict?.verdict;
  const sentences = Array.isArray(found.sentences) ? found.sentences.map((/** @type {string} */ one) => h("p", {}, one)) : [];
  const skipped = (found.skipped ?? []).slice(0, MOST_ROWS).map((/** @type {any} */ one) => h("li", {}, `${one.name}: ${one.reason}`));
  const parts = [verdict ? h("p", { class: "verdict" }, `Verdict: ${verdict}`) : null, ...sentences, rows.length ? facts(rows) : null,
    skipped.length ? h("div", {}, h("h3", {}, `${found.skipped.length} left out`), h("ul", { class: "warnings" }, ...skipped)) : null].filter((one) => one !== null);
  return parts.length ? [panel("What came of it", ...parts)] : [];
}

/** @param {{id: string, name: string, kind: string}[]} files @returns {HTMLElement[]} */
function written(files) {
  if (!files.length) return [];
  const pages = files.filter(({ kind }) => kind === "page"), pictures = files.filter(({ kind }) => kind === "picture"), rest = files.filter(({ kind }) => kind === "file");
  return [panel("What it wrote", ...pages.map((one) => h("p", {}, h("a", { href: `#reports/${one.id}` }, `Open ${one.name}`))),
    pictures.length ? h("div", { class: "thumbs" }, ...pictures.map((one) => h("figure", {}, h("a", { href: `/files/${one.id}`, target: "_blank", rel: "noopener" }, image(`/files/${one.id}`, one.name)), h("figcaption", { title: one.name }, one.name.split("/").at(-1) ?? "")))) : null,
    ...rest.map((one) => h("p", {}, h("a", { href: `/files/${one.id}`, download: "" }, `Save ${one.name}`))))];
}
