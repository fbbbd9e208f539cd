// Numbers as text, and back.

/** @param {string} text @returns {Uint8Array} the bytes that base64 stands for */
export function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {Uint8Array} bytes @returns {string} base64 */
export function textOf(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}

/** @param {string} text base64 of little-endian float32 @returns {Float32Array} */
export function floatsOf(text) {
  return new Float32Array(bytesOf(text).buffer);
}

/** @param {string} text base64 of little-endian whole numbers of 32 bits @returns {Int32Array} */
export function wholeOf(text) {
  return new Int32Array(bytesOf(text).buffer);
}

/** @param {string} text base64 of little-endian float64 @returns {Float64Array} */
export function doublesOf(text) {
  return new Float64Array(bytesOf(text).buffer);
}

/** @param {string} text base64 of gzip @returns {Promise<Uint8Array>} what was packed */
export async function unpacked(text) {
  const stream = new Blob([/** @type {BlobPart} */ (bytesOf(text))]).stream();
  return new Uint8Array(await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}
