// What a graph is fed: given numbers, and draws that follow from a seed.

import { normals, uniforms } from "./random.js";

/** @typedef {{data: Float32Array | BigInt64Array, dims: number[]}} Tensor */
/** @typedef {{name: string, dtype: string, shape: (number | string)[], drawn: string}} Port */
/** @typedef {{seed: number, temperature: number, still?: boolean}} Chance */

/** @param {Float32Array} data @param {number[]} shape of one @returns {Tensor} a batch */
export function batch(data, shape) {
  return { data, dims: [data.length / size(shape), ...shape] };
}

/** @param {number[]} labels @returns {Tensor} */
export function labeled(labels) {
  return { data: BigInt64Array.from(labels, BigInt), dims: [labels.length] };
}

/** @param {number[]} shape @returns {number} */
export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

/** Every drawn input of a graph.
 * @param {Port[]} ports @param {number} count @param {Chance} chance ``still`` draws one row for all
 * @returns {Record<string, Tensor>} */
export function draws(ports, count, chance) {
  const drawn = ports.filter((port) => port.drawn);
  return Object.fromEntries(drawn.map((port) => [port.name, draw(port, count, chance)]));
}

/** @param {Port} port @param {number} count @param {Chance} chance @returns {Tensor} */
function draw(port, count, { seed, temperature, still = false }) {
  const shape = /** @type {number[]} */ (port.shape.slice(1));
  const key = `${seed}/${port.name}`, dims = [count, ...shape], rows = still ? 1 : count;
  const length = rows * size(shape);
  if (port.drawn === "normal") return { data: spread(normals(key, length, temperature), count / rows), dims };
  if (port.drawn === "uniform") return { data: spread(uniforms(key, length), count / rows), dims };
  const below = Number(port.drawn.split(" ").pop());
  const whole = spread(uniforms(key, length), count / rows);
  return { data: BigInt64Array.from(whole, (one) => BigInt(Math.floor(one * below))), dims };
}

/** @template {Float32Array | BigInt64Array} T @param {T} row @param {number} times @returns {T} the row so many times */
export function spread(row, times) {
  if (times === 1) return row;
  const all = new /** @type {any} */ (row.constructor)(row.length * times);
  for (let at = 0; at < times; at++) all.set(row, at * row.length);
  return all;
}
