// A picture in which holes can be brushed: by pointer or finger, or as a rectangle by keyboard.

import { h, slider } from "./dom.js";
import { rgbaOf } from "./pictures.js";

const STEP = 1 / 16, COLOR = [226, 88, 62];

/** Make known what lies within a radius of a line unknown. @param {Float32Array} known @param {number} width
 * @param {{x: number, y: number}} from @param {{x: number, y: number}} to @param {number} radius */
export function stroke(known, width, from, to, radius) {
  const across = to.x - from.x, down = to.y - from.y, square = across ** 2 + down ** 2 || 1;
  known.forEach((_, at) => {
    const x = (at % width) + 0.5, y = Math.floor(at / width) + 0.5;
    const share = Math.min(1, Math.max(0, ((x - from.x) * across + (y - from.y) * down) / square));
    if ((x - from.x - share * across) ** 2 + (y - from.y - share * down) ** 2 <= radius ** 2) known[at] = 0;
  });
}

/** @typedef {{left: number, top: number, width: number, height: number}} Rectangle in shares of the picture */

/** @param {Float32Array} known @param {number} width @param {Rectangle} box */
export function cutOut(known, width, box) {
  const height = known.length / width;
  known.forEach((_, at) => {
    const x = ((at % width) + 0.5) / width, y = (Math.floor(at / width) + 0.5) / height;
    if (x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height) known[at] = 0;
  });
}

/** @param {string} words what the picture is @param {() => void} changed the hole
 * @returns {HTMLElement & {known: Float32Array, take: (x: Float32Array, shape: number[], middle: boolean) => void, controls: HTMLElement[]}} */
export function brush(words, changed) {
  const canvas = h("canvas", { tabindex: 0, role: "img", class: "brush", "aria-label": `${words}. Draw to make a hole. By keyboard: arrow keys move a rectangle, with Shift they change its size, Enter cuts it out, Delete closes all holes.` });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let picture = /** @type {Float32Array} */ (new Float32Array()), shape = [1, 1, 1], box = { left: 0.375, top: 0.375, width: 0.25, height: 0.25 }, from = /** @type {{x: number, y: number} | null} */ (null);
  const size = slider("Brush", { min: 0.02, max: 0.3, step: 0.01, value: 0.1 }, () => {});
  const draw = () => {
    const [, height, width] = shape, image = pen.createImageData(width, height);
    image.data.set(rgbaOf(picture, shape));
    element.known.forEach((one, at) => { if (!one) image.data.set(COLOR.map((part, color) => 0.75 * part + 0.25 * image.data[4 * at + color]), 4 * at); });
    pen.putImageData(image, 0, 0);
    if (document.activeElement !== canvas || !canvas.matches(":focus-visible")) return;
    pen.strokeStyle = `rgb(${COLOR})`;
    pen.lineWidth = Math.max(1, width / 200);
    pen.strokeRect(box.left * width, box.top * height, box.width * width, box.height * height);
  };
  const whole = () => { element.known.fill(1); draw(); changed(); };
  const at = (/** @type {PointerEvent} */ event) => {
    const place = canvas.getBoundingClientRect();
    return { x: ((event.clientX - place.left) / place.width) * shape[2], y: ((event.clientY - place.top) / place.height) * shape[1] };
  };
  const paint = (/** @type {PointerEvent} */ event) => {
    if (!from) return;
    const to = at(event);
    stroke(element.known, shape[2], from, to, Math.max(0.75, (Number(size.input.value) / 2) * shape[2]));
    from = to;
    draw();
  };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); from = at(event); paint(event); });
  canvas.addEventListener("pointermove", paint);
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { if (from) changed(); from = null; });
  for (const turn of ["focus", "blur"]) canvas.addEventListener(turn, draw);
  canvas.addEventListener("keydown", (event) => {
    const way = /** @type {Record<string, number[]>} */ ({ ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] })[event.key];
    const within = (/** @type {number} */ one, least = 0, most = 1) => Math.min(most, Math.max(least, one));
    if (way && event.shiftKey) box = { ...box, width: within(box.width + way[0], STEP, 1 - box.left), height: within(box.height + way[1], STEP, 1 - box.top) };
    else if (way) box = { ...box, left: within(box.left + way[0], 0, 1 - box.width), top: within(box.top + way[1], 0, 1 - box.height) };
    else if (event.key === "Delete" || event.key === "Backspace") whole();
    else if (event.key === "Enter" || event.key === " ") { cutOut(element.known, shape[2], box); changed(); }
    else return;
    event.preventDefault();
    draw();
  });
  const element = Object.assign(h("div", { class: "brushed" }, canvas), {
    known: new Float32Array(),
    controls: [size, h("button", { type: "button", onclick: whole }, "Close all holes")],
    take: (/** @type {Float32Array} */ x, /** @type {number[]} */ its, /** @type {boolean} */ middle) => {
      [picture, shape] = [x, its];
      Object.assign(canvas, { width: its[2], height: its[1] });
      canvas.classList.toggle("crisp", Math.max(its[1], its[2]) <= 96);
      element.known = new Float32Array(its[1] * its[2]).fill(1);
      if (middle) cutOut(element.known, its[2], { left: 0.25, top: 0.25, width: 0.5, height: 0.5 });
      draw();
      changed();
    },
  });
  return element;
}
