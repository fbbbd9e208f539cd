// Models: what there is, and each one's page in place.

import { h } from "./dom.js";
import { busy, framed, image, nothing } from "./parts.js";
import { ask, doing, ended } from "./server.js";
import { ago, counted, number, readable, sized } from "./words.js";

/** @returns {Promise<import("./main.js").View>} */
export async function modelsView() {
  const { models } = await ask("/api/models");
  const tiles = models.map(tile);
  return { title: "Models", element: h("div", { class: "groups" }, h("h1", {}, "Models"),
    tiles.length ? h("div", { class: "cards" }, ...tiles) : nothing("No model yet. Train one: it is one file, and does everything that its system can.")) };
}

/** @param {any} model @returns {HTMLElement} */
function tile(model) {
  const shape = model.kind === "image" ? `${model.shape[1]}x${model.shape[2]}${model.shape[0] === 1 ? " gray" : " color"}` : `${model.shape[0]} numbers`;
  const said = [model.system, shape, model.data && `on ${model.data}`, model.classes ? `${model.classes} classes` : "", model.images ? `${counted(model.images)} images` : "", sized(model.bytes), ago(model.changed_at)];
  const measures = Object.entries(model.metrics).filter(([, value]) => value !== null).map(([name, value]) => `${readable(name)} ${number(/** @type {number} */ (value))}`);
  return h("article", { class: "panel tile" },
    h("div", { class: "shown" }, model.sheet ? image(`/api/runs/${model.id}/samples/${model.sheet}`, `Pictures by ${model.name}`) : null),
    h("h2", {}, model.name), h("p", { class: "soft note" }, said.filter(Boolean).join(" · ")), measures.length ? h("p", { class: "note figure" }, measures.join(" · ")) : null,
    model.doubts.length ? h("p", { class: "note" }, h("span", { class: "badge failed" }, "caution"), ` ${model.doubts[0]}`) : null,
    h("div", { class: "acts" }, h("a", { href: `#models/${model.id}`, role: "button" }, "Open"), model.measurable ? h("a", { href: `#models/${model.id}/measured` }, "Open with its data") : null));
}

/** The page of a model: made where there is none yet. @param {string} rest @returns {Promise<import("./main.js").View>} */
export async function modelView(rest) {
  const [id, how] = rest.split("/"), measured = how === "measured";
  const { models } = await ask("/api/models"), model = models.find((/** @type {any} */ one) => one.id === id);
  const title = model?.name ?? "Model", place = h("div"), waits = busy(measured ? "Measuring the model on its data, and writing its page …" : "Writing the page of the model …");
  let over = false;
  const open = async () => {
    place.replaceChildren(waits);
    let { page, job } = await ask(`/api/models/${id}/page`, { measured });
    while (!page && !over) {
      const last = await ended(`/api/jobs/${job}`, ({ state, said }) => {
        if (state === "waiting") waits.say("Something else is being looked at; this is next …");
        else if (said.at(-1)) waits.say(said.at(-1));
      }, () => over);
      if (over) return;
      if (last.state !== "done") throw new Error(last.answer?.error ?? "The page could not be written: its process was ended.");
      ({ page, job } = await ask(`/api/models/${id}/page`, { measured }));
    }
    if (over) return;
    place.replaceChildren(framed(`/files/${page}`, `Page of ${title}`));
    saved.hidden = false;
    saved.href = `/files/${page}`;
  };
  const other = measured ? h("a", { href: `#models/${id}` }, "Without its data") : h("a", { href: `#models/${id}/measured` }, "With its data: examples, measures, what is normal");
  const saved = h("a", { hidden: true, download: `${title.split("/").at(-1)}.html`, title: "One file that runs without the studio" }, "Save this page");
  const again = h("button", { type: "button", hidden: true, onclick: doing(open) }, "Try again");
  open().catch((error) => { place.replaceChildren(h("p", { class: "trouble" }, error.message)); again.hidden = false; });
  return { title, leave: () => { over = true; }, element: h("div", { class: "groups" }, h("div", { class: "head" }, h("h1", {}, title), h("div", { class: "acts" }, again, saved, model?.measurable ? other : null)), place) };
}
