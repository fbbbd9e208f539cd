// The modules of the page that need no browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { cutOut, stroke } from "./brush.js";
import { numbersOf, textOf } from "./base64.js";
import { camera, placesOf } from "./camera.js";
import { crc16, rangeEncoder } from "./coding.js";
import { half } from "./filing.js";
import { bicubicWeights, seenThrough, stretches } from "./restoring.js";
import { headBytes } from "./rivals.js";
import { codeOf, filledByMean, placeOf } from "./search.js";
import { soundOf } from "./sounds.js";
import { latest } from "./dom.js";
import { draws } from "./feeds.js";
import { errorMap, excess, logDensity, painted, rank, smoothed } from "./judging.js";
import { boxes } from "./fitting.js";
import { closedWalk, codesBetween, greatCircle, thereAndBack } from "./paths.js";
import { apart, floatsOfPixels, planesOf, psnr, rgbaOf } from "./pictures.js";
import { crc32, enlarged, png, sheet } from "./png.js";
import { normals, uniforms } from "./random.js";
import { shareText, sharedOf } from "./sharing.js";
import { turned } from "./turn.js";

const near = (a, b, within) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b} within ${within}`);

test("normal numbers have mean 0 and deviation 1, and follow from the key alone", () => {
  const found = normals("7/prior", 100_000), mean = found.reduce((a, b) => a + b) / found.length;
  near(mean, 0, 4 / Math.sqrt(100_000));
  near(found.reduce((a, b) => a + b * b, 0) / found.length, 1, 4 * Math.sqrt(2 / 100_000));
  assert.deepEqual(normals("7/prior", 10), found.slice(0, 10));
  assert.notDeepEqual(normals("8/prior", 10), found.slice(0, 10));
});

test("uniform numbers lie in [0, 1) and fill it evenly", () => {
  const found = uniforms("0/part", 100_000), counts = Array(10).fill(0);
  for (const one of found) { assert.ok(one >= 0 && one < 1); counts[Math.floor(10 * one)] += 1; }
  for (const count of counts) near(count, 10_000, 5 * Math.sqrt(9000));
});

test("draws heed the temperature in normal numbers alone, and stand still when asked", () => {
  const ports = [{ name: "noise", drawn: "normal", shape: ["batch", 3] }, { name: "part", drawn: "uniform", shape: ["batch"] },
    { name: "label", drawn: "", shape: ["batch"] }];
  const warm = draws(ports, 2, { seed: 1, temperature: 1 }), cold = draws(ports, 2, { seed: 1, temperature: 0.5 });
  assert.deepEqual(Object.keys(warm), ["noise", "part"]);
  assert.deepEqual(warm.noise.dims, [2, 3]);
  warm.noise.data.forEach((one, at) => near(cold.noise.data[at], one / 2, 1e-6));
  assert.deepEqual(warm.part, cold.part);
  const still = draws(ports, 2, { seed: 1, temperature: 1, still: true }).noise.data;
  assert.deepEqual(still.slice(0, 3), still.slice(3));
});

test("a quarter of a circle keeps its length, and parallel codes take the line", () => {
  const middle = greatCircle([2, 0], [0, 2], 0.5);
  near(middle[0], Math.SQRT2, 1e-12);
  near(middle[1], Math.SQRT2, 1e-12);
  assert.deepEqual([...greatCircle([1, 1], [3, 3], 0.5)], [2, 2]);
  assert.deepEqual([...greatCircle([0, 0], [4, 2], 0.25)], [1, 0.5]);
});

test("a way begins and ends at its codes, and a film comes back", () => {
  const scale = { mean: Float32Array.of(1, 2), deviation: Float32Array.of(2, 1) }, a = Float32Array.of(3, 1), b = Float32Array.of(0, 4);
  const found = codesBetween(a, b, [0, 1], scale);
  [...a, ...b].forEach((one, at) => near(found[at], one, 1e-6));
  const shares = thereAndBack(8);
  assert.deepEqual([shares.length, shares[0], shares[4]], [8, 0, 1]);
  near(shares[3], shares[5], 1e-12);
});

test("a closed walk stands at each station once, and two stations are there and back", () => {
  const scale = { mean: Float32Array.of(0, 0), deviation: Float32Array.of(1, 1) };
  const stations = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(-1, 0.5)], found = closedWalk(stations, 10, scale);
  [0, 3, 6].forEach((frame, at) => stations[at].forEach((one, k) => near(found[2 * frame + k], one, 1e-6)));
  assert.equal(found.length, 20);
  const back = closedWalk(stations.slice(0, 2), 8, scale), shares = codesBetween(stations[0], stations[1], thereAndBack(8), scale);
  back.forEach((one, at) => near(one, shares[at], 1e-6));
});

test("pixels become numbers and pixels again", () => {
  const planes = Uint8Array.from({ length: 256 }, (_, at) => at), rgba = rgbaOf(floatsOfPixels(planes), [1, 16, 16]);
  assert.deepEqual(planesOf(rgba, 1), planes);
  const colors = Uint8ClampedArray.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255);
  assert.deepEqual([...planesOf(colors, 3)], [255, 0, 0, 0, 255, 0, 0, 0, 255]);
  assert.deepEqual([...planesOf(colors, 1)], [76, 150, 29]);
});

test("psnr and differences are those of their definitions", () => {
  near(psnr(Float32Array.of(0, 0), Float32Array.of(0.2, -0.2)), 20, 1e-5);
  assert.equal(psnr(Float32Array.of(1), Float32Array.of(1)), Infinity);
  const far = apart(Float32Array.of(0, 0.25, 1), Float32Array.of(0, 0, -1), 4);
  assert.deepEqual([...far], [-1, 0, 1]);
});

test("pictures are fitted as in training", () => {
  assert.deepEqual(boxes("crop", 20, 10, 8, 8), { from: [5, 0, 10, 10], to: [0, 0, 8, 8] });
  assert.deepEqual(boxes("pad", 20, 10, 8, 8), { from: [0, 0, 20, 10], to: [0, 2, 8, 4] });
  assert.deepEqual(boxes("stretch", 20, 10, 8, 8), { from: [0, 0, 20, 10], to: [0, 0, 8, 8] });
  assert.deepEqual(boxes("cut", 21, 10, 8, 8), { from: [6, 1, 8, 8], to: [0, 0, 8, 8] });
});

test("a PNG holds its pixels, and every chunk its check", async () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  const rgba = Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255), file = await png([rgba], { width: 1, origin: { text: { a: "b" }, xmp: "<x/>" } });
  const view = new DataView(file.buffer), chunks = {};
  for (let at = 8; at < file.length;) {
    const length = view.getUint32(at), kind = new TextDecoder().decode(file.subarray(at + 4, at + 8));
    assert.equal(view.getUint32(at + 8 + length), crc32(file.subarray(at + 4, at + 8 + length)));
    chunks[kind] = file.subarray(at + 8, at + 8 + length);
    at += 12 + length;
  }
  assert.deepEqual(Object.keys(chunks), ["IHDR", "tEXt", "iTXt", "IDAT", "IEND"]);
  assert.deepEqual([...inflateSync(chunks.IDAT)], [0, 1, 2, 3, 0, 4, 5, 6]);
});

test("enlarged pixels are squares, and a sheet leaves white between", () => {
  const two = Uint8ClampedArray.of(1, 1, 1, 255, 2, 2, 2, 255), large = enlarged(two, 2, 2);
  assert.deepEqual(Array.from({ length: 8 }, (_, at) => large[4 * at]), [1, 1, 2, 2, 1, 1, 2, 2]);
  const made = sheet([two, two, two], { width: 2, columns: 2, gap: 1 });
  assert.equal(made.width, 7);
  assert.equal(made.rgba.length, 4 * 7 * 5);
  assert.deepEqual([made.rgba[0], made.rgba[4 * 8], made.rgba[4 * 9], made.rgba[4 * 10]], [255, 1, 2, 255]);
});

test("a shared text gives back its code, and says what is wrong with others", () => {
  const told = { digest: "0123456789abcdef", size: 3 }, code = Float32Array.of(0.1, -2, 3e-8);
  const text = shareText({ code, seed: 5 }, told.digest);
  assert.match(text, /^amalgan\.01234567\.5\.[\w-]+$/);
  assert.deepEqual(sharedOf(` ${text}\n`, told), { code, seed: 5 });
  for (const wrong of ["", "hello", "a.b.c.d", text.replace(".5.", ".x."), text.replace("amalgan", "other")]) {
    assert.throws(() => sharedOf(wrong, told), /holds no code/);
  }
  assert.throws(() => sharedOf(text.replace("0123", "9999"), told), /another model \(99994567\)/);
  assert.throws(() => sharedOf(text.slice(0, -4), told), /cut off/);
  assert.throws(() => sharedOf(shareText({ code: Float32Array.of(NaN, 0, 0), seed: 0 }, told.digest), told), /no number/);
});

test("sliders add their steps to where they start", () => {
  const start = Float32Array.of(1, 1), ways = [{ step: Float32Array.of(1, 0) }, { step: Float32Array.of(0.5, 2) }];
  assert.deepEqual([...turned(start, ways, [2, -1])], [2.5, -1]);
  assert.deepEqual([...start], [1, 1]);
});

test("of calls that come too fast the first and the last are made", async () => {
  const made = [], act = latest(async (one) => { made.push(one); await new Promise((go) => setTimeout(go, 5)); });
  await Promise.all([act(1), act(2), act(3)]);
  assert.deepEqual(made, [1, 3]);
});

test("the density of a mixture is that of its definition", () => {
  const told = { logWeight: Float64Array.of(Math.log(0.25), Math.log(0.75)), center: Float64Array.of(0, 0, 1, 1),
    factor: Float64Array.of(1, 0, 0, 1, 2, 0, 1, 0.5), mean: Float64Array.of(1, 1), deviation: Float64Array.of(2, 1) };
  // at (1, 1) the standard place is 0: the first part has its peak; the second is solved by hand: z = (-1/2, -1)
  const first = 0.25 / (2 * Math.PI), second = (0.75 * Math.exp(-(0.25 + 1) / 2)) / (2 * Math.PI * 1);
  near(logDensity([1, 1], told), Math.log((first + second) / 2), 1e-12);
});

test("ranks count ties as stranger, and heat begins above what is usual", () => {
  assert.deepEqual(rank(Float64Array.of(1, 2, 3, 4), 3), { stranger: 2, of: 4, p: 0.6 });
  assert.deepEqual(rank(Float64Array.of(1, 2), 9), { stranger: 0, of: 2, p: 1 / 3 });
  assert.deepEqual([...excess([1, 5], { mean: Float64Array.of(2, 1), deviation: Float64Array.of(1, 2) })], [0, 2]);
  const cold = painted(Float32Array.of(-1), Float32Array.of(0), 3), hot = painted(Float32Array.of(-1), Float32Array.of(3), 3);
  near(127.5 * (cold[0] + 1), 45, 1e-4);
  near(127.5 * (hot[0] + 1), 0.08 * 45 + 0.92 * 240, 1e-4);
});

test("errors are means over channels, smoothed over what lies within the picture", () => {
  assert.deepEqual([...errorMap(Float32Array.of(1, 0, 3, 0), Float32Array.of(0, 0, 0, 2), 2)], [5, 2]);
  assert.deepEqual([...smoothed(Float32Array.of(4, 0, 0, 0, 8, 0), 3, 3)], [3, 2, 2, 3, 2, 2]);
  assert.deepEqual([...smoothed(Float32Array.of(4, 1), 2, 1)], [4, 1]);
});

test("half precision rounds to the nearest, halves to even", () => {
  assert.deepEqual([0, 1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, -0.1, 2 ** -24, 2 ** -25].map(half), [0, 1, 1, 1 + 2 ** -9, -0.0999755859375, 2 ** -24, 0]);
});

test("a range coder spends what its symbols say, and carries", () => {
  const encoder = rangeEncoder();
  for (let at = 0; at < 100; at++) encoder.put(65535, 1);
  assert.equal(encoder.finish().length, 200);
  const likely = rangeEncoder();
  for (let at = 0; at < 1000; at++) likely.put(0, 65535);
  assert.equal(likely.finish().length, 0);
});

test("a CRC is that of its catalog, and heads of files are found", () => {
  assert.equal(crc16(new TextEncoder().encode("123456789")), 0x29b1);
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xda, 0, 3, 9, 7, 7, 7, 0xff, 0xd9);
  assert.equal(headBytes(jpeg), jpeg.length - 3);
  const chunk = (name, ...data) => [...new TextEncoder().encode(name), data.length, 0, 0, 0, ...data, ...(data.length % 2 ? [0] : [])];
  const webp = Uint8Array.from([...new TextEncoder().encode("RIFF????WEBP"), ...chunk("VP8X", 1, 2), ...chunk("ICCP", 7, 7, 7), ...chunk("VP8 ", 1, 2, 3, 4)]);
  assert.equal(headBytes(webp), webp.length - 4);
});

test("holes are brushed as round strokes and cut as rectangles", () => {
  const known = new Float32Array(64).fill(1);
  stroke(known, 8, { x: 1.5, y: 4.5 }, { x: 6.5, y: 4.5 }, 0.6);
  assert.deepEqual([...known.subarray(32, 40)], [1, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(known.reduce((a, b) => a + b), 58);
  known.fill(1);
  cutOut(known, 8, { left: 0.25, top: 0.25, width: 0.5, height: 0.5 });
  assert.equal(known.reduce((a, b) => a + b), 48);
});

test("holes begin in the mean of what is known, and places lead back to codes", () => {
  assert.deepEqual([...filledByMean(Float32Array.of(1, 3, 9, 0, 2, 9), Float32Array.of(1, 1, 0))], [1, 3, 2, 0, 2, 1]);
  const search = { center: Float32Array.of(1, 2), axes: Float32Array.of(3, 4, -0.4, 0.3) };
  const code = codeOf([0.5, -1], search);
  [2.9, 3.7].forEach((one, at) => near(code[at], one, 1e-6));
  [...placeOf(code, search)].forEach((one, at) => near(one, [0.5, -1][at], 1e-6));
});

test("windows cover a side once, see beyond it, and are even", () => {
  const found = stretches(600, 30);
  assert.deepEqual(found.map(({ start, stop, from, to }) => [start, stop, from, to]), [[0, 256, 0, 286], [256, 512, 226, 542], [512, 600, 482, 600]]);
  const seen = seenThrough(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], { start: 0, stop: 2, from: 0, to: 2 }, { start: 1, stop: 3, from: 0, to: 3 });
  assert.deepEqual([[...seen.data], seen.dims], [[1, 2, 3, 3, 4, 5, 6, 6], [2, 4]]);
});

test("weights of a larger picture sum to one and are those of Keys within", () => {
  const found = bicubicWeights(8, 2);
  for (const { weights } of found) near(weights.reduce((a, b) => a + b), 1, 1e-12);
  [-0.0234375, 0.2265625, 0.8671875, -0.0703125].forEach((one, at) => near(found[8].weights[at], one, 1e-12));
});

test("a map is fitted to its points, zoomed about a place, and moved by pixels", () => {
  const places = placesOf(btoa(String.fromCharCode(0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 255, 255)));
  assert.deepEqual([...places], [0, 0, 1, 0, 1, 1]);
  const seen = camera(places);
  Object.assign(seen.seen, { width: 200, height: 100 });
  seen.fit();
  [seen.across(0), seen.down(0), seen.across(2), seen.down(2)].forEach((one, at) => near(one, [54, 4, 146, 96][at], 1e-9));
  near(seen.grown(), 0.92, 1e-12);
  seen.zoom(2, seen.across(1), seen.down(1));
  [seen.across(1), seen.down(1), seen.across(0)].forEach((one, at) => near(one, [146, 4, -38][at], 1e-9));
  seen.move(10, -20);
  [seen.across(1), seen.down(1)].forEach((one, at) => near(one, [136, 24][at], 1e-9));
  assert.deepEqual(seen.within(130, 20, 140, 30), [1]);
  seen.fit([1, 2], 0.5);
  [seen.across(1), seen.down(2)].forEach((one, at) => near(one, [100, 73][at], 1e-9));
});

test("a sound is unpacked alone, and its bytes stand for levels on a logarithmic scale", () => {
  const bytes = [128, 255, 1, 192, 64, 128, 129], sounds = { rate: 8000, length: 3, bytes: btoa(String.fromCharCode(...bytes, 0, 0)) };
  [0, 1, -1].forEach((one, at) => near(soundOf(sounds, 0)[at], one, 1e-7));
  [...soundOf(sounds, 1)].forEach((one, at) => near(one, Math.sign(bytes[3 + at] - 128) * (256 ** (Math.abs(bytes[3 + at] - 128) / 127) - 1) / 255, 1e-7));
});

test("numbers in JSON become typed arrays, and what only looks like them stays", () => {
  const packed = textOf(new Uint8Array(Float64Array.of(0.5, -2).buffer));
  const found = numbersOf(JSON.stringify({ a: { float64: packed }, b: { uint8: "AQI=", more: 1 }, c: [{ uint8: "AQI=" }, null, "float32"] }));
  assert.deepEqual(found, { a: Float64Array.of(0.5, -2), b: { uint8: "AQI=", more: 1 }, c: [Uint8Array.of(1, 2), null, "float32"] });
});
