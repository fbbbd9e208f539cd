// Between: two pictures, and what lies on the way from one code to the other.

import { rows } from "./arrays.js";
import { button, div, h, latest, note, save, slider } from "./dom.js";
import { chooser } from "./choosing.js";
import { decoded, decoderChoice, encoded } from "./decoding.js";
import { codesBetween, thereAndBack } from "./paths.js";
import { framed, picture, squaredError } from "./pictures.js";
import { savedFilm } from "./saving.js";

const STEPS = 7, FRAMES = 48, PACE = 40;

/** @param {import("./engine.js").Example[]} examples @returns {number} which one looks least like the first */
export function farthest([first, ...others]) {
  const far = others.map(({ planes }) => squaredError(Float32Array.from(planes), Float32Array.from(first.planes)));
  return 1 + far.indexOf(Math.max(...far));
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function betweenView(engine) {
  const { facts } = engine, { scale } = /** @type {import("./engine.js").Codes} */ (facts.codes);
  const ends = [picture(facts.shape, "First picture"), picture(facts.shape, "Second picture")];
  const live = picture(facts.shape, "The picture between"), codes = /** @type {Float32Array[]} */ ([]);
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} % of the way`;
  const shares = Array.from({ length: STEPS }, (_, at) => at / (STEPS - 1)), chance = { seed: 0, temperature: 1, still: true };
  const strip = shares.map((share) => picture(facts.shape, percent(share)));
  const way = slider("Way", { min: 0, max: 1, step: 0.01, value: 0.5 }, () => move());
  const decoder = decoderChoice(facts, () => again());
  const made = async (/** @type {number[]} */ at) => {
    const found = await decoded(engine, codesBetween(codes[0], codes[1], at, scale), decoder.value, chance);
    return { shares: at, decoder: decoder.value, ...found };
  };
  const move = latest(async () => {
    if (!codes[0] || !codes[1]) return;
    const found = await made([Number(way.input.value)]);
    live.show(found.x, `The picture at ${percent(found.shares[0])}`);
    view.last = { ...view.last, live: found };
  });
  const again = latest(async () => {
    if (!codes[0] || !codes[1]) return;
    const found = await made(shares);
    rows(found.x, facts.shape).forEach((x, at) => strip[at].show(x));
    view.last = { ...view.last, strip: found };
    saving.disabled = false;
    await move();
  });
  const take = (/** @type {number} */ side) => async (/** @type {Float32Array} */ x, /** @type {string} */ name) => {
    ends[side].show(x, `${side ? "Second" : "First"} picture: ${name}`);
    codes[side] = await encoded(engine, x);
    await again();
  };
  const film = async () => save(await savedFilm(facts, (await made(thereAndBack(FRAMES))).x, 0), "between.png");
  const saving = button("Save the film", film, { class: "main", disabled: true });
  const play = button("Play", () => playing(!timer), { "aria-pressed": "false" });
  let timer = 0, at = 0;
  const playing = (/** @type {boolean} */ on) => {
    play.setAttribute("aria-pressed", String(on));
    play.textContent = on ? "Stop" : "Play";
    clearInterval(timer);
    timer = on ? window.setInterval(() => {
      way.input.value = String(thereAndBack(FRAMES * 2)[at++ % (FRAMES * 2)]);
      way.input.dispatchEvent(new Event("input"));
    }, PACE) : 0;
  };
  const choosers = ["From", "To"].map((words, side) => chooser(facts, words, take(side)));
  const begin = () => {
    if (facts.examples.length < 2) return;
    choosers[0].begin();
    choosers[1].pick(farthest(facts.examples));
  };
  const view = Object.assign(h("section", { class: "view" },
    div("two", ...choosers),
    div("three", framed(ends[0], "from"), framed(live, "between"), framed(ends[1], "to")),
    div("controls", way, decoder, play, saving), div("filmstrip", ...strip),
    note("The way leads along the great circle between both codes; each picture is decoded from its own code. "
      + "The film is an animated PNG.")), { last: /** @type {any} */ ({}), begin, leave: () => playing(false) });
  return view;
}
