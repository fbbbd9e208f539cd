// Rows of numbers: how many, one by one, one after the other.

/** @param {number[]} shape @returns {number} how many numbers it has */
export const size = (shape) => shape.reduce((product, side) => product * side, 1);

/** @template {Float32Array | Uint8ClampedArray} T @param {T} all (B, ...) @param {number[]} shape of one @returns {T[]} one by one */
export function rows(all, shape) {
  const length = size(shape);
  const one = (/** @type {number} */ at) => /** @type {T} */ (all.subarray(at * length, (at + 1) * length));
  return Array.from({ length: all.length / length }, (_, at) => one(at));
}

/** @template {Float32Array | Uint8Array | BigInt64Array} T @param {...(T | ArrayLike<any>)} parts the first of the type wanted
 * @returns {T} all of them, one after the other */
export function joined(...parts) {
  const Type = /** @type {any} */ (parts[0]).constructor, all = new Type(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
  return all;
}

/** @template {Float32Array | BigInt64Array} T @param {T} row @param {number} times @returns {T} the row so many times */
export const spread = (row, times) => joined(row, ...Array(times - 1).fill(row));

/** @param {number[] | Float32Array | Float64Array | Int32Array} numbers @returns {number} their sum */
export const total = (numbers) => /** @type {number[]} */ (numbers).reduce((sum, one) => sum + one, 0);

/** @param {number[] | Float32Array} numbers @returns {number} their mean */
export const average = (numbers) => total(numbers) / numbers.length;

/** @param {Float32Array[]} all as long as each other @returns {Float32Array} the mean of each number over all */
export const meanRow = (all) => all[0].map((_, at) => average(all.map((one) => one[at])));

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b as long @returns {number} */
export function dot(a, b) {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}

/** @param {number} value @param {number} [low] @param {number} [high] @returns {number} the nearest between them */
export const within = (value, low = -1, high = 1) => Math.min(high, Math.max(low, value));
