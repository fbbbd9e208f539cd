// Pictures and films as files, large enough to be seen, that say what made them.

import { rgbaOf, rows } from "./pictures.js";
import { enlarged, png, sheet } from "./png.js";

const LEAST = 96, FILM = 256;

/** @param {import("./engine.js").Facts} facts @param {number} seed @returns {import("./png.js").Origin} with this seed in it */
export function originOf({ origin }, seed) {
  const filled = (/** @type {string} */ text) => text.replaceAll("{seed}", String(seed));
  return { text: Object.fromEntries(Object.entries(origin.text).map(([key, value]) => [key, filled(value)])), xmp: filled(origin.xmp) };
}

/** @param {import("./engine.js").Facts} facts @param {Float32Array} x some pictures @param {number} seed
 * @param {number} [columns] @returns {Promise<Uint8Array>} one PNG with all of them */
export function savedSheet(facts, x, seed, columns = 6) {
  const [, height, width] = facts.shape, times = Math.max(1, Math.ceil(LEAST / Math.max(height, width)));
  const all = rows(x, facts.shape).map((one) => enlarged(rgbaOf(one, facts.shape), width, times));
  const made = sheet(all, { width: width * times, columns: Math.min(columns, all.length), gap: all.length > 1 ? 4 : 0 });
  return png([made.rgba], { width: made.width, origin: originOf(facts, seed) });
}

/** @param {import("./engine.js").Facts} facts @param {Float32Array} x a picture a frame @param {number} seed
 * @returns {Promise<Uint8Array>} an animated PNG */
export function savedFilm(facts, x, seed) {
  const [, height, width] = facts.shape, times = Math.max(1, Math.floor(FILM / Math.max(height, width)));
  const frames = rows(x, facts.shape).map((one) => enlarged(rgbaOf(one, facts.shape), width, times));
  return png(frames, { width: width * times, origin: originOf(facts, seed) });
}
