// The browser's own JPEG and WebP of a picture: the smallest file that is as near to it as asked.

import { penOf } from "./dom.js";
import { floatsOfPixels, imageOf, planesOf, psnr } from "./pictures.js";

const HALVINGS = 7;

/** @typedef {{bytes: number, head: number, quality: number, psnr: number, x: Float32Array, near: boolean}} Rival near: as near as asked */

/** Bytes of a file that are not the picture's own: markers, tables and the color profile of a JPEG or a WebP.
 * @param {Uint8Array} file @returns {number} */
export function headBytes(file) {
  let at = 2;
  if (file[0] !== 0xff) { // RIFF: chunks of a name, a length, and an even number of bytes
    const chunks = new DataView(file.buffer, file.byteOffset), length = (/** @type {number} */ from) => chunks.getUint32(from + 4, true);
    for (at = 12; at < file.length && !(file[at] === 0x56 && file[at + 3] !== 0x58); at += 8 + length(at) + (length(at) % 2)); // up to "VP8 " or "VP8L"; "VP8X" is a head
    return file.length - length(at);
  }
  while (at < file.length && file[at + 1] !== 0xda) at += 2 + file[at + 2] * 256 + file[at + 3];
  return at + 2 + file[at + 2] * 256 + file[at + 3] + 2; // and the mark of its end
}

/** @param {Float32Array} x (C, H, W) @param {number[]} shape @param {string} type @param {number} quality @returns {Promise<Rival>} */
async function written(x, shape, type, quality) {
  const [channels, height, width] = shape, canvas = new OffscreenCanvas(width, height), pen = penOf(canvas);
  pen.putImageData(imageOf(x, shape), 0, 0);
  const file = await canvas.convertToBlob({ type, quality });
  if (file.type !== type) throw new Error(`this browser writes no ${type}`);
  pen.drawImage(await createImageBitmap(file), 0, 0);
  const again = floatsOfPixels(planesOf(pen.getImageData(0, 0, width, height).data, channels));
  const data = new Uint8Array(await file.arrayBuffer());
  return { bytes: data.length, head: headBytes(data), quality, psnr: psnr(again, x), x: again, near: false };
}

/** @param {Float32Array} x @param {number[]} shape @param {string} type @param {number} wanted decibels @returns {Promise<Rival>} */
async function smallest(x, shape, type, wanted) {
  let best = await written(x, shape, type, 1), low = 0, high = 1;
  if (best.psnr < wanted) return best;
  for (let turn = 0; turn < HALVINGS && high; turn++) {
    const middle = turn ? (low + high) / 2 : 0, made = await written(x, shape, type, middle);
    if (made.psnr >= wanted) [best, high] = [made, middle];
    else low = middle;
  }
  return { ...best, near: true };
}

/** @type {(...asked: Parameters<typeof smallest>) => Promise<Rival | null>} null: this browser writes none */
export const rivalOf = (...asked) => smallest(...asked).catch(() => null);
