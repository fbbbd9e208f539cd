// Models: what there is, and each one's page in place.

import { div, h, note } from "./dom.js";
import { framed, head, image, later, NEXT, nothing } from "./parts.js";
import { ask, ended } from "./server.js";
import { ago, counted, number, readable, sized } from "./words.js";

const ENDED = "The page could not be written: its process was ended.";
const NONE = "No model yet. Train one: it is one file, and does everything that its system can.";

/** @returns {Promise<import("./main.js").View>} */
export async function modelsView() {
  const { models } = await ask("/api/models");
  return { title: "Models", element: div("groups", h("h1", {}, "Models"), models.length ? div("cards", ...models.map(tile)) : nothing(NONE)) };
}

/** @param {any} model @returns {HTMLElement} */
function tile({ id, name, system, kind, shape: [first, ...sides], data, classes, images, bytes, changed_at: at, metrics, sheet, doubts, measurable }) {
  const shape = kind === "image" ? `${sides.join("x")} ${first === 1 ? "gray" : "color"}` : `${first} numbers`;
  const said = [system, shape, data && `on ${data}`, classes ? `${classes} classes` : "", images ? `${counted(images)} images` : "", sized(bytes), ago(at)];
  const measures = Object.entries(metrics).flatMap(([one, value]) => (value === null ? [] : [`${readable(one)} ${number(value)}`]));
  return h("article", { class: "panel tile" },
    div("shown", sheet ? image(`/api/runs/${id}/samples/${sheet}`, `Pictures by ${name}`) : null),
    h("h2", {}, name), h("p", { class: "soft note" }, said.filter(Boolean).join(" · ")),
    measures.length ? h("p", { class: "note figure" }, measures.join(" · ")) : null,
    doubts.length ? note(h("span", { class: "badge failed" }, "caution"), ` ${doubts[0]}`) : null,
    div("acts", h("a", { href: `#models/${id}`, role: "button" }, "Open"),
      measurable ? h("a", { href: `#models/${id}/measured` }, "Open with its data") : null));
}

/** The page of a model: made where there is none yet. @param {string} rest @returns {Promise<import("./main.js").View>} */
export async function modelView(rest) {
  const [id, how] = rest.split("/"), measured = how === "measured";
  const { models } = await ask("/api/models"), model = models.find((/** @type {any} */ one) => one.id === id), title = model?.name ?? "Model";
  const saved = h("a", { hidden: true, download: `${title.split("/").at(-1)}.html`, title: "One file that runs without the studio" }, "Save this page");
  const said = measured ? "Measuring the model on its data, and writing its page …" : "Writing the page of the model …";
  const open = /** @type {Parameters<typeof later>[1]} */ (async (waits, left) => {
    const { page, job } = await ask(`/api/models/${id}/page`, { measured });
    if (page) {
      Object.assign(saved, { hidden: false, href: `/files/${page}` });
      return framed(`/files/${page}`, `Page of ${title}`);
    }
    const last = await ended(`/api/jobs/${job}`, (now) => waits.say(now.state === "waiting" ? NEXT : now.said.at(-1) ?? said), left);
    if (!left() && last.state !== "done") throw new Error(last.answer?.error ?? ENDED);
    return left() ? waits : open(waits, left);
  });
  const [to, words] = measured ? ["", "Without its data"] : ["/measured", "With its data: examples, measures, what is normal"];
  const other = model?.measurable ? h("a", { href: `#models/${id}${to}` }, words) : null, { place, leave } = later(said, open);
  return { title, leave, element: div("groups", head(title, div("acts", saved, other)), place) };
}
