// Mend, for a model that restores: a picture of any size without its noise, holes, blur of scaling, or JPEG artifacts.

import { choice, h, save, slider } from "./dom.js";
import { brush } from "./brush.js";
import { chooser } from "./choosing.js";
import { wholePicture } from "./fitting.js";
import { rgbaOf } from "./pictures.js";
import { png } from "./png.js";
import { normals } from "./random.js";
import { restored, scaledUp } from "./restoring.js";
import { originOf } from "./saving.js";

const WORDS = /** @type {Record<string, string>} */ ({ denoise: "noise", inpaint: "holes", upscale: "enlarge", dejpeg: "JPEG artifacts" });
const MOST_MADE = 4e6, TRIED_NOISE = 25;

/** Before and after, one over the other. @returns {HTMLElement & {show: (before: Float32Array, after: Float32Array | null, shape: number[]) => void}} */
function curtain() {
  const canvas = h("canvas", { width: 1, height: 1, role: "img", "aria-label": "No picture yet" }), pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let sides = /** @type {ImageData[]} */ ([]);
  const draw = () => {
    const from = Math.round(Number(share.input.value) * canvas.width);
    if (sides[0]) pen.putImageData(sides[0], 0, 0);
    if (sides[1]) pen.putImageData(sides[1], 0, 0, from, 0, canvas.width - from, canvas.height);
  };
  const share = slider("Before and after", { min: 0, max: 1, step: 0.01, value: 0.5 }, draw);
  return Object.assign(h("div", { class: "curtain" }, canvas, share), {
    show: (/** @type {Float32Array} */ before, /** @type {Float32Array | null} */ after, /** @type {number[]} */ shape) => {
      Object.assign(canvas, { width: shape[2], height: shape[1] });
      canvas.setAttribute("aria-label", after ? "Before on the left, after on the right" : "The picture, not mended yet");
      canvas.classList.toggle("crisp", Math.max(shape[1], shape[2]) <= 96);
      sides = [before, ...(after ? [after] : [])].map((one) => new ImageData(/** @type {any} */ (rgbaOf(one, shape)), shape[2], shape[1]));
      draw();
    },
  });
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function restoreView(engine) {
  const { facts } = engine, restorer = /** @type {import("./restoring.js").Restorer} */ (facts.restorer);
  const shown = curtain(), bar = h("progress", { max: 1, value: 0, "aria-label": "How far it is" }), said = h("p", { class: "note", role: "status" }, "Choose a picture.");
  let own = /** @type {{x: Float32Array, shape: number[]}} */ ({ x: new Float32Array(), shape: [1, 1, 1] }), name = "", turn = 0;
  const changed = () => {
    const asked = task.value;
    turn += 1;
    bar.value = 0;
    keep.disabled = true;
    strength.hidden = noisy.hidden = asked !== "denoise";
    factor.hidden = asked !== "upscale";
    holes.hidden = asked !== "inpaint";
    go.disabled = !own.x.length || (asked === "inpaint" && !easel.known.some((one) => !one));
    if (own.x.length) shown.show(own.x, null, own.shape);
  };
  const easel = brush("The picture to mend", () => { changed(); });
  const task = choice("What is wrong", Object.keys(restorer.tasks).map((one) => [one, WORDS[one] ?? one]), () => changed());
  const strength = slider("Noise, of 255 (0: not known)", { min: 0, max: Math.floor(restorer.noise), step: 1, value: 0 }, () => changed());
  const factor = choice("Times", Object.keys(restorer.levels).map((one) => [one, one]), () => changed());
  const noisy = h("button", { type: "button", onclick: () => {
    const draws = normals(name, own.x.length, TRIED_NOISE / 127.5);
    take(own.x.map((one, at) => Math.round(127.5 * (Math.min(1, Math.max(-1, one + draws[at])) + 1)) / 127.5 - 1), name, own.shape);
  } }, `Add noise of ${TRIED_NOISE} to try it`);
  const holes = h("div", { class: "stage" }, easel, h("div", { class: "controls" }, ...easel.controls));
  const take = (/** @type {Float32Array} */ x, /** @type {string} */ called, /** @type {number[]} */ shape) => {
    [own, name] = [{ x, shape }, called];
    said.textContent = `${called}: ${shape[2]} × ${shape[1]} pixels.`;
    easel.take(x, shape, false);
  };
  const mend = async () => {
    const mine = ++turn, asked = task.value, times = asked === "upscale" ? Number(factor.value) : 1, sigma = asked === "denoise" ? Number(strength.input.value) : 0;
    if (own.x.length / own.shape[0] * times ** 2 > MOST_MADE) throw new Error("The result would have more than 4 million pixels. Take a smaller factor or picture, or amalgan restore.");
    const before = times > 1 ? scaledUp(own, times) : own, known = asked === "inpaint" ? easel.known.slice() : new Float32Array(before.shape[1] * before.shape[2]).fill(1);
    const level = times > 1 ? restorer.levels[times] : sigma ? sigma / restorer.noise : restorer.untold, began = performance.now();
    said.textContent = "Mending …";
    const after = await restored(engine, before, { task: asked, level, known }, (share) => { bar.value = share; return mine === turn; });
    if (!after) return;
    bar.value = 1;
    keep.disabled = false;
    shown.show(before.x.map((one, at) => one * known[at % known.length]), after, before.shape);
    said.textContent = `Done in ${((performance.now() - began) / 1000).toFixed(1)} s. Move the slider to compare.`;
    view.last = { x: own.x, name, task: asked, level, times, known, after, shape: before.shape };
  };
  const go = h("button", { type: "button", class: "main", disabled: true, onclick: () => mend().catch((error) => { said.textContent = error.message; }) }, "Mend");
  const keep = h("button", { type: "button", disabled: true, onclick: async () => {
    const { after, shape } = view.last;
    save(await png([rgbaOf(after, shape)], { width: shape[2], origin: originOf(facts, 0) }), "mended.png");
  } }, "Save as PNG");
  const choose = chooser(facts, "Mend a picture", take, wholePicture);
  const view = Object.assign(h("section", { class: "view" }, choose,
    h("div", { class: "controls" }, task, strength, factor, noisy, go, keep), bar, said, holes, shown,
    h("p", { class: "note" }, "Up to about one million pixels. The picture is mended in parts that see as far as the model does, so there are no seams.")),
  { last: /** @type {any} */ (null), begin: () => { if (facts.examples.length) choose.pick(0); else changed(); } });
  return view;
}
