// A code as the bytes that ``amalgan compress`` writes: whole numbers along axes, a range coder, a head.

import { total } from "./arrays.js";

const TOTAL_BITS = 16n, WIDEST = 1n << 64n, NARROWEST = 1n << 48n, MASK = WIDEST - 1n, LENGTH_BITS = 5n, PICTURE = 0b10100000;
export const HEAD_BYTES = 7;

/** @typedef {{size: number, parts: number, usual: number, bitWorth: number, warp: Float32Array, unwarp: Float32Array, center: Float32Array, axes: Float32Array, step: Float32Array,
 *   table: Int32Array, frequency: Int32Array, length: Int32Array, lowest: Int32Array}} Coder K entries, M parts, Q qualities, T tables */

/** @param {ArrayLike<number>} row @param {Float32Array} matrix (K x K) @param {boolean} [turned] by its transpose @returns {Float64Array} */
function times(row, matrix, turned = false) {
  const size = row.length, found = new Float64Array(size);
  for (let from = 0; from < size; from++) for (let to = 0; to < size; to++) found[to] += row[from] * matrix[turned ? to * size + from : from * size + to];
  return found;
}

/** What takes symbols and gives bytes: each symbol narrows an interval. */
export function rangeEncoder() {
  const done = /** @type {number[]} */ ([]);
  let low = 0n, width = WIDEST;
  const carry = () => {
    low &= MASK;
    let at = done.length - 1;
    while (done[at] === 255) done[at--] = 0;
    done[at] += 1;
  };
  const put = (/** @type {number} */ start, /** @type {number} */ size, bits = TOTAL_BITS) => {
    const step = width >> bits;
    [low, width] = [low + BigInt(start) * step, BigInt(size) * step];
    if (low > MASK) carry();
    if (width >= NARROWEST) return;
    done.push(Number(low >> 56n), Number((low >> 48n) & 255n));
    [low, width] = [(low << 16n) & MASK, width << 16n];
  };
  const finish = () => {
    const units = Array.from({ length: 9 }, (_, bytes) => 1n << BigInt(64 - 8 * bytes)), end = low + width;
    low = units.map((unit) => ((low + unit - 1n) / unit) * unit).find((number) => number < end) ?? low;
    if (low > MASK) carry();
    for (let shift = 56n; shift >= 0n; shift -= 8n) done.push(Number((low >> shift) & 255n));
    while (done.at(-1) === 0) done.pop();
    return Uint8Array.from(done);
  };
  return { put, finish };
}

/** Any number, in about twice as many bits as it has. @param {ReturnType<typeof rangeEncoder>} encoder @param {number} value */
function spell(encoder, value) {
  const zigzag = (value >= 0 ? 2 * value : -2 * value - 1) + 1, rest = Math.floor(Math.log2(zigzag));
  encoder.put(rest, 1, LENGTH_BITS);
  for (let shift = rest - 1; shift >= 0; shift--) encoder.put(Math.floor(zigzag / 2 ** shift) % 2, 1, 1n);
}

/** Where the frequencies of each table begin. @param {Coder} coder @returns {number[]} */
function firsts({ length }) {
  let sum = 0;
  return Array.from(length, (one) => (sum += one) - one);
}

/** @param {Coder} coder @param {number} level of quality, from 0 @param {number} part @returns {Int32Array} the table of each number */
function tablesOf({ table, size, parts }, level, part) {
  return table.subarray((level * parts + part) * size, (level * parts + part + 1) * size);
}

/** The symbol of a value: its place in the table, or the last one, after which it is spelled out.
 * @param {Coder} coder @param {number} table @param {number} value @returns {{symbol: number, spelled: boolean}} */
function symbolOf({ lowest, length }, table, value) {
  const at = value - lowest[table], last = length[table] - 1, spelled = at < 0 || at >= last;
  return { symbol: spelled ? last : at, spelled };
}

/** The part and the whole numbers of a code: those that cost least. @param {Float32Array} code @param {Coder} coder @param {number} level
 * @returns {number[]} */
export function wholeNumbers(code, coder, level) {
  const { size, parts, center, axes, warp, step, bitWorth } = coder, starts = firsts(coder);
  const bits = (/** @type {number} */ table, /** @type {number} */ symbol) => 16 - Math.log2(coder.frequency[starts[table] + symbol]);
  let least = Infinity, best = /** @type {number[]} */ ([]);
  for (let part = 0; part < parts; part++) {
    const away = Float32Array.from(code, (one, at) => one - center[part * size + at]), tables = tablesOf(coder, level, part);
    const exact = times(times(away, warp), axes.subarray(part * size * size, (part + 1) * size * size)).map((one) => one / step[level]);
    const whole = Array.from(exact, Math.round);
    let cost = bitWorth * bits(0, part);
    whole.forEach((value, at) => {
      const { symbol, spelled } = symbolOf(coder, tables[at], value);
      cost += (exact[at] - value) ** 2 + bitWorth * (bits(tables[at], symbol) + (spelled ? Number(LENGTH_BITS) + Math.log2(2 * Math.abs(value) + 1) : 0));
    });
    if (cost < least) [least, best] = [cost, [part, ...whole]];
  }
  return best;
}

/** @param {number[]} numbers @param {Coder} coder @param {number} level @returns {Uint8Array} */
export function packedNumbers([part, ...whole], coder, level) {
  const encoder = rangeEncoder(), starts = firsts(coder), tables = tablesOf(coder, level, part);
  const put = (/** @type {number} */ table, /** @type {number} */ value) => {
    const { symbol, spelled } = symbolOf(coder, table, value), own = coder.frequency.subarray(starts[table], starts[table] + symbol + 1);
    encoder.put(total(own.subarray(0, symbol)), own[symbol]);
    if (spelled) spell(encoder, value);
  };
  put(0, part);
  whole.forEach((value, at) => put(tables[at], value));
  return encoder.finish();
}

/** @param {number[]} numbers @param {Coder} coder @param {number} level @returns {Float32Array} the code that they stand for */
export function codeOfNumbers([part, ...whole], { size, center, axes, unwarp, step }, level) {
  const scaled = whole.map((one) => one * step[level]), turned = times(scaled, axes.subarray(part * size * size, (part + 1) * size * size), true);
  return Float32Array.from(times(turned, unwarp), (one, at) => one + center[part * size + at]);
}

/** CRC-16 of CCITT, as ``binascii.crc_hqx`` has it from 0xFFFF. @param {Uint8Array} data @returns {number} */
export function crc16(data) {
  let crc = 0xffff;
  for (const byte of data) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/** @param {Uint8Array} code bytes @param {string} digest of the model @param {number} level @returns {Uint8Array} an .amg file */
export function amgFile(code, digest, level) {
  const start = [PICTURE | level, ...[0, 2, 4, 6].map((at) => parseInt(digest.slice(at, at + 2), 16))];
  const crc = crc16(Uint8Array.from([...start, ...code]));
  return Uint8Array.from([...start, crc >> 8, crc & 255, ...code]);
}
