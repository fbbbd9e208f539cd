// The model as the views see it: facts, and ``run``. In a page it is a worker; a server can stand in for it.

import { on } from "./dom.js";

/** @typedef {import("./feeds.js").Tensor} Tensor */
/** @typedef {import("./feeds.js").Port} Port */
/** @typedef {{name: string, note: string, step: Float32Array, low: number, high: number, group: string}} Direction */
/** @typedef {{size: number, start: Float32Array, scale: {mean: Float32Array, deviation: Float32Array}, directions: Direction[]}} Codes */
/** @typedef {{name: string, planes: Uint8Array}} Example */
/** @typedef {{source: string, finest: number, side: number, scores: Float64Array, usual: {mean: Float64Array, deviation: Float64Array, full: number}, mixture: import("./judging.js").Mixture}} Normal */
/** @typedef {{title: string, rows: [string, string, string][]}} Part */
/**
 * @typedef {object} Facts
 * @property {string} title
 * @property {string} digest
 * @property {number[]} shape channels, height, width
 * @property {string} fit how other proportions are fitted: crop, pad, stretch or cut
 * @property {string} background
 * @property {[number, string][]} labels numbers and names of the classes that can be asked for
 * @property {boolean} temperature whether new codes heed it
 * @property {Record<string, {inputs: Port[], output: string}>} graphs
 * @property {Codes | null} codes
 * @property {Normal | null} normal what normal pictures are like
 * @property {import("./search.js").Search | null} search how holes are filled
 * @property {import("./coding.js").Coder | null} coder what compresses codes
 * @property {import("./restoring.js").Restorer | null} restorer
 * @property {Example[]} examples
 * @property {string} origin_of_examples
 * @property {import("./png.js").Origin} origin
 * @property {Part[]} card
 */
/** @typedef {{facts: Facts, run: (name: string, feeds: Record<string, Tensor>) => Promise<Float32Array>}} Engine */

/** @param {Facts} facts @param {string} source of the worker @param {{wasm: string, graphs: Record<string, string>}} packed
 * @param {(on: boolean) => unknown} busy is told whether the worker has anything to do @returns {Engine & {ready: Promise<unknown>}} */
export function workerEngine(facts, source, packed, busy) {
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))), waiting = new Map();
  let last = 0;
  const ask = (/** @type {object} */ asked) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    busy(true);
    worker.postMessage({ id: last, ...asked });
  });
  const answered = (/** @type {MessageEvent} */ { data: { id, made, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    busy(waiting.size > 0);
    if (error) reject(new Error(error));
    else resolve(made);
  };
  const broken = new Error("This browser could not start the run time of the page.");
  on(worker, { message: answered, error: () => waiting.forEach(({ reject }) => reject(broken)) });
  const run = async (/** @type {string} */ name, /** @type {Record<string, Tensor>} */ feeds) =>
    /** @type {any} */ (await ask({ name, feeds })).data;
  return { facts, run, ready: ask(packed) };
}
