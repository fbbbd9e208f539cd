// Mend, for a model that restores: a picture of any size without its noise, holes, blur of scaling, or JPEG artifacts.

import { within } from "./arrays.js";
import { brush } from "./brush.js";
import { button, choice, div, h, note, penOf, save, slider } from "./dom.js";
import { chooser } from "./choosing.js";
import { wholePicture } from "./fitting.js";
import { imageOf, sizeTo } from "./pictures.js";
import { normals } from "./random.js";
import { restored, scaledUp } from "./restoring.js";
import { savedPicture } from "./saving.js";

const WORDS = /** @type {Record<string, string>} */ ({ denoise: "noise", inpaint: "holes", upscale: "enlarge", dejpeg: "JPEG artifacts" });
const MOST_MADE = 4e6, TRIED_NOISE = 25;
const TOO_LARGE = "The result would have more than 4 million pixels. Take a smaller factor or picture, or amalgan restore.";

/** Before and after, one over the other.
 * @returns {HTMLElement & {show: (before: Float32Array, after: Float32Array | null, shape: number[]) => void}} */
function curtain() {
  const canvas = h("canvas", { width: 1, height: 1, role: "img", "aria-label": "No picture yet" }), pen = penOf(canvas);
  let sides = /** @type {ImageData[]} */ ([]);
  const draw = () => {
    const from = Math.round(Number(share.input.value) * canvas.width);
    sides.forEach((one, at) => pen.putImageData(one, 0, 0, at * from, 0, canvas.width - at * from, canvas.height));
  };
  const share = slider("Before and after", { min: 0, max: 1, step: 0.01, value: 0.5 }, draw);
  const show = (/** @type {Float32Array} */ before, /** @type {Float32Array | null} */ after, /** @type {number[]} */ shape) => {
    sizeTo(canvas, shape);
    canvas.setAttribute("aria-label", after ? "Before on the left, after on the right" : "The picture, not mended yet");
    sides = [before, ...(after ? [after] : [])].map((one) => imageOf(one, shape));
    draw();
  };
  return Object.assign(div("curtain", canvas, share), { show });
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement} */
export function restoreView(engine) {
  const { facts } = engine, restorer = /** @type {import("./restoring.js").Restorer} */ (facts.restorer), shown = curtain();
  const bar = h("progress", { max: 1, value: 0, "aria-label": "How far it is" });
  const said = h("p", { class: "note", role: "status" }, "Choose a picture.");
  let own = /** @type {import("./restoring.js").Picture1} */ ({ x: new Float32Array(), shape: [1, 1, 1] }), name = "", turn = 0;
  const changed = () => {
    const asked = task.value;
    turn += 1;
    bar.value = 0;
    keep.disabled = true;
    strength.hidden = noisy.hidden = asked !== "denoise";
    factor.hidden = asked !== "upscale";
    easel.hidden = asked !== "inpaint";
    go.disabled = !own.x.length || (asked === "inpaint" && easel.known.every(Boolean));
    if (own.x.length) shown.show(own.x, null, own.shape);
  };
  const easel = brush("The picture to mend", () => changed());
  const named = Object.keys(restorer.tasks).map((one) => /** @type {[string, string]} */ ([one, WORDS[one] ?? one]));
  const task = choice("What is wrong", named, () => changed());
  const strength = slider("Noise, of 255 (0: not known)", { min: 0, max: Math.floor(restorer.noise), step: 1, value: 0 }, () => changed());
  const factor = choice("Times", Object.keys(restorer.levels).map((one) => [one, one]), () => changed());
  const noisy = button(`Add noise of ${TRIED_NOISE} to try it`, () => {
    const draws = normals(name, own.x.length, TRIED_NOISE / 127.5);
    take(own.x.map((one, at) => Math.round(127.5 * (within(one + draws[at]) + 1)) / 127.5 - 1), name, own.shape);
  });
  const take = (/** @type {Float32Array} */ x, /** @type {string} */ called, /** @type {number[]} */ shape) => {
    [own, name] = [{ x, shape }, called];
    said.textContent = `${called}: ${shape[2]} × ${shape[1]} pixels.`;
    easel.take(x, shape, false);
  };
  const mend = async () => {
    const mine = ++turn, asked = task.value, times = asked === "upscale" ? Number(factor.value) : 1;
    const sigma = asked === "denoise" ? Number(strength.input.value) : 0, pixels = own.shape[1] * own.shape[2] * times ** 2;
    if (pixels > MOST_MADE) throw new Error(TOO_LARGE);
    const before = times > 1 ? scaledUp(own, times) : own, began = performance.now();
    const known = asked === "inpaint" ? easel.known.slice() : new Float32Array(pixels).fill(1);
    const level = times > 1 ? restorer.levels[times] : sigma ? sigma / restorer.noise : restorer.untold;
    const going = (/** @type {number} */ share) => { bar.value = share; return mine === turn; };
    said.textContent = "Mending …";
    const after = await restored(engine, before, { task: asked, level, known }, going);
    if (!after) return;
    bar.value = 1;
    keep.disabled = false;
    shown.show(before.x.map((one, at) => one * known[at % known.length]), after, before.shape);
    said.textContent = `Done in ${((performance.now() - began) / 1000).toFixed(1)} s. Move the slider to compare.`;
    view.last = { x: own.x, name, task: asked, level, times, known, after, shape: before.shape };
  };
  const go = button("Mend", () => mend().catch(({ message }) => { said.textContent = message; }), { class: "main", disabled: true });
  const saved = async () => save(await savedPicture(facts, view.last.after, view.last.shape), "mended.png");
  const keep = button("Save as PNG", saved, { disabled: true });
  const choose = chooser(facts, "Mend a picture", take, wholePicture);
  const view = Object.assign(h("section", { class: "view" }, choose,
    div("controls", task, strength, factor, noisy, go, keep), bar, said, easel, shown,
    note("Up to about one million pixels. "
      + "The picture is mended in parts that see as far as the model does, so there are no seams.")),
  { last: /** @type {any} */ (null), begin: () => { changed(); choose.begin(); } });
  return view;
}
