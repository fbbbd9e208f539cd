// PNG files, still or moving, that say where they come from.

import { joined, rows } from "./arrays.js";
import { passed } from "./base64.js";

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** @typedef {{text: Record<string, string>, xmp: string}} Origin */

/** @param {Uint8Array} data @returns {number} CRC-32 as PNG has it */
export function crc32(data) {
  let crc = ~0;
  for (const byte of data) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** @param {string} letters of one byte each @returns {Uint8Array} */
const latin = (letters) => Uint8Array.from(letters, (one) => one.charCodeAt(0) & 255);

/** @param {string} kind @param {ArrayLike<number>} data @returns {Uint8Array} */
function chunk(kind, data) {
  const body = joined(latin(kind), data);
  return joined(words(data.length), body, words(crc32(body)));
}

/** @param {...number} numbers of 32 bits @returns {Uint8Array} */
const words = (...numbers) => Uint8Array.from(numbers.flatMap((one) => [one >>> 24, one >>> 16, one >>> 8, one]));

/** @param {Uint8ClampedArray} rgba opaque @param {number} width @returns {Promise<Uint8Array>} rows of RGB without a filter */
function scanned(rgba, width) {
  const height = rgba.length / 4 / width, lines = new Uint8Array(height * (1 + 3 * width));
  for (let at = 0; at < rgba.length / 4; at++) {
    lines.set(rgba.subarray(4 * at, 4 * at + 3), 3 * at + 1 + Math.floor(at / width));
  }
  return passed(lines, new CompressionStream("deflate"));
}

/** @param {Origin} origin @returns {Uint8Array[]} */
function said({ text, xmp }) {
  const plain = Object.entries(text).map(([key, value]) => chunk("tEXt", latin(`${key}\0${value}`)));
  if (xmp) plain.push(chunk("iTXt", joined(latin("XML:com.adobe.xmp\0\0\0\0\0"), new TextEncoder().encode(xmp))));
  return plain;
}

/** @param {Uint8ClampedArray[]} frames RGBA of one size; more than one is a film that repeats for ever
 * @param {{width: number, origin: Origin, delay?: number}} how milliseconds a frame @returns {Promise<Uint8Array>} */
export async function png(frames, { width, origin, delay = 40 }) {
  const height = frames[0].length / 4 / width, moving = frames.length > 1;
  const parts = [chunk("IHDR", joined(words(width, height), [8, 2, 0, 0, 0])), ...said(origin)];
  if (moving) parts.push(chunk("acTL", words(frames.length, 0)));
  let number = 0;
  for (const [at, frame] of frames.entries()) {
    const data = await scanned(frame, width), told = [delay >> 8, delay & 255, 3, 232, 0, 0];
    if (moving) parts.push(chunk("fcTL", joined(words(number++, width, height, 0, 0), told)));
    parts.push(at === 0 ? chunk("IDAT", data) : chunk("fdAT", joined(words(number++), data)));
  }
  return joined(Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), ...parts, chunk("IEND", []));
}

/** @param {Uint8ClampedArray} rgba @param {number} width @param {number} times @returns {Uint8ClampedArray} every pixel so many times wide and high */
export function enlarged(rgba, width, times) {
  const pixels = new Uint32Array(rgba.slice().buffer), across = width * times;
  const found = new Uint32Array(pixels.length * times ** 2).map((_, at) =>
    pixels[Math.floor(Math.floor(at / across) / times) * width + Math.floor((at % across) / times)]);
  return new Uint8ClampedArray(found.buffer);
}

/** @param {Uint8ClampedArray[]} all RGBA @param {{width: number, columns: number, gap: number}} told
 * @returns {{rgba: Uint8ClampedArray, width: number}} side by side on white */
export function sheet(all, { width, columns, gap }) {
  const height = all[0].length / 4 / width, lines = Math.ceil(all.length / columns);
  const across = columns * (width + gap) + gap, down = lines * (height + gap) + gap;
  const rgba = new Uint8ClampedArray(4 * across * down).fill(255);
  all.forEach((one, at) => {
    const left = gap + (at % columns) * (width + gap), top = gap + Math.floor(at / columns) * (height + gap);
    rows(one, [4 * width]).forEach((line, y) => rgba.set(line, 4 * ((top + y) * across + left)));
  });
  return { rgba, width: across };
}
