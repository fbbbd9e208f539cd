// Holes filled by the decode that agrees with what is known, as ``amalgan restore --task inpaint`` finds it.

import { dot, joined, rows, total } from "./arrays.js";
import { batch } from "./feeds.js";
import { encoded } from "./decoding.js";

const KEEP = 0.9, KEEP_SQUARE = 0.999, TINY = 1e-8; // Adam's own

/** @typedef {{steps: number, rate: number, error: number, starts: number, tried: number, center: Float32Array, axes: Float32Array, drawn: Float32Array}} Search */

/** Holes in the mean color of what is known. @param {Float32Array} x (C, H, W) @param {Float32Array} known (H, W): 0 in holes
 * @returns {Float32Array} */
export function filledByMean(x, known) {
  const count = Math.max(1, total(known));
  const means = rows(x, [known.length]).map((plane) => dot(plane, known) / count);
  return x.map((one, at) => (known[at % known.length] > 0 ? one : means[Math.floor(at / known.length)]));
}

/** @param {Float32Array} code @param {Search} search @returns {Float64Array} where it lies, in deviations along the axes */
export function placeOf(code, { center, axes }) {
  const away = Float64Array.from(code, (one, at) => one - center[at]);
  return Float64Array.from(rows(axes, [code.length]), (axis) => dot(axis, away) / dot(axis, axis));
}

/** @param {ArrayLike<number>} place @param {Search} search @returns {Float32Array} */
export function codeOf(place, { center, axes }) {
  const code = Float64Array.from(center), size = code.length;
  for (let row = 0; row < size; row++) for (let at = 0; at < size; at++) code[at] += place[row] * axes[row * size + at];
  return Float32Array.from(code);
}

/** What the encoder makes of the picture with its holes in their mean color, then drawn codes that agree.
 * @param {import("./engine.js").Engine} engine @param {Search} search @param {Float32Array} x @param {Float32Array} known */
async function startsOf(engine, { drawn, center, tried, starts }, x, known) {
  const own = await encoded(engine, filledByMean(x, known)), codes = rows(drawn, [center.length]);
  const shown = rows(await engine.run("decode", { code: batch(drawn, [center.length]) }), engine.facts.shape);
  const far = shown.map((one) => one.reduce((sum, value, at) => sum + (value - x[at]) ** 2 * known[at % known.length], 0));
  const nearest = (/** @type {number[]} */ some) => some.indexOf(Math.min(...some));
  const others = Array.from({ length: starts - 1 }, (_, turn) => turn * tried);
  return [own, ...others.map((from) => codes[from + nearest(far.slice(from, from + tried))])];
}

/** Codes whose decodes agree with what is known, the best first (Adam, at a rate that falls to zero).
 * @param {import("./engine.js").Engine} engine @param {Float32Array} x (C, H, W) @param {Float32Array} known (H, W)
 * @param {(share: number) => boolean} going is told how far it is; false ends it @returns {Promise<{code: Float32Array, cost: number[]} | null>} */
export async function agreed(engine, x, known, going) {
  const { facts, run } = engine, search = /** @type {Search} */ (facts.search), { steps, rate, error, starts, center, axes } = search;
  const size = center.length, all = [...Array(starts).keys()], ways = rows(axes, [size]);
  const places = (await startsOf(engine, search, x, known)).map((code) => Float32Array.from(placeOf(code, search)));
  const means = all.map(() => new Float64Array(size)), squares = all.map(() => new Float64Array(size));
  const fed = { x: batch(x, facts.shape), known: batch(known, [1, ...facts.shape.slice(1)]) };
  const asked = async () => {
    const codes = places.map((place) => codeOf(place, search));
    return { codes, found: rows(await run("agree", { code: batch(joined(...codes), [size]), ...fed }), [1 + size]) };
  };
  for (let step = 0; step < steps; step++) {
    if (!going(step / steps)) return null;
    const { found } = await asked();
    const pace = (rate * (1 - step / steps)) / (1 - KEEP ** (step + 1)), fresh = Math.sqrt(1 - KEEP_SQUARE ** (step + 1));
    for (const row of all) for (let axis = 0; axis < size; axis++) {
      const slope = dot(found[row].subarray(1), ways[axis]) / error ** 2 + 2 * places[row][axis];
      means[row][axis] += (1 - KEEP) * (slope - means[row][axis]);
      squares[row][axis] += (1 - KEEP_SQUARE) * (slope * slope - squares[row][axis]);
      places[row][axis] -= (pace * means[row][axis]) / (Math.sqrt(squares[row][axis]) / fresh + TINY);
    }
  }
  const { codes, found } = await asked(), cost = found.map(([far], row) => far / error ** 2 + dot(places[row], places[row]));
  const order = all.sort((a, b) => cost[a] - cost[b]);
  return { code: joined(...order.map((row) => codes[row])), cost: order.map((row) => cost[row]) };
}
