// From one code to another, as ``amalgan.paths`` has it: along the great circle, starting and ending at rest.

import { dot, joined } from "./arrays.js";

const PARALLEL = 1e-3;

/** @param {ArrayLike<number>} numbers @returns {number} Euclidean length */
export const length = (numbers) => Math.sqrt(dot(numbers, numbers));

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} share of the way @returns {Float64Array} */
export const line = (a, b, share) => Float64Array.from(a, (one, at) => one + share * (b[at] - one));

/** The point at ``share`` of the way: direction by angle, length in proportion.
 * @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} share @returns {Float64Array} */
export function greatCircle(a, b, share) {
  const near = length(a), far = length(b);
  if (near * far === 0) return line(a, b, share);
  const from = Float64Array.from(a, (one) => one / near), to = Float64Array.from(b, (one) => one / far);
  const angle = 2 * Math.atan2(length(from.map((one, at) => one - to[at])), length(from.map((one, at) => one + to[at])));
  if (angle < PARALLEL || angle > Math.PI - PARALLEL) return line(a, b, share);
  const reach = (near + share * (far - near)) / Math.sin(angle);
  const left = Math.sin((1 - share) * angle), right = Math.sin(share * angle);
  return from.map((one, at) => reach * (left * one + right * to[at]));
}

/** @param {number} share in [0, 1] @returns {number} of a way that starts and ends at rest */
export const eased = (share) => (1 - Math.cos(Math.PI * share)) / 2;

/** There and back again. @param {number} frames an even number @returns {number[]} shares of the way */
export function thereAndBack(frames) {
  const half = frames / 2;
  return Array.from({ length: frames }, (_, at) => (at < half ? eased(at / half) : 1 - eased((at - half) / half)));
}

/** @typedef {{mean: Float32Array, deviation: Float32Array}} Scale */

/** @param {Float32Array} code @param {Scale} scale @returns {Float64Array} in deviations */
const standard = (code, { mean, deviation }) => Float64Array.from(code, (one, at) => (one - mean[at]) / deviation[at]);

/** Codes on the way between two, in the scale that codes have.
 * @param {Float32Array} first @param {Float32Array} last @param {number[]} shares @param {Scale} scale @returns {Float32Array} (shares x K) */
export function codesBetween(first, last, shares, scale) {
  const from = standard(first, scale), to = standard(last, scale);
  return joined(new Float32Array(), ...shares.map((share) =>
    greatCircle(from, to, share).map((one, at) => one * scale.deviation[at] + scale.mean[at])));
}

/** Rows on a closed walk through all stations, the first at the first; each leg starts and ends at rest.
 * @param {Float32Array[]} stations @param {number} frames at least as many @param {Scale} scale @returns {Float32Array} (frames x K) */
export function closedWalk(stations, frames, scale) {
  const starts = Array.from({ length: stations.length + 1 }, (_, at) => Math.floor((at * frames) / stations.length));
  return joined(new Float32Array(), ...stations.map((from, leg) => {
    const count = starts[leg + 1] - starts[leg], shares = Array.from({ length: count }, (_, at) => eased(at / count));
    return codesBetween(from, stations[(leg + 1) % stations.length], shares, scale);
  }));
}
