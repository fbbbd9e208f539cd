// What a graph is fed: given numbers, and draws that follow from a seed.

import { size, spread } from "./arrays.js";
import { normals, uniforms } from "./random.js";

/** @typedef {{data: Float32Array | BigInt64Array, dims: number[]}} Tensor */
/** @typedef {{name: string, dtype: string, shape: (number | string)[], drawn: string}} Port */
/** @typedef {{seed: number, temperature: number, still?: boolean}} Chance */

/** @param {Float32Array} data @param {number[]} shape of one @returns {Tensor} a batch */
export const batch = (data, shape) => ({ data, dims: [data.length / size(shape), ...shape] });

/** @param {number[]} labels @returns {Tensor} */
export const labeled = (labels) => ({ data: BigInt64Array.from(labels, BigInt), dims: [labels.length] });

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
  const drawn = (port.drawn === "normal" ? normals : uniforms)(key, rows * size(shape), temperature);
  const data = spread(drawn, count / rows), below = Number(port.drawn.split(" ").pop());
  if (["normal", "uniform"].includes(port.drawn)) return { data, dims };
  return { data: BigInt64Array.from(data, (one) => BigInt(Math.floor(one * below))), dims };
}
