// What the model makes of codes, labels and pictures.

import { batch, draws, labeled } from "./feeds.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./feeds.js").Chance} Chance */
/** @typedef {{given: Record<string, any>, code: Float32Array | null, x: Float32Array}} Made */

/** @param {Engine["facts"]} facts @returns {string[]} the decoders that there are, the usual one first */
export function decodersOf({ graphs }) {
  return [...(graphs.realize ? ["realistic"] : []), ...(graphs.decode ? ["faithful"] : [])];
}

/** Pictures of codes. @param {Engine} engine @param {Float32Array} code (B x K)
 * @param {string} decoder @param {Chance} chance of what the realistic decoder adds @returns {Promise<Made>} */
export async function decoded({ facts, run }, code, decoder, chance) {
  const fed = batch(code, [/** @type {any} */ (facts.codes).size]);
  const graph = decoder === "realistic" ? "realize" : "decode";
  const given = draws(facts.graphs[graph].inputs, fed.dims[0], chance);
  const found = await run(graph, { code: fed, ...given });
  return { given, code, x: found.map(cut) };
}

/** @param {number} value @returns {number} within what can be shown */
export function cut(value) {
  return Math.min(1, Math.max(-1, value));
}

/** New pictures, one a label. @param {Engine} engine @param {number[]} labels -1 is any class
 * @param {string} decoder @param {Chance} chance @returns {Promise<Made>} */
export async function generated(engine, labels, decoder, chance) {
  const { facts, run } = engine, name = facts.graphs.sample_code ? "sample_code" : "generate";
  const given = { label: labeled(labels), ...draws(facts.graphs[name].inputs, labels.length, chance) };
  const found = await run(name, given);
  if (name === "generate") return { given, code: null, x: found };
  const made = await decoded(engine, found, decoder, chance);
  return { ...made, given: { ...given, ...made.given } };
}

/** @param {Engine} engine @param {Float32Array} x pictures @returns {Promise<Float32Array>} their codes */
export function encoded({ facts, run }, x) {
  return run("encode", { x: batch(x, facts.shape) });
}
