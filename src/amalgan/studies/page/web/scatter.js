// The drawing of a map: dots, and thumbnails where they find room; moved, zoomed, pointed at, chosen from by a rectangle.

import { camera, placesOf } from "./camera.js";
import { h } from "./dom.js";
import { thumbnails } from "./thumbnails.js";

const REACH = 24, STILL = 4, BEYOND = 40, KEY_STEP = 60, COLORS = 10;
const KEYS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

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
/** @typedef {HTMLElement & {canvas: HTMLCanvasElement, draw: () => void, fit: (rows?: number[], margin?: number) => void, thumb: import("./thumbnails.js").Thumbs, camera: import("./camera.js").Camera, buttons: HTMLElement}} Scatter */

/** @param {CSSStyleDeclaration} style @param {number} label @returns {string} the color of a class */
export function classColor(style, label) {
  if (label < 0) return style.getPropertyValue("--strong");
  if (label < COLORS) return style.getPropertyValue(`--k${label}`);
  const light = matchMedia("(prefers-color-scheme: dark)").matches ? 68 : 45;
  return `hsl(${(label * 222.5) % 360} 55% ${light + (label % 2) * 9}%)`;
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
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": `Map of ${facts.names.length} examples. Arrow keys move it, plus and minus zoom, 0 shows all.` });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), view = camera(placesOf(facts.points)), { seen, across, down } = view;
  const held = new Map(), drag = /** @type {{from: {x: number, y: number} | null, to: {x: number, y: number}}} */ ({ from: null, to: { x: 0, y: 0 } });
  let asked = false, pointed = -1;
  const draw = () => { if (!asked) { asked = true; requestAnimationFrame(render); } };
  const thumb = thumbnails(facts, draw);
  const act = (/** @type {() => void} */ moved) => () => { moved(); draw(); };
  const render = () => {
    asked = false;
    const dots = devicePixelRatio || 1, style = getComputedStyle(canvas), grown = view.grown();
    const rows = view.within(-BEYOND, -BEYOND, seen.width + BEYOND, seen.height + BEYOND).filter(look.shown);
    const order = [...rows.filter((row) => look.ring(row)), ...rows.filter((row) => !look.ring(row) && !look.faint(row)), ...rows.filter((row) => !look.ring(row) && look.faint(row))];
    const color = (/** @type {number} */ row) => (look.ring(row) ? style.getPropertyValue(look.ring(row)) : classColor(style, facts.labels[row]));
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, seen.width, seen.height);
    const radius = Math.min(6, Math.max(1.6, 70 / Math.sqrt(facts.names.length)) * grown ** 0.25);
    for (const row of [...order].reverse()) {
      pen.globalAlpha = look.faint(row) ? 0.12 : 0.85;
      pen.fillStyle = color(row);
      pen.beginPath();
      pen.arc(across(row), down(row), look.ring(row) ? radius + 2 : radius, 0, 7);
      pen.fill();
    }
    const side = Math.min(96, Math.max(22, 20 * grown ** 0.4)), { width, height } = facts.thumbnail, times = side / Math.max(width, height, 1);
    const hung = width ? withRoom(order, view, side + 6) : [];
    for (const row of hung) {
      const frame = look.ring(row) ? 3 : 1.5, wide = width * times + 2 * frame, high = height * times + 2 * frame;
      pen.globalAlpha = look.faint(row) ? 0.15 : 1;
      pen.fillStyle = color(row);
      pen.fillRect(across(row) - wide / 2, down(row) - high / 2, wide, high);
      thumb(pen, row, across(row), down(row), side);
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeStyle = style.getPropertyValue("--ink");
    pen.beginPath();
    if (pointed >= 0) pen.arc(across(pointed), down(pointed), radius + 3, 0, 7);
    if (drag.from && acts.choose) pen.rect(drag.from.x, drag.from.y, drag.to.x - drag.from.x, drag.to.y - drag.from.y);
    pen.stroke();
    Object.assign(canvas.dataset, { seen: rows.length, hung: hung.length });
  };
  const at = (/** @type {PointerEvent | MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const nearest = (/** @type {{x: number, y: number}} */ { x, y }) => {
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
    const now = at(event), before = held.get(event.pointerId), other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    if (!before) return point(nearest(now), now.x, now.y);
    held.set(event.pointerId, now);
    drag.to = now;
    point(-1);
    if (other || !acts.choose) view.move((before.x - now.x) / held.size, (before.y - now.y) / held.size);
    if (other) {
      drag.from = null; // two fingers choose nothing
      const apart = (/** @type {{x: number, y: number}} */ one) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
      view.zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
    draw();
  };
  const released = (/** @type {PointerEvent} */ event) => {
    const { from, to } = drag, [left, right] = [from?.x ?? 0, to.x].sort((a, b) => a - b), [top, bottom] = [from?.y ?? 0, to.y].sort((a, b) => a - b);
    held.delete(event.pointerId);
    drag.from = null;
    draw();
    if (!from || event.type === "pointercancel") return;
    if (right - left < STILL && bottom - top < STILL) acts.click(nearest(to));
    else acts.choose?.(view.within(left, top, right, bottom).filter(look.shown), event.shiftKey);
  };
  const pressed = (/** @type {PointerEvent} */ event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at(event));
    drag.from = drag.to = at(event);
  };
  const typed = (/** @type {KeyboardEvent} */ event) => {
    const way = KEYS[event.key], times = { "+": 1.4, "=": 1.4, "-": 1 / 1.4 }[event.key];
    if (!way && !times && event.key !== "0") return;
    event.preventDefault();
    if (way) view.move(KEY_STEP * way[0], KEY_STEP * way[1]);
    else if (times) view.zoom(times);
    else view.fit();
    draw();
  };
  const wheeled = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), at(event).x, at(event).y);
    draw();
  };
  canvas.addEventListener("pointerdown", pressed);
  canvas.addEventListener("pointermove", pulled);
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) canvas.addEventListener(end, released);
  canvas.addEventListener("pointerleave", () => point(-1));
  canvas.addEventListener("wheel", wheeled, { passive: false });
  canvas.addEventListener("keydown", typed);
  const button = (/** @type {string} */ text, /** @type {string} */ words, /** @type {() => void} */ moved) => h("button", { type: "button", "aria-label": words, onclick: act(moved) }, text);
  const buttons = h("div", { class: "over" }, button("+", "Zoom in", () => view.zoom(1.6)), button("−", "Zoom out", () => view.zoom(1 / 1.6)), button("All", "Show all", () => view.fit()));
  const element = h("div", { class: "scatter" }, canvas, buttons);
  new ResizeObserver(() => {
    const { width, height } = element.getBoundingClientRect(), dots = devicePixelRatio || 1, first = seen.width === 1;
    Object.assign(seen, { width, height });
    Object.assign(canvas, { width: Math.round(width * dots), height: Math.round(height * dots) });
    if (first) view.fit();
    draw();
  }).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return Object.assign(element, { canvas, draw, thumb, camera: view, buttons, fit: (/** @type {number[] | undefined} */ rows, margin = 0) => { view.fit(rows, margin); draw(); } });
}
