// Numbers as text, and back.

/** @param {string} text @returns {Uint8Array} the bytes that base64 stands for */
export const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @param {Uint8Array} bytes @returns {string} base64 */
export const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

const ARRAYS = /** @type {Record<string, any>} */ ({ float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array });

/** @param {string} text JSON in which an object of one type and base64 stands for numbers @returns {any} it, with typed arrays */
export function numbersOf(text) {
  return JSON.parse(text, (_, one) => {
    const [kind, ...more] = one && typeof one === "object" && !Array.isArray(one) ? Object.keys(one) : [];
    return ARRAYS[kind] && !more.length ? new ARRAYS[kind](bytesOf(one[kind]).buffer) : one;
  });
}

/** @param {string} text base64 of gzip @returns {Promise<Uint8Array>} what was packed */
export const unpacked = (text) => passed(bytesOf(text), new DecompressionStream("gzip"));

/** @param {Uint8Array} data @param {CompressionStream | DecompressionStream} by @returns {Promise<Uint8Array>} what comes out of it */
export async function passed(data, by) {
  const stream = new Blob([/** @type {BlobPart} */ (data)]).stream().pipeThrough(by);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
