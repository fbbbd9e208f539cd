// How strange a picture is: the density of its code and errors, its rank among normal ones, and where it is strange.

import { average, dot, meanRow, rows, total } from "./arrays.js";

/** @typedef {{logWeight: Float64Array, center: Float64Array, factor: Float64Array, mean: Float64Array, deviation: Float64Array}} Mixture */

/** The mean over squares around each pixel, those within the picture: of each line, then down. @param {Float32Array} plane
 * @param {number} width @param {number} side odd @returns {Float32Array} */
export function smoothed(plane, width, side) {
  const reach = (side - 1) / 2, line = (/** @type {number} */ at) => Math.floor(at / width), lines = rows(plane, [width]);
  const near = (/** @type {any} */ list, /** @type {number} */ at) => list.slice(Math.max(0, at - reach), at + reach + 1);
  const across = rows(plane.map((_, at) => average(near(lines[line(at)], at % width))), [width]);
  return plane.map((_, at) => average(near(across, line(at)).map((/** @type {Float32Array} */ one) => one[at % width])));
}

/** @param {Float32Array} a @param {Float32Array} b (C, H, W) @param {number} plane pixels
 * @returns {Float32Array} the squared difference of each pixel, a mean over channels */
export const errorMap = (a, b, plane) => meanRow(rows(a.map((one, at) => (one - b[at]) ** 2), [plane]));

/** The logarithm of a mixture of Gaussians, whose factors are lower triangles.
 * @param {ArrayLike<number>} place @param {Mixture} mixture @returns {number} nats */
export function logDensity(place, { logWeight, center, factor, mean, deviation }) {
  const size = mean.length, half = (size * Math.log(2 * Math.PI)) / 2;
  const standard = Float64Array.from({ length: size }, (_, at) => Math.fround((place[at] - mean[at]) / deviation[at]));
  const parts = Array.from(logWeight, (weight, part) => {
    const solved = new Float64Array(size);
    let logs = 0;
    for (let row = 0; row < size; row++) {
      const from = (part * size + row) * size, known = dot(factor.subarray(from, from + row), solved);
      solved[row] = (standard[row] - center[part * size + row] - known) / factor[from + row];
      logs += Math.log(factor[from + row]);
    }
    return weight - half - dot(solved, solved) / 2 - logs;
  });
  const most = Math.max(...parts);
  return most + Math.log(total(parts.map((one) => Math.exp(one - most)))) - total(deviation.map(Math.log));
}

/** @param {Float64Array} normal scores in ascending order @param {number} score
 * @returns {{stranger: number, of: number, p: number}} how many normal ones are at least as strange */
export function rank(normal, score) {
  const stranger = normal.filter((one) => one >= score).length;
  return { stranger, of: normal.length, p: (1 + stranger) / (normal.length + 1) };
}

/** @param {ArrayLike<number>} error of each pixel @param {{mean: Float64Array, deviation: Float64Array}} usual
 * @returns {Float32Array} deviations above what is usual there */
export function excess(error, { mean, deviation }) {
  return Float32Array.from(error, (one, at) => Math.max(0, (one - mean[at]) / deviation[at]));
}

/** @param {Float32Array} x (C, H, W) @param {Float32Array} heat @param {number} full what is shown in full color
 * @returns {Float32Array} (3, H, W): the picture in gray, hot places in orange */
export function painted(x, heat, full) {
  const plane = heat.length, luma = x.length === plane ? [1] : [0.299, 0.587, 0.114], found = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at++) {
    const gray = total(luma.map((part, color) => part * (x[color * plane + at] + 1) * 127.5));
    const share = 0.92 * Math.min(1, heat[at] / (full || 1));
    [240, 110, 10].forEach((hot, color) => {
      found[color * plane + at] = ((1 - share) * (45 + (gray * 170) / 255) + share * hot) / 127.5 - 1;
    });
  }
  return found;
}
