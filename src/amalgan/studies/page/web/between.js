// Between: two pictures, and what lies on the way from one code to the other.

import { choice, h, save, slider } from "./dom.js";
import { chooser } from "./choosing.js";
import { decoded, decodersOf, encoded } from "./decoding.js";
import { framed, picture } from "./canvas.js";
import { latest } from "./engine.js";
import { codesBetween, thereAndBack } from "./paths.js";
import { rows, squaredError } from "./pictures.js";
import { savedFilm } from "./saving.js";

const STEPS = 7, FRAMES = 48, PACE = 40;

/** @param {import("./engine.js").Example[]} examples @returns {number} which one looks least like the first */
export function farthest([first, ...others]) {
  const far = others.map(({ planes }) => squaredError(Float32Array.from(planes), Float32Array.from(first.planes)));
  return 1 + far.indexOf(Math.max(...far));
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function betweenView(engine) {
  const { facts } = engine, decoders = decodersOf(facts), codes = /** @type {import("./engine.js").Codes} */ (facts.codes);
  const ends = [picture(facts.shape, "First picture"), picture(facts.shape, "Second picture")];
  const live = picture(facts.shape, "The picture between"), ends_codes = /** @type {(Float32Array | null)[]} */ ([null, null]);
  const strip = Array.from({ length: STEPS }, (_, at) => picture(facts.shape, `${Math.round((100 * at) / (STEPS - 1))} % of the way`));
  const way = slider("Way", { min: 0, max: 1, step: 0.01, value: 0.5 }, () => move());
  const decoder = choice("Decoder", decoders.map((name) => [name, name]), () => again());
  const made = async (/** @type {number[]} */ shares) => {
    const [first, last] = /** @type {Float32Array[]} */ (ends_codes);
    const code = codesBetween(first, last, shares, codes.scale);
    return { shares, decoder: decoder.value, ...(await decoded(engine, code, decoder.value, { seed: 0, temperature: 1, still: true })) };
  };
  const move = latest(async () => {
    if (!ends_codes.every(Boolean)) return;
    const found = await made([Number(way.input.value)]);
    live.show(found.x, `The picture at ${Math.round(100 * found.shares[0])} % of the way`);
    view.last = { ...view.last, live: found };
  });
  const again = latest(async () => {
    if (!ends_codes.every(Boolean)) return;
    const found = await made(strip.map((_, at) => at / (STEPS - 1)));
    rows(found.x, facts.shape).forEach((x, at) => strip[at].show(x));
    view.last = { ...view.last, strip: found };
    saving.disabled = false;
    await move();
  });
  const take = (/** @type {number} */ side) => async (/** @type {Float32Array} */ x, /** @type {string} */ name) => {
    ends[side].show(x, `${side ? "Second" : "First"} picture: ${name}`);
    ends_codes[side] = await encoded(engine, x);
    await again();
  };
  const film = async () => save(await savedFilm(facts, (await made(thereAndBack(FRAMES))).x, 0), "between.png");
  const saving = h("button", { type: "button", class: "main", disabled: true, onclick: film }, "Save the film");
  const play = h("button", { type: "button", "aria-pressed": "false", onclick: () => playing(play.getAttribute("aria-pressed") !== "true") }, "Play");
  let timer = 0, at = 0;
  const playing = (/** @type {boolean} */ on) => {
    play.setAttribute("aria-pressed", String(on));
    play.textContent = on ? "Stop" : "Play";
    clearInterval(timer);
    if (on) timer = window.setInterval(() => {
      way.input.value = String(thereAndBack(FRAMES * 2)[at++ % (FRAMES * 2)]);
      way.input.dispatchEvent(new Event("input"));
    }, PACE);
  };
  const choosers = ["From", "To"].map((words, side) => chooser(facts, words, take(side)));
  const view = Object.assign(h("section", { class: "view" },
    h("div", { class: "two" }, ...choosers),
    h("div", { class: "three" }, framed(ends[0], "from"), framed(live, "between"), framed(ends[1], "to")),
    h("div", { class: "controls" }, way, decoders.length > 1 ? decoder : null, play,
      saving),
    h("div", { class: "filmstrip" }, ...strip),
    h("p", { class: "note" }, "The way leads along the great circle between both codes; each picture is decoded from its own code. The film is an animated PNG.")),
  { last: /** @type {any} */ ({}), begin: async () => { if (facts.examples.length > 1) { await choosers[0].pick(0); await choosers[1].pick(farthest(facts.examples)); } }, leave: () => playing(false) });
  return view;
}
