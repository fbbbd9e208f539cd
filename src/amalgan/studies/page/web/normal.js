// Is it normal?: how strange a picture is among those that the model was not trained on, and where.

import { joined, rows, within } from "./arrays.js";
import { button, div, h, latest, note, soft } from "./dom.js";
import { chooser } from "./choosing.js";
import { batch } from "./feeds.js";
import { encoded } from "./decoding.js";
import { errorMap, excess, logDensity, painted, rank, smoothed } from "./judging.js";
import { framed, picture, squaredError } from "./pictures.js";

const ALARM = 0.05;

/** @param {{stranger: number, of: number, p: number}} found @returns {string} */
export function verdict({ stranger, of, p }) {
  const word = p <= ALARM ? "Unusual" : "Nothing unusual";
  return `${word}: of ${of.toLocaleString("en")} normal pictures, ${stranger.toLocaleString("en")} look as strange or stranger (p = ${p.toPrecision(2)}).`;
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function normalView(engine) {
  const { facts } = engine, { shape } = facts, normal = /** @type {import("./engine.js").Normal} */ (facts.normal);
  const [, height, width] = shape, own = picture(shape, "The picture"), again = picture(shape, "The faithful decode");
  const hot = picture([3, height, width], "Where the decode is unusually wrong"), said = h("p", { class: "verdict", role: "status" });
  const judge = latest(async (/** @type {Float32Array} */ x, /** @type {string} */ name) => {
    const code = await encoded(engine, x), raw = await engine.run("decode", { code: batch(code, [code.length]) });
    const drift = squaredError(await encoded(engine, raw.map((one) => within(one))), code);
    const logs = [squaredError(raw, x), drift].map((one) => Math.log(one + normal.finest));
    const score = -logDensity([...code, ...logs], normal.mixture), ranked = rank(normal.scores, score);
    const heat = excess(smoothed(errorMap(raw, x, height * width), width, normal.side), normal.usual);
    again.show(raw);
    own.show(x, `The picture: ${name}`);
    hot.show(painted(x, heat, normal.usual.full));
    said.textContent = verdict(ranked);
    said.classList.toggle("trouble", ranked.p <= ALARM);
    view.last = { x, name, score, heat, ...ranked };
  });
  const choose = chooser(facts, "Judge a picture", judge);
  const reversed = () => joined(...rows(view.last.x, [height * width]).map((plane) => plane.slice().reverse()));
  const turnOver = () => { if (view.last) judge(reversed(), "upside down"); };
  const view = Object.assign(h("section", { class: "view" }, choose, said,
    div("three", framed(own, "picture"), framed(again, "faithful decode"), framed(hot, "where", soft("orange: worse than usual"))),
    div("controls", button("Turn it upside down", turnOver)),
    note(`Compared with the ${normal.source}, which the model was not trained on. Of normal pictures, one in twenty is called unusual.`)),
  { last: /** @type {any} */ (null), begin: choose.begin });
  return view;
}
