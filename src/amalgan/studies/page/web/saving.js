// Pictures and films as files, large enough to be seen, that say what made them.

import { enlarged, png, sheet } from "./png.js";

const LEAST = 96, FILM = 256;

/** @param {import("./engine.js").Facts} facts @param {number} seed @returns {import("./png.js").Origin} with this seed in it */
export function originOf({ origin }, seed) {
  const filled = (/** @type {string} */ text) => text.replaceAll("{seed}", String(seed));
  return { text: Object.fromEntries(Object.entries(origin.text).map(([key, value]) => [key, filled(value)])), xmp: filled(origin.xmp) };
}

/** @param {Uint8ClampedArray[]} all RGBA @param {number[]} shape @param {import("./png.js").Origin} origin
 * @param {number} [columns] @returns {Promise<Uint8Array>} one PNG with all of them */
export function savedSheet(all, [, height, width], origin, columns = 6) {
  const times = Math.max(1, Math.ceil(LEAST / Math.max(height, width)));
  const across = Math.min(columns, all.length);
  const made = sheet(all.map((one) => enlarged(one, width, times)), { width: width * times, columns: across, gap: all.length > 1 ? 4 : 0 });
  return png([made.rgba], { width: made.width, origin });
}

/** @param {Uint8ClampedArray[]} frames RGBA @param {number[]} shape @param {import("./png.js").Origin} origin
 * @returns {Promise<Uint8Array>} an animated PNG */
export function savedFilm(frames, [, height, width], origin) {
  const times = Math.max(1, Math.floor(FILM / Math.max(height, width)));
  return png(frames.map((one) => enlarged(one, width, times)), { width: width * times, origin });
}
