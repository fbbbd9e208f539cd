// Pictures of any size, mended in windows that see as far as the network does: no seams, as in Python.

import { meanRow, rows, spread, total, within } from "./arrays.js";

const WINDOW = 256, SHARPNESS = -0.5;

/** @typedef {{tasks: Record<string, number>, noise: number, untold: number, levels: Record<string, number>, reach: number}} Restorer */
/** @typedef {{x: Float32Array, shape: number[]}} Picture1 (c, H, W) in [-1, 1] */
/** @typedef {{start: number, stop: number, from: number, to: number}} Stretch its own pixels, and what it sees */

/** @param {number} far @returns {number} the cubic kernel of Keys (1981) */
function cubic(far) {
  const x = Math.abs(far), a = SHARPNESS;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** What each pixel of an enlarged side is made of. @param {number} side @param {number} times
 * @returns {{from: number, weights: number[]}[]} */
export function bicubicWeights(side, times) {
  return Array.from({ length: side * times }, (_, at) => {
    const center = (at + 0.5) / times, from = Math.max(0, Math.floor(center - 1.5));
    const raw = Array.from({ length: Math.min(side, Math.floor(center + 2.5)) - from }, (__, one) => cubic(from + one - center + 0.5));
    return { from, weights: raw.map((one) => one / total(raw)) };
  });
}

/** Scaled up, bicubic. @param {Picture1} picture @param {number} times @returns {Picture1} */
export function scaledUp({ x, shape: [channels, height, width] }, times) {
  const across = bicubicWeights(width, times), down = bicubicWeights(height, times), wide = width * times;
  const lines = new Float32Array(channels * height * wide), found = new Float32Array(channels * height * times * wide);
  lines.forEach((_, at) => {
    const { from, weights } = across[at % wide], start = Math.floor(at / wide) * width + from;
    lines[at] = weights.reduce((sum, one, next) => sum + one * x[start + next], 0);
  });
  found.forEach((_, at) => {
    const row = Math.floor(at / wide), plane = Math.floor(row / (height * times)), { from, weights } = down[row % (height * times)];
    const start = (plane * height + from) * wide + (at % wide);
    found[at] = within(weights.reduce((sum, one, next) => sum + one * lines[start + next * wide], 0));
  });
  return { x: found, shape: [channels, height * times, wide] };
}

/** @param {number} side @param {number} reach @returns {Stretch[]} */
export function stretches(side, reach) {
  return Array.from({ length: Math.ceil(side / WINDOW) }, (_, at) => {
    const start = at * WINDOW, stop = Math.min(start + WINDOW, side);
    return { start, stop, from: Math.max(0, start - reach), to: Math.min(side, stop + reach) };
  });
}

/** What a window sees of some planes, with its last row or column twice where a side is odd.
 * @param {Float32Array} planes @param {number[]} size height and width @param {Stretch} down @param {Stretch} across
 * @returns {{data: Float32Array, dims: number[]}} dims: even height and width */
export function seenThrough(planes, [height, width], down, across) {
  const count = planes.length / height / width, even = (/** @type {Stretch} */ { from, to }) => to - from + ((to - from) % 2);
  const [high, wide] = [even(down), even(across)], data = new Float32Array(count * high * wide);
  data.forEach((_, at) => {
    const x = Math.min(across.from + (at % wide), across.to - 1), row = Math.floor(at / wide);
    const y = Math.min(down.from + (row % high), down.to - 1), plane = Math.floor(row / high);
    data[at] = planes[(plane * height + y) * width + x];
  });
  return { data, dims: [high, wide] };
}

/** @param {import("./engine.js").Engine} engine @param {Picture1} picture damaged; enlarged already where that is asked for
 * @param {{task: string, level: number, known: Float32Array}} asked known (H, W): 0 in holes
 * @param {(share: number) => boolean} going is told how far it is; false ends it @returns {Promise<Float32Array | null>} (c, H, W) */
export async function restored({ facts, run }, { x, shape }, { task, level, known }, going) {
  const { tasks, reach } = /** @type {Restorer} */ (facts.restorer), [own, height, width] = shape, size = [height, width];
  const channels = facts.shape[0], batch = channels === 1 ? own : 1, planes = batch * channels; // a gray model reads each channel
  const left = x.map((one, at) => one * known[at % known.length]), read = planes === own ? left : spread(left, planes / own);
  const found = new Float32Array(planes * height * width), side = Math.ceil(reach / 2) * 2;
  const parts = stretches(height, side).flatMap((down) => stretches(width, side).map((across) => ({ down, across })));
  for (const [at, { down, across }] of parts.entries()) {
    if (!going(at / parts.length)) return null;
    const part = seenThrough(read, size, down, across), shown = seenThrough(known, size, down, across), [high, wide] = part.dims;
    const made = await run("restore", { x: { data: part.data, dims: [batch, channels, high, wide] }, known: { data: spread(shown.data, batch), dims: [batch, 1, high, wide] },
      task: { data: new BigInt64Array(batch).fill(BigInt(tasks[task])), dims: [batch] }, level: { data: new Float32Array(batch).fill(level), dims: [batch] } });
    rows(made, [high, wide]).forEach((plane, number) => {
      for (let y = down.start; y < down.stop; y++) {
        const line = (y - down.from) * wide + across.start - across.from;
        found.set(plane.subarray(line, line + across.stop - across.start), (number * height + y) * width + across.start);
      }
    });
  }
  return planes === own ? found : meanRow(rows(found, size)); // a gray picture was read as color
}
