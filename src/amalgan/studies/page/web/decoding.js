// What the model makes of codes, labels and pictures, and by which decoder.

import { choice } from "./dom.js";
import { rows, size, spread, within } from "./arrays.js";
import { batch, draws, labeled } from "./feeds.js";
import { closedWalk } from "./paths.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./feeds.js").Chance} Chance */
/** @typedef {{given: Record<string, any>, code: Float32Array | null, x: Float32Array}} Made */

/** @param {Engine["facts"]} facts @returns {string[]} the decoders that there are, the usual one first */
export function decodersOf({ graphs }) {
  return [...(graphs.realize ? ["realistic"] : []), ...(graphs.decode ? ["faithful"] : [])];
}

/** @param {Engine["facts"]} facts @param {() => void} changed @param {boolean} [faithful] whether that one comes first
 * @returns {HTMLElement & {value: string}} hidden where there is nothing to choose */
export function decoderChoice(facts, changed, faithful = false) {
  const names = decodersOf(facts), order = faithful ? [...names].reverse() : names;
  return Object.assign(choice("Decoder", order.map((name) => [name, name]), changed), { hidden: names.length < 2 });
}

/** Pictures of codes. @param {Engine} engine @param {Float32Array} code (B x K)
 * @param {string} decoder @param {Chance} chance of what the realistic decoder adds @returns {Promise<Made>} */
export async function decoded({ facts, run }, code, decoder, chance) {
  const fed = batch(code, [/** @type {any} */ (facts.codes).size]);
  const graph = decoder === "realistic" ? "realize" : "decode";
  const given = draws(facts.graphs[graph].inputs, fed.dims[0], chance);
  const found = await run(graph, { code: fed, ...given });
  return { given, code, x: found.map((one) => within(one)) };
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

/** A closed film through the first of some new pictures: their codes, else their normal numbers, on great circles.
 * @param {Engine} engine @param {Made & {asked: {labels: number[], seed: number, temperature: number}}} from
 * @param {string} decoder @param {{stations: number, frames: number}} told @returns {Promise<Made>} a picture a frame */
export async function walked(engine, { given, code, asked }, decoder, { stations, frames }) {
  const { facts, run } = engine;
  if (code && facts.codes) {
    const path = closedWalk(rows(code, [facts.codes.size]).slice(0, stations), frames, facts.codes.scale);
    return decoded(engine, path, decoder, { seed: asked.seed, temperature: asked.temperature, still: true });
  }
  const flowing = facts.graphs.generate.inputs.filter(({ drawn }) => drawn).map(({ name, drawn, shape }) => {
    const own = /** @type {number[]} */ (shape.slice(1)), each = rows(given[name].data, own);
    const scale = { mean: new Float32Array(size(own)), deviation: new Float32Array(size(own)).fill(1) };
    const data = drawn === "normal" ? closedWalk(each.slice(0, stations), frames, scale) : spread(each[0], frames);
    return [name, { data, dims: [frames, ...own] }];
  });
  const fed = { label: labeled(Array(frames).fill(asked.labels[0])), ...Object.fromEntries(flowing) };
  return { given: fed, code: null, x: await run("generate", fed) };
}

/** @param {Engine} engine @param {Float32Array} x pictures @returns {Promise<Float32Array>} their codes */
export const encoded = ({ facts, run }, x) => run("encode", { x: batch(x, facts.shape) });
