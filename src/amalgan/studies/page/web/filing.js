// What a picture takes as a file: the model's code at a quality, beside the browser's JPEG and WebP as near to the picture.

import { button, div, h, latest, note, save, slider, soft } from "./dom.js";
import { amgFile, codeOfNumbers, HEAD_BYTES, packedNumbers, wholeNumbers } from "./coding.js";
import { decoded } from "./decoding.js";
import { decibelsText, framed, picture, psnr } from "./pictures.js";
import { rivalOf } from "./rivals.js";

const TYPES = /** @type {[string, string][]} */ ([["JPEG", "image/jpeg"], ["WebP", "image/webp"]]);

/** @param {number} number @returns {number} the nearest that half precision has */
export function half(number) {
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(number)))) - 10), parts = number / unit, low = Math.floor(parts);
  const up = parts - low > 0.5 || (parts - low === 0.5 && low % 2 !== 0);
  return number ? (low + (up ? 1 : 0)) * unit : 0;
}

/** @param {import("./engine.js").Engine} engine @returns {HTMLElement & {take: (x: Float32Array, code: Float32Array) => void, last: any}} */
export function filesOf(engine) {
  const { facts } = engine, { coder } = facts, size = /** @type {import("./engine.js").Codes} */ (facts.codes).size;
  const shown = ["amalgan", ...TYPES.map(([name]) => name)].map((name) => ({ name, canvas: picture(facts.shape, name), said: soft() }));
  const level = coder ? coder.step.length : 0, range = { min: 1, max: level, step: 1, value: coder ? coder.usual + 1 : 0 };
  const quality = slider("Quality", range, () => again(), (value) => `${value} of ${level}`);
  let own = /** @type {{x: Float32Array, code: Float32Array} | null} */ (null);
  const filed = (/** @type {Float32Array} */ code) => {
    if (!coder) return { code: code.map(half), bytes: 2 * size, head: 0, file: null };
    const at = Number(quality.input.value) - 1, numbers = wholeNumbers(code, coder, at), file = amgFile(packedNumbers(numbers, coder, at), facts.digest, at);
    return { code: codeOfNumbers(numbers, coder, at), bytes: file.length, head: HEAD_BYTES, file };
  };
  const again = latest(async () => {
    if (!own) return;
    const { x, code } = own, asked = Number(quality.input.value), ours = filed(code);
    const made = await decoded(engine, ours.code, "faithful", { seed: 0, temperature: 1 }), near = psnr(made.x, x);
    tell(shown[0], { ...ours, x: made.x, psnr: near, near: true });
    const rivals = await Promise.all(TYPES.map(([, type]) => rivalOf(x, facts.shape, type, near)));
    rivals.forEach((rival, at) => tell(shown[at + 1], rival));
    element.last = { x, quality: asked, ...ours, made: made.x, psnr: near, rivals };
    keep.disabled = false;
  });
  const tell = (/** @type {typeof shown[0]} */ { name, canvas, said }, /** @type {Omit<import("./rivals.js").Rival, "quality"> | null} */ file) => {
    const { bytes = 0, head = 0, near = true } = file ?? {}, decibels = `${decibelsText(file?.psnr ?? 0)}${near ? "" : ", its best"}`;
    const words = [`${bytes.toLocaleString("en")} bytes`, ...(head ? [`${head.toLocaleString("en")} of them head`] : []), decibels];
    canvas.hidden = !file;
    if (file) canvas.show(file.x, `${name}, ${words[0]}, ${decibels}`);
    said.textContent = file ? words.join(" · ") : "this browser writes none";
  };
  const keep = button("Save as .amg", () => save(element.last.file, "rebuilt.amg", "application/octet-stream"), { disabled: true });
  const words = coder ? "amalgan is the very file that amalgan compress writes. " : "This model's page holds no tables to compress with: its code stands as half-precision numbers. ";
  const element = Object.assign(h("section", { class: "files" }, h("h3", {}, "As a file"),
    coder ? div("controls", quality, keep) : null,
    div("three", ...shown.map(({ name, canvas, said }) => framed(canvas, name, said))),
    note(words, "JPEG and WebP are your browser's smallest files that are as near to the picture, written in color. Head: what such a file holds before the picture itself, which weighs on small ones.")),
  { last: /** @type {any} */ (null), take: (/** @type {Float32Array} */ x, /** @type {Float32Array} */ code) => { own = { x, code }; again(); } });
  return element;
}
