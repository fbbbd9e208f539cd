// The drawing of a map: dots, and thumbnails where they find room; moved, zoomed, pointed at, chosen from by a rectangle.

import { camera, placesOf } from "./camera.js";
import { within } from "./arrays.js";
import { ARROWS, button, div, h, on, penOf, spotOf } from "./dom.js";
import { thumbnails } from "./thumbnails.js";

const REACH = 24, STILL = 4, BEYOND = 40, KEY_STEP = 60, COLORS = 10;

/** @typedef {{points: string, labels: number[], names: string[], classes: string[], thumbnail: import("./thumbnails.js").Thumbnail, smooth: boolean, sheets: string[]}} Points */
/**
 * @typedef {object} Look what decides how a point is drawn
 * @property {(row: number) => boolean} shown
 * @property {(row: number) => boolean} faint
 * @property {(row: number) => string} ring the variable of a color; none where it is empty
 */
/**
 * @typedef {object} Acts what follows from a pointer
 * @property {(row: number, x: number, y: number) => void} point at a row, or at none (-1)
 * @property {(row: number) => void} click
 * @property {((rows: number[], add: boolean) => void) | null} choose null: a drag moves the map
 */
/** @typedef {{x: number, y: number}} Place on the canvas */
/** @typedef {HTMLElement & {canvas: HTMLCanvasElement, draw: () => void, fit: (rows?: number[], margin?: number) => void, thumb: import("./thumbnails.js").Thumbs, camera: import("./camera.js").Camera, buttons: HTMLElement}} Scatter */

/** @param {CSSStyleDeclaration} style @param {number} label @returns {string} the color of a class */
export function classColor(style, label) {
  if (label < 0) return style.getPropertyValue("--strong");
  if (label < COLORS) return style.getPropertyValue(`--k${label}`);
  const light = matchMedia("(prefers-color-scheme: dark)").matches ? 68 : 45;
  return `hsl(${(label * 222.5) % 360} 55% ${light + (label % 2) * 9}%)`;
}

/** @param {string[]} names @param {string} asked part of a name @returns {number[]} which ones have it; none where nothing is asked */
export function rowsNamed(names, asked) {
  const words = asked.trim().toLowerCase();
  return words ? names.flatMap((name, row) => (name.toLowerCase().includes(words) ? [row] : [])) : [];
}

/** Those of some places that have room, the first first. @param {number[]} rows @param {import("./camera.js").Camera} camera @param {number} cell
 * @returns {number[]} */
function withRoom(rows, { across, down }, cell) {
  const taken = new Map(), key = (/** @type {number} */ i, /** @type {number} */ j) => i * 65536 + j;
  return rows.filter((row) => {
    const x = across(row), y = down(row), i = Math.floor(x / cell), j = Math.floor(y / cell);
    const near = [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => taken.get(key(i + a, j + b)))).filter(Boolean);
    if (near.some(([left, top]) => Math.abs(left - x) < cell && Math.abs(top - y) < cell)) return false;
    taken.set(key(i, j), [x, y]);
    return true;
  });
}

/** @param {Points} facts @param {Look} look @param {Acts} acts @returns {Scatter} */
export function scatter(facts, look, acts) {
  const canvas = h("canvas", { tabindex: 0, role: "img",
    "aria-label": `Map of ${facts.names.length} examples. Arrow keys move it, plus and minus zoom, 0 shows all.` });
  const pen = penOf(canvas), view = camera(placesOf(facts.points)), { seen, across, down } = view, held = new Map();
  const drag = /** @type {{from: Place | null, to: Place}} */ ({ from: null, to: { x: 0, y: 0 } });
  let asked = false, pointed = -1;
  const draw = () => { if (!asked) { asked = true; requestAnimationFrame(render); } };
  const thumb = thumbnails(facts, draw);
  const act = (/** @type {() => void} */ moved) => () => { moved(); draw(); };
  const render = () => {
    asked = false;
    const dots = devicePixelRatio || 1, style = getComputedStyle(canvas), grown = view.grown();
    const rows = view.within(-BEYOND, -BEYOND, seen.width + BEYOND, seen.height + BEYOND).filter(look.shown);
    const rank = (/** @type {number} */ row) => (look.ring(row) ? 0 : look.faint(row) ? 2 : 1);
    const order = [0, 1, 2].flatMap((one) => rows.filter((row) => rank(row) === one));
    const color = (/** @type {number} */ row) => (look.ring(row) ? style.getPropertyValue(look.ring(row)) : classColor(style, facts.labels[row]));
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, seen.width, seen.height);
    const radius = Math.min(6, Math.max(1.6, 70 / Math.sqrt(facts.names.length)) * grown ** 0.25);
    for (const row of [...order].reverse()) {
      Object.assign(pen, { globalAlpha: look.faint(row) ? 0.12 : 0.85, fillStyle: color(row) }).beginPath();
      pen.arc(across(row), down(row), look.ring(row) ? radius + 2 : radius, 0, 7);
      pen.fill();
    }
    const { width, height } = facts.thumbnail, side = within(20 * grown ** 0.4, 22, 96), times = side / Math.max(width, height, 1);
    const hung = width ? withRoom(order, view, side + 6) : [];
    for (const row of hung) {
      const frame = look.ring(row) ? 3 : 1.5, wide = width * times + 2 * frame, high = height * times + 2 * frame;
      Object.assign(pen, { globalAlpha: look.faint(row) ? 0.15 : 1, fillStyle: color(row) }).fillRect(across(row) - wide / 2, down(row) - high / 2, wide, high);
      thumb(pen, row, across(row), down(row), side);
    }
    Object.assign(pen, { globalAlpha: 1, lineWidth: 2, strokeStyle: style.getPropertyValue("--ink") });
    pen.beginPath();
    if (pointed >= 0) pen.arc(across(pointed), down(pointed), radius + 3, 0, 7);
    if (drag.from && acts.choose) pen.rect(drag.from.x, drag.from.y, drag.to.x - drag.from.x, drag.to.y - drag.from.y);
    pen.stroke();
    Object.assign(canvas.dataset, { seen: rows.length, hung: hung.length });
  };
  const nearest = (/** @type {Place} */ { x, y }) => {
    const far = (/** @type {number} */ row) => Math.hypot(across(row) - x, down(row) - y);
    const near = view.within(x - REACH, y - REACH, x + REACH, y + REACH).filter((row) => look.shown(row) && far(row) < REACH);
    return near.reduce((best, row) => (best < 0 || far(row) < far(best) ? row : best), -1);
  };
  const point = (/** @type {number} */ row, x = 0, y = 0) => {
    if (row !== pointed) draw();
    pointed = row;
    acts.point(row, x, y);
  };
  const pulled = (/** @type {PointerEvent} */ event) => {
    const now = spotOf(event), before = held.get(event.pointerId), other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    if (!before) return point(nearest(now), now.x, now.y);
    held.set(event.pointerId, now);
    drag.to = now;
    point(-1);
    if (other || !acts.choose) view.move((before.x - now.x) / held.size, (before.y - now.y) / held.size);
    if (other) {
      drag.from = null; // two fingers choose nothing
      const apart = (/** @type {Place} */ one) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
      view.zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
    draw();
  };
  const released = (/** @type {PointerEvent} */ event) => {
    const { from, to } = drag;
    held.delete(event.pointerId);
    drag.from = null;
    draw();
    if (!from || event.type === "pointercancel") return;
    const [left, right] = [from.x, to.x].sort((a, b) => a - b), [top, bottom] = [from.y, to.y].sort((a, b) => a - b);
    if (right - left < STILL && bottom - top < STILL) acts.click(nearest(to));
    else acts.choose?.(view.within(left, top, right, bottom).filter(look.shown), event.shiftKey);
  };
  const pressed = (/** @type {PointerEvent} */ event) => {
    canvas.setPointerCapture(event.pointerId);
    drag.from = drag.to = spotOf(event);
    held.set(event.pointerId, drag.to);
  };
  const typed = (/** @type {KeyboardEvent} */ event) => {
    const way = ARROWS[event.key], times = { "+": 1.4, "=": 1.4, "-": 1 / 1.4 }[event.key];
    if (way) view.move(KEY_STEP * way[0], KEY_STEP * way[1]);
    else if (times) view.zoom(times);
    else if (event.key === "0") view.fit();
    else return;
    event.preventDefault();
    draw();
  };
  const wheeled = (/** @type {WheelEvent} */ event) => {
    const { x, y } = spotOf(event), pace = event.deltaMode ? 0.05 : 0.0015;
    event.preventDefault();
    act(() => view.zoom(Math.exp(-event.deltaY * pace), x, y))();
  };
  on(canvas, { pointerdown: pressed, pointermove: pulled, pointerup: released, pointercancel: released,
    pointerleave: () => point(-1), wheel: wheeled, keydown: typed });
  const buttons = div("over", button("+", act(() => view.zoom(1.6)), { "aria-label": "Zoom in" }),
    button("−", act(() => view.zoom(1 / 1.6)), { "aria-label": "Zoom out" }), button("All", act(() => view.fit()), { "aria-label": "Show all" }));
  const element = div("scatter", canvas, buttons);
  new ResizeObserver(() => {
    const { width, height } = element.getBoundingClientRect(), dots = devicePixelRatio || 1, first = seen.width === 1;
    Object.assign(seen, { width, height });
    Object.assign(canvas, { width: Math.round(width * dots), height: Math.round(height * dots) });
    if (first) view.fit();
    draw();
  }).observe(element);
  on(matchMedia("(prefers-color-scheme: dark)"), { change: draw });
  const fit = (/** @type {number[] | undefined} */ rows, margin = 0) => act(() => view.fit(rows, margin))();
  return Object.assign(element, { canvas, draw, thumb, camera: view, buttons, fit });
}
