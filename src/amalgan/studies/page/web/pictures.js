// Pictures between networks and the screen: float32 in [-1, 1] by channels, RGBA, and on a canvas.

import { average, joined } from "./arrays.js";
import { h, penOf } from "./dom.js";

const SMALL = 96; // every pixel of a small picture is a clean square

/** @param {Float32Array} x (C, H, W) @param {number[]} shape @returns {Uint8ClampedArray} RGBA, rounded as files are */
export function rgbaOf(x, [channels, height, width]) {
  const plane = height * width, from = (/** @type {number} */ at) => (channels === 1 ? 0 : at % 4) * plane + Math.floor(at / 4);
  const shade = (/** @type {number} */ one) => Math.fround(Math.fround(one + 1) * 127.5);
  return Uint8ClampedArray.from({ length: 4 * plane }, (_, at) => (at % 4 === 3 ? 255 : shade(x[from(at)])));
}

/** @param {Uint8ClampedArray} rgba opaque @param {number} channels 1 or 3 @returns {Uint8Array} (C, H, W); gray as Pillow has it */
export function planesOf(rgba, channels) {
  const plane = (/** @type {number} */ color) => Uint8Array.from({ length: rgba.length / 4 }, (_, at) => rgba[4 * at + color]);
  const [red, green, blue] = [plane(0), plane(1), plane(2)];
  if (channels === 3) return joined(red, green, blue);
  return red.map((one, at) => (19595 * one + 38470 * green[at] + 7471 * blue[at] + 0x8000) >> 16);
}

/** @param {Uint8Array} planes @returns {Float32Array} as networks see them */
export function floatsOfPixels(planes) {
  return Float32Array.from(planes, (value) => Math.fround(Math.fround(value * Math.fround(1 / 127.5)) - 1));
}

/** @param {Float32Array} a @param {Float32Array} b @returns {number} mean squared difference */
export function squaredError(a, b) {
  return average(a.map((one, at) => (one - b[at]) ** 2));
}

/** @param {Float32Array} a @param {Float32Array} b in [-1, 1] @returns {number} decibels; infinite where they are equal */
export const psnr = (a, b) => 10 * Math.log10(4 / squaredError(a, b));

/** @param {number} decibels @returns {string} */
export const decibelsText = (decibels) => (Number.isFinite(decibels) ? `${decibels.toFixed(1)} dB` : "equal");

/** @param {Float32Array} a @param {Float32Array} b @param {number} times @returns {Float32Array} how far apart, so many times: black where equal */
export const apart = (a, b, times) => a.map((one, at) => Math.min(1, times * Math.abs(one - b[at]) - 1));

/** @typedef {HTMLCanvasElement & {show: (x: Float32Array, words?: string) => void}} Picture */

/** Give a canvas the size of a picture. @param {HTMLCanvasElement} canvas @param {number[]} shape */
export function sizeTo(canvas, [, height, width]) {
  Object.assign(canvas, { width, height });
  canvas.classList.toggle("crisp", Math.max(height, width) <= SMALL);
}

/** @param {Float32Array} x @param {number[]} shape @returns {ImageData} what a canvas can be given */
export const imageOf = (x, shape) => new ImageData(/** @type {any} */ (rgbaOf(x, shape)), shape[2], shape[1]);

/** An empty picture of a shape; ``show`` fills it. @param {number[]} shape @param {string} words @returns {Picture} */
export function picture(shape, words) {
  const canvas = h("canvas", { role: "img", "aria-label": words });
  const show = (/** @type {Float32Array} */ x, now = "") => {
    penOf(canvas).putImageData(imageOf(x, shape), 0, 0);
    if (now) canvas.setAttribute("aria-label", now);
  };
  sizeTo(canvas, shape);
  return Object.assign(canvas, { show });
}

/** @param {Picture} shown @param {string} words @param {Node | string} [more] @returns {HTMLElement} with its name below */
export function framed(shown, words, more = "") {
  return h("figure", {}, shown, h("figcaption", {}, h("span", {}, words), more));
}
