// How strange a picture is: the density of its code and errors, its rank among normal ones, and where it is strange.

/** @typedef {{logWeight: Float64Array, center: Float64Array, factor: Float64Array, mean: Float64Array, deviation: Float64Array}} Mixture */

/** The mean over squares around each pixel, those within the picture. @param {Float32Array} plane @param {number} width
 * @param {number} side odd @returns {Float32Array} */
export function smoothed(plane, width, side) {
  const height = plane.length / width, reach = (side - 1) / 2;
  return plane.map((_, at) => {
    const y = Math.floor(at / width), x = at % width;
    let sum = 0, count = 0;
    for (let down = Math.max(0, y - reach); down <= Math.min(height - 1, y + reach); down++) {
      for (let across = Math.max(0, x - reach); across <= Math.min(width - 1, x + reach); across++) {
        sum += plane[down * width + across];
        count += 1;
      }
    }
    return sum / count;
  });
}

/** @param {Float32Array} a @param {Float32Array} b (C, H, W) @param {number} plane pixels
 * @returns {Float32Array} the squared difference of each pixel, a mean over channels */
export function errorMap(a, b, plane) {
  const channels = a.length / plane;
  return Float32Array.from({ length: plane }, (_, at) => {
    let sum = 0;
    for (let color = 0; color < channels; color++) sum += (a[color * plane + at] - b[color * plane + at]) ** 2;
    return sum / channels;
  });
}

/** The logarithm of a mixture of Gaussians, whose factors are lower triangles.
 * @param {ArrayLike<number>} place @param {Mixture} mixture @returns {number} nats */
export function logDensity(place, { logWeight, center, factor, mean, deviation }) {
  const size = mean.length, half = (size * Math.log(2 * Math.PI)) / 2;
  const standard = Float64Array.from({ length: size }, (_, at) => Math.fround((place[at] - mean[at]) / deviation[at]));
  const parts = Array.from(logWeight, (weight, part) => {
    const solved = new Float64Array(size);
    let logs = 0, square = 0;
    for (let row = 0; row < size; row++) {
      const from = (part * size + row) * size;
      let rest = standard[row] - center[part * size + row];
      for (let at = 0; at < row; at++) rest -= factor[from + at] * solved[at];
      solved[row] = rest / factor[from + row];
      square += solved[row] ** 2;
      logs += Math.log(factor[from + row]);
    }
    return weight - half - square / 2 - logs;
  });
  const most = Math.max(...parts);
  const scale = deviation.reduce((sum, one) => sum + Math.log(one), 0);
  return most + Math.log(parts.reduce((sum, one) => sum + Math.exp(one - most), 0)) - scale;
}

/** @param {Float64Array} normal scores in ascending order @param {number} score
 * @returns {{stranger: number, of: number, p: number}} how many normal ones are at least as strange */
export function rank(normal, score) {
  const stranger = normal.reduce((count, one) => count + (one >= score ? 1 : 0), 0);
  return { stranger, of: normal.length, p: (1 + stranger) / (normal.length + 1) };
}

/** @param {ArrayLike<number>} error of each pixel @param {{mean: Float64Array, deviation: Float64Array}} usual
 * @returns {Float32Array} deviations above what is usual there */
export function excess(error, { mean, deviation }) {
  return Float32Array.from(error, (one, at) => Math.max(0, (one - mean[at]) / deviation[at]));
}

/** @param {Float32Array} x (C, H, W) @param {Float32Array} heat @param {number} full what is shown in full color
 * @returns {Float32Array} (3, H, W): the picture in gray, hot places in orange */
export function painted(x, heat, full) {
  const plane = heat.length, luma = x.length === plane ? [1] : [0.299, 0.587, 0.114], found = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at++) {
    const gray = luma.reduce((sum, part, color) => sum + part * (x[color * plane + at] + 1) * 127.5, 0);
    const share = 0.92 * Math.min(1, heat[at] / (full || 1));
    [240, 110, 10].forEach((hot, color) => {
      found[color * plane + at] = ((1 - share) * (45 + (gray * 170) / 255) + share * hot) / 127.5 - 1;
    });
  }
  return found;
}
