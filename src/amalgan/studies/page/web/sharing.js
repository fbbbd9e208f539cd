// A picture as a short text: its code, the seed of its noise, and which model it is of.

import { bytesOf, textOf } from "./base64.js";

const MARK = "amalgan";

/** @typedef {{code: Float32Array, seed: number}} Shared */

/** @param {Shared} shared @param {string} digest @returns {string} */
export function shareText({ code, seed }, digest) {
  const safe = textOf(new Uint8Array(code.slice().buffer)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return [MARK, digest.slice(0, 8), seed, safe].join(".");
}

/** @param {string} text @param {{digest: string, size: number}} told @returns {Shared}
 * @throws {Error} in a sentence: it is no such text, or of another model */
export function sharedOf(text, { digest, size }) {
  const [mark, model, seed, code] = text.trim().split("."), own = digest.slice(0, 8);
  if (mark !== MARK || !code || !/^\d+$/.test(seed) || !/^[\w-]+$/.test(code)) {
    throw new Error(`This text holds no code. It should begin with ${MARK}. and come from "Copy".`);
  }
  if (model !== own) throw new Error(`This code is of another model (${model}); this page holds ${own}.`);
  const bytes = bytesOf(code.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes.length !== 4 * size) throw new Error("This code is cut off. Copy the whole text again.");
  const numbers = new Float32Array(bytes.buffer);
  if (!numbers.every(Number.isFinite)) throw new Error("This code holds what is no number. Copy it again.");
  return { code: numbers, seed: Number(seed) };
}
