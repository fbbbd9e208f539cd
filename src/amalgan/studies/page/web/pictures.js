// Pictures between networks and the screen: float32 in [-1, 1] by channels, and RGBA.

/** @param {Float32Array} x (C, H, W) @param {number[]} shape @returns {Uint8ClampedArray} RGBA, rounded as files are */
export function rgbaOf(x, [channels, height, width]) {
  const plane = height * width, found = new Uint8ClampedArray(4 * plane);
  for (let at = 0; at < plane; at++) {
    for (let color = 0; color < 3; color++) {
      found[4 * at + color] = Math.fround(Math.fround(x[(channels === 1 ? 0 : color) * plane + at] + 1) * 127.5);
    }
    found[4 * at + 3] = 255;
  }
  return found;
}

/** @param {Uint8ClampedArray} rgba opaque @param {number} channels 1 or 3 @returns {Uint8Array} (C, H, W); gray as Pillow has it */
export function planesOf(rgba, channels) {
  const plane = rgba.length / 4, found = new Uint8Array(channels * plane);
  for (let at = 0; at < plane; at++) {
    const [red, green, blue] = [rgba[4 * at], rgba[4 * at + 1], rgba[4 * at + 2]];
    if (channels === 1) found[at] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
    else [red, green, blue].forEach((value, color) => { found[color * plane + at] = value; });
  }
  return found;
}

/** @param {Uint8Array} planes @returns {Float32Array} as networks see them */
export function floatsOfPixels(planes) {
  return Float32Array.from(planes, (value) => Math.fround(Math.fround(value * Math.fround(1 / 127.5)) - 1));
}

/** @param {Float32Array} all (B, C, H, W) @param {number[]} shape @returns {Float32Array[]} one by one */
export function rows(all, shape) {
  const length = shape.reduce((product, side) => product * side, 1);
  return Array.from({ length: all.length / length }, (_, at) => all.subarray(at * length, (at + 1) * length));
}

/** @param {Float32Array} a @param {Float32Array} b @returns {number} mean squared difference */
export function squaredError(a, b) {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] - b[at]) ** 2;
  return sum / a.length;
}

/** @param {Float32Array} a @param {Float32Array} b in [-1, 1] @returns {number} decibels; infinite where they are equal */
export function psnr(a, b) {
  return 10 * Math.log10(4 / squaredError(a, b));
}

/** @param {Float32Array} a @param {Float32Array} b @param {number} times @returns {Float32Array} how far apart, so many times: black where equal */
export function apart(a, b, times) {
  return a.map((one, at) => Math.min(1, times * Math.abs(one - b[at]) - 1));
}
