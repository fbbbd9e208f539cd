// A picture in which holes can be brushed: by pointer or finger, or as a rectangle by keyboard.

import { within } from "./arrays.js";
import { ARROWS, button, div, h, on, penOf, slider, spotOf } from "./dom.js";
import { imageOf, sizeTo } from "./pictures.js";

const STEP = 1 / 16, COLOR = [226, 88, 62];

/** Make known what lies within a radius of a line unknown. @param {Float32Array} known @param {number} width
 * @param {{x: number, y: number}} from @param {{x: number, y: number}} to @param {number} radius */
export function stroke(known, width, from, to, radius) {
  const across = to.x - from.x, down = to.y - from.y, square = across ** 2 + down ** 2 || 1;
  known.forEach((_, at) => {
    const x = (at % width) + 0.5, y = Math.floor(at / width) + 0.5;
    const share = within(((x - from.x) * across + (y - from.y) * down) / square, 0);
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
 * @returns {HTMLElement & {known: Float32Array, take: (x: Float32Array, shape: number[], middle: boolean) => void}} */
export function brush(words, changed) {
  const canvas = h("canvas", { tabindex: 0, role: "img", class: "brush", "aria-label": `${words}. Draw to make a hole. By keyboard: `
    + "arrow keys move a rectangle, with Shift they change its size, Enter cuts it out, Delete closes all holes." });
  const pen = penOf(canvas), size = slider("Brush", { min: 0.02, max: 0.3, step: 0.01, value: 0.1 }, () => {});
  let picture = /** @type {Float32Array} */ (new Float32Array()), shape = [1, 1, 1], box = { left: 0.375, top: 0.375, width: 0.25, height: 0.25 };
  let from = /** @type {{x: number, y: number} | null} */ (null);
  const draw = () => {
    const [, height, width] = shape, shown = imageOf(picture, shape), { data } = shown;
    element.known.forEach((one, at) => {
      if (!one) data.set(COLOR.map((part, color) => 0.75 * part + 0.25 * data[4 * at + color]), 4 * at);
    });
    pen.putImageData(shown, 0, 0);
    if (document.activeElement !== canvas || !canvas.matches(":focus-visible")) return;
    Object.assign(pen, { strokeStyle: `rgb(${COLOR})`, lineWidth: Math.max(1, width / 200) }).strokeRect(box.left * width, box.top * height, box.width * width, box.height * height);
  };
  const whole = () => { element.known.fill(1); draw(); changed(); };
  const at = (/** @type {PointerEvent} */ event) => {
    const { x, y, width, height } = spotOf(event);
    return { x: (x / width) * shape[2], y: (y / height) * shape[1] };
  };
  const paint = (/** @type {PointerEvent} */ event) => {
    if (!from) return;
    const to = at(event);
    stroke(element.known, shape[2], from, to, Math.max(0.75, (Number(size.input.value) / 2) * shape[2]));
    from = to;
    draw();
  };
  const pressed = (/** @type {PointerEvent} */ event) => {
    canvas.setPointerCapture(event.pointerId);
    from = at(event);
    paint(event);
  };
  const released = () => { if (from) changed(); from = null; };
  const typed = (/** @type {KeyboardEvent} */ event) => {
    const way = ARROWS[event.key]?.map((one) => one * STEP), { left, top, width, height } = box;
    if (way && event.shiftKey) {
      box = { left, top, width: within(width + way[0], STEP, 1 - left), height: within(height + way[1], STEP, 1 - top) };
    } else if (way) {
      box = { ...box, left: within(left + way[0], 0, 1 - width), top: within(top + way[1], 0, 1 - height) };
    } else if (event.key === "Delete" || event.key === "Backspace") whole();
    else if (event.key === "Enter" || event.key === " ") { cutOut(element.known, shape[2], box); changed(); }
    else return;
    event.preventDefault();
    draw();
  };
  on(canvas, { pointerdown: pressed, pointermove: paint, pointerup: released, pointercancel: released, keydown: typed,
    focus: draw, blur: draw });
  const take = (/** @type {Float32Array} */ x, /** @type {number[]} */ its, /** @type {boolean} */ middle) => {
    [picture, shape] = [x, its];
    sizeTo(canvas, its);
    element.known = new Float32Array(its[1] * its[2]).fill(1);
    if (middle) cutOut(element.known, its[2], { left: 0.25, top: 0.25, width: 0.5, height: 0.5 });
    draw();
    changed();
  };
  const stage = div("stage", div("brushed", canvas), div("controls", size, button("Close all holes", whole)));
  const element = Object.assign(stage, { known: new Float32Array(), take });
  return element;
}
