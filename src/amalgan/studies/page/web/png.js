// PNG files, still or moving, that say where they come from.

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

/** @param {string} kind @param {Uint8Array} data @returns {Uint8Array} */
function chunk(kind, data) {
  const found = new Uint8Array(12 + data.length), view = new DataView(found.buffer);
  view.setUint32(0, data.length);
  found.set(new TextEncoder().encode(kind), 4);
  found.set(data, 8);
  view.setUint32(8 + data.length, crc32(found.subarray(4, 8 + data.length)));
  return found;
}

/** @param {...number} numbers of 32 bits @returns {Uint8Array} */
function words(...numbers) {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((number, at) => view.setUint32(4 * at, number));
  return new Uint8Array(view.buffer);
}

/** @param {...(Uint8Array | number[])} parts @returns {Uint8Array} */
function joined(...parts) {
  const found = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { found.set(part, at); at += part.length; }
  return found;
}

/** @param {Uint8Array} data @returns {Promise<Uint8Array>} zlib */
async function deflated(data) {
  const stream = new Blob([/** @type {BlobPart} */ (data)]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8ClampedArray} rgba opaque @param {number} width @returns {Promise<Uint8Array>} rows of RGB without a filter */
function scanned(rgba, width) {
  const height = rgba.length / 4 / width, lines = new Uint8Array(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 4 * (y * width + x);
      lines.set(rgba.subarray(from, from + 3), y * (1 + 3 * width) + 1 + 3 * x);
    }
  }
  return deflated(lines);
}

/** @param {Origin} origin @returns {Uint8Array[]} */
function said({ text, xmp }) {
  const utf8 = new TextEncoder(), latin = (/** @type {string} */ letters) => Uint8Array.from(letters, (one) => one.charCodeAt(0) & 255);
  const plain = Object.entries(text).map(([key, value]) => chunk("tEXt", joined(latin(key), [0], latin(value))));
  return xmp ? [...plain, chunk("iTXt", joined(latin("XML:com.adobe.xmp"), [0, 0, 0, 0, 0], utf8.encode(xmp)))] : plain;
}

/** @param {Uint8ClampedArray[]} frames RGBA of one size; more than one is a film that repeats for ever
 * @param {{width: number, origin: Origin, delay?: number}} told milliseconds a frame @returns {Promise<Uint8Array>} */
export async function png(frames, { width, origin, delay = 40 }) {
  const height = frames[0].length / 4 / width, moving = frames.length > 1;
  const parts = [Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), chunk("IHDR", joined(words(width, height), [8, 2, 0, 0, 0]))];
  parts.push(...said(origin));
  if (moving) parts.push(chunk("acTL", words(frames.length, 0)));
  let number = 0;
  for (const [at, frame] of frames.entries()) {
    const data = await scanned(frame, width);
    if (moving) parts.push(chunk("fcTL", joined(words(number++, width, height, 0, 0), [delay >> 8, delay & 255, 3, 232, 0, 0])));
    parts.push(at === 0 ? chunk("IDAT", data) : chunk("fdAT", joined(words(number++), data)));
  }
  return joined(...parts, chunk("IEND", new Uint8Array()));
}

/** @param {Uint8ClampedArray} rgba @param {number} width @param {number} times @returns {Uint8ClampedArray} every pixel so many times wide and high */
export function enlarged(rgba, width, times) {
  const height = rgba.length / 4 / width, across = width * times, found = new Uint32Array(across * height * times);
  const pixels = new Uint32Array(rgba.slice().buffer);
  found.forEach((_, at) => { found[at] = pixels[Math.floor(Math.floor(at / across) / times) * width + Math.floor((at % across) / times)]; });
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
    for (let y = 0; y < height; y++) rgba.set(one.subarray(4 * y * width, 4 * (y + 1) * width), 4 * ((top + y) * across + left));
  });
  return { rgba, width: across };
}
