// Pictures and films as files, large enough to be seen, that say what made them.

import { rows } from "./arrays.js";
import { rgbaOf } from "./pictures.js";
import { enlarged, png, sheet } from "./png.js";

const LEAST = 96, FILM = 256;

/** @typedef {import("./engine.js").Facts} Facts */

/** @param {Facts} facts @param {number} seed @returns {import("./png.js").Origin} with this seed in it */
function originOf({ origin }, seed) {
  const filled = (/** @type {string} */ text) => text.replaceAll("{seed}", String(seed));
  const text = Object.entries(origin.text).map(([key, value]) => [key, filled(value)]);
  return { text: Object.fromEntries(text), xmp: filled(origin.xmp) };
}

/** Pictures with every pixel a square of so many. @param {Facts} facts @param {Float32Array} x @param {number} times
 * @returns {Uint8ClampedArray[]} RGBA */
const squares = ({ shape }, x, times) => rows(x, shape).map((one) => enlarged(rgbaOf(one, shape), shape[2], times));

/** @param {Facts} facts @param {Float32Array} x a picture @param {number[]} shape its own @returns {Promise<Uint8Array>} one PNG, as large as it is */
export const savedPicture = (facts, x, shape) => png([rgbaOf(x, shape)], { width: shape[2], origin: originOf(facts, 0) });

/** @param {Facts} facts @param {Float32Array} x some pictures @param {number} seed
 * @param {number} [columns] @returns {Promise<Uint8Array>} one PNG with all of them */
export function savedSheet(facts, x, seed, columns = 6) {
  const [, height, width] = facts.shape, times = Math.max(1, Math.ceil(LEAST / Math.max(height, width)));
  const all = squares(facts, x, times);
  const made = sheet(all, { width: width * times, columns: Math.min(columns, all.length), gap: all.length > 1 ? 4 : 0 });
  return png([made.rgba], { width: made.width, origin: originOf(facts, seed) });
}

/** @param {Facts} facts @param {Float32Array} x a picture a frame @param {number} seed
 * @returns {Promise<Uint8Array>} an animated PNG */
export function savedFilm(facts, x, seed) {
  const [, height, width] = facts.shape, times = Math.max(1, Math.floor(FILM / Math.max(height, width)));
  return png(squares(facts, x, times), { width: width * times, origin: originOf(facts, seed) });
}
