// A picture of any size and kind, as the model reads it: cut, filled or distorted as in training.

import { within } from "./arrays.js";
import { penOf } from "./dom.js";
import { floatsOfPixels, planesOf } from "./pictures.js";

const MOST_PIXELS = 1280 * 1024;
const NO_PICTURE = "This file is no picture that the browser can read. Take a PNG, JPEG, WebP or GIF.";

/** @typedef {[number, number, number, number]} Box left, top, width, height */

/** Which part of the source is drawn to which part of the target.
 * @param {string} fit @param {number} width @param {number} height of the source @param {number} across @param {number} down of the target
 * @returns {{from: Box, to: Box}} */
export function boxes(fit, width, height, across, down) {
  const whole = /** @type {Box} */ ([0, 0, width, height]), all = /** @type {Box} */ ([0, 0, across, down]);
  if (fit === "stretch") return { from: whole, to: all };
  if (fit === "pad") {
    const scale = Math.min(across / width, down / height);
    const wide = within(Math.round(width * scale), 1, across), high = within(Math.round(height * scale), 1, down);
    return { from: whole, to: [Math.floor((across - wide) / 2), Math.floor((down - high) / 2), wide, high] };
  }
  const own = fit === "cut" && width >= across && height >= down;
  const scale = own ? 1 : Math.min(width / across, height / down);
  const left = (width - across * scale) / 2, top = (height - down * scale) / 2;
  return { from: [own ? Math.floor(left) : left, own ? Math.floor(top) : top, across * scale, down * scale], to: all };
}

/** @param {Blob} file @returns {Promise<ImageBitmap>} @throws {Error} in a sentence: it is no picture */
function bitmapOf(file) {
  return createImageBitmap(file).catch(() => { throw new Error(NO_PICTURE); });
}

/** @typedef {{shape: number[], fit: string, background: string}} Fit */

/** A picture as large as it is; gray where its channels are equal. @param {Blob} file @param {Fit} told
 * @returns {Promise<{x: Float32Array, shape: number[]}>} @throws {Error} in a sentence: it is no picture, or too large */
export async function wholePicture(file, told) {
  const { width, height } = await bitmapOf(file);
  if (width * height > MOST_PIXELS) throw new Error(`This picture has ${width} × ${height} pixels, and the page takes about one million. Make it smaller, or use amalgan restore.`);
  const planes = await fitted(file, { ...told, shape: [3, height, width], fit: "stretch" }), size = width * height;
  const gray = planes.every((one, at) => one === planes[at % size]);
  return { x: floatsOfPixels(gray ? planes.subarray(0, size) : planes), shape: [gray ? 1 : 3, height, width] };
}

/** @param {Blob} file @param {Fit} told @returns {Promise<Uint8Array>} (C, H, W)
 * @throws {Error} in a sentence: it is no picture */
export async function fitted(file, { shape, fit, background }) {
  const picture = await bitmapOf(file), [channels, height, width] = shape, pen = penOf(new OffscreenCanvas(width, height));
  Object.assign(pen, { fillStyle: background, imageSmoothingQuality: "high" }).fillRect(0, 0, width, height);
  const { from, to } = boxes(fit, picture.width, picture.height, width, height);
  pen.drawImage(picture, ...from, ...to);
  return planesOf(pen.getImageData(0, 0, width, height).data, channels);
}
