// Which part of a map is seen: moved, zoomed, or fitted to some of its points.

import { bytesOf } from "./base64.js";

const FINEST = 65535, ROOM = 0.92, LEAST = 0.3, MOST = 2e5, THIN = 1e-3;

/** @typedef {ReturnType<typeof camera>} Camera */

/** @param {string} text base64 of 16-bit whole numbers @returns {Float64Array} places in [0, 1], x and y in turn */
export const placesOf = (text) => Float64Array.from(new Uint16Array(bytesOf(text).buffer), (one) => one / FINEST);

/** @param {number[]} numbers @returns {[number, number]} least and most; of thousands, which Math.min does not take at once */
function ends(numbers) {
  return numbers.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);
}

/** @param {Float64Array} places x and y in turn */
export function camera(places) {
  const all = Array.from({ length: places.length / 2 }, (_, row) => row), seen = { x: 0, y: 0, scale: 1, width: 1, height: 1 };
  const across = (/** @type {number} */ row) => (places[2 * row] - seen.x) * seen.scale;
  const down = (/** @type {number} */ row) => (places[2 * row + 1] - seen.y) * seen.scale;
  const box = (/** @type {number[]} */ rows, margin = 0) => {
    const [left, right] = ends(rows.map((row) => places[2 * row])), [top, bottom] = ends(rows.map((row) => places[2 * row + 1]));
    const width = Math.max(right - left + 2 * margin, THIN), height = Math.max(bottom - top + 2 * margin, THIN);
    return { x: (left + right) / 2, y: (top + bottom) / 2, scale: Math.min(seen.width / width, seen.height / height) };
  };
  const fit = (rows = all, margin = 0) => {
    Object.assign(seen, box(rows, margin));
    seen.scale *= ROOM;
    move(-seen.width / 2, -seen.height / 2);
  };
  const shift = (/** @type {number} */ x, /** @type {number} */ y) => Object.assign(seen, { x: seen.x + x, y: seen.y + y });
  const move = (/** @type {number} */ right, /** @type {number} */ below) => shift(right / seen.scale, below / seen.scale);
  const zoom = (/** @type {number} */ times, x = seen.width / 2, y = seen.height / 2) => {
    const least = LEAST * Math.min(seen.width, seen.height), scale = Math.min(MOST, Math.max(least, seen.scale * times));
    shift(x / seen.scale - x / scale, y / seen.scale - y / scale);
    seen.scale = scale;
  };
  const within = (/** @type {number} */ left, /** @type {number} */ top, /** @type {number} */ right, /** @type {number} */ bottom) =>
    all.filter((row) => across(row) >= left && across(row) <= right && down(row) >= top && down(row) <= bottom);
  const grown = () => seen.scale / box(all).scale;
  return { seen, across, down, fit, move, zoom, within, grown };
}
