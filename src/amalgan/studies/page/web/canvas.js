// A picture on the page: every pixel of a small one is a clean square.

import { h } from "./dom.js";
import { rgbaOf } from "./pictures.js";

const SMALL = 96;

/** @typedef {HTMLCanvasElement & {show: (x: Float32Array, words?: string) => void}} Picture */

/** An empty picture of a shape; ``show`` fills it. @param {number[]} shape @param {string} words @returns {Picture} */
export function picture(shape, words) {
  const [, height, width] = shape;
  const canvas = h("canvas", { width, height, role: "img", "aria-label": words, class: Math.max(height, width) <= SMALL ? "crisp" : "" });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const show = (/** @type {Float32Array} */ x, now = "") => {
    const image = pen.createImageData(width, height);
    image.data.set(rgbaOf(x, shape));
    pen.putImageData(image, 0, 0);
    if (now) canvas.setAttribute("aria-label", now);
  };
  return Object.assign(canvas, { show });
}

/** @param {Picture} shown @param {string} words @param {Node | string} [more] @returns {HTMLElement} with its name below */
export function framed(shown, words, more = "") {
  return h("figure", {}, shown, h("figcaption", {}, h("span", {}, words), more));
}
