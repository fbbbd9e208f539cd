// Runs the graphs, beside the page, so that it never freezes. The run time stands before it and has set ``ort``.

import { unpacked } from "./base64.js";

const { ort } = /** @type {any} */ (globalThis);
const packedGraphs = /** @type {Record<string, string>} */ ({}), sessions = /** @type {Record<string, Promise<any>>} */ ({});

/** @param {string} name @returns {Promise<any>} the session of a graph, made when it is first asked for */
function sessionOf(name) {
  const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
  return sessions[name] ??= unpacked(packedGraphs[name]).then((bytes) => ort.InferenceSession.create(bytes, options));
}

/** @param {string} wasm @param {Record<string, string>} graphs both gzipped, as base64 */
async function begin(wasm, graphs) {
  ort.env.wasm.wasmBinary = await unpacked(wasm);
  ort.env.wasm.numThreads = 1; // pages from a disk share no memory between threads
  ort.env.logLevel = "error";
  Object.assign(packedGraphs, graphs);
}

/** @param {string} name @param {Record<string, {data: any, dims: number[]}>} feeds @returns {Promise<{data: any, dims: number[]}>} */
async function computed(name, feeds) {
  const session = await sessionOf(name);
  const given = Object.entries(feeds).map(([port, { data, dims }]) => [
    port, new ort.Tensor(data instanceof BigInt64Array ? "int64" : "float32", data, dims),
  ]);
  const [made] = Object.values(await session.run(Object.fromEntries(given)));
  return { data: made.data.slice(), dims: [...made.dims] };
}

let turn = Promise.resolve();
addEventListener("message", ({ data: asked }) => {
  const act = () => /** @type {Promise<any>} */ (asked.wasm ? begin(asked.wasm, asked.graphs) : computed(asked.name, asked.feeds));
  const wrong = (/** @type {unknown} */ error) => ({ error: String(error instanceof Error ? error.message : error) });
  turn = turn.then(act).then((made) => ({ made }), wrong).then((found) => postMessage({ id: asked.id, ...found }));
});
