// Curves over images, drawn as SVG: as many lines as there are names, one axis, values where the pointer is.

import { h, on, soft, spotOf } from "./dom.js";
import { counted, number } from "./words.js";

const WIDTH = 640, HEIGHT = 230, LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 26, TICKS = 4;

/** @typedef {[number, number][]} Points */
/** @typedef {{name: string, points: Points}} Series */

/** @param {string} tag @param {Record<string, string | number>} told @param {string} [text] @returns {SVGElement} */
function svg(tag, told, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(told)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Round steps between two numbers. @param {number} low @param {number} high @returns {number[]} */
export function ticks(low, high) {
  const rough = (high - low) / TICKS, power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10), found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

/** @param {Series[]} series @returns {{x: [number, number], y: [number, number]}} what the axes span; wild beginnings are cut off */
export function extent(series) {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x)), ys = series.flatMap(({ points }) => points.map(([, y]) => y)).sort((a, b) => a - b);
  const low = ys[0] ?? 0, high = ys.length > 50 ? ys[Math.floor(0.995 * (ys.length - 1))] : ys.at(-1) ?? 1;
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return { x: [0, xs.reduce((most, one) => Math.max(most, one), 1)], y: [low - room, high + room] };
}

/** A plot that can be drawn again. @param {string} title @returns {HTMLElement & {draw: (series: Series[]) => void}} */
export function plot(title) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" }), legend = h("p", { class: "legend" });
  let shown = /** @type {Series[]} */ ([]), spans = extent([]);
  const across = (/** @type {number} */ x) => LEFT + (WIDTH - LEFT - RIGHT) * x / spans.x[1];
  const down = (/** @type {number} */ y) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (y - spans.y[0]) / (spans.y[1] - spans.y[0]));
  const inside = (/** @type {number} */ y) => Math.min(HEIGHT - BOTTOM, Math.max(TOP, down(y)));
  const entries = (/** @type {number | null} */ at) => shown.map(({ name, points }, which) => {
    const point = at === null ? points.at(-1) : points.reduce((best, one) => (Math.abs(one[0] - at) < Math.abs(best[0] - at) ? one : best), points[0]);
    return h("span", { class: `key k${which % 10}` }, h("i", {}), `${name} `, h("b", {}, number(point?.[1])));
  });
  const tell = (/** @type {number | null} */ at) => legend.replaceChildren(...entries(at), ...(at === null ? [] : [soft(`at ${counted(at)} images`)]));
  const draw = (/** @type {Series[]} */ series) => {
    shown = series.filter(({ points }) => points.length);
    spans = extent(shown);
    picture.replaceChildren(
      ...ticks(...spans.y).flatMap((y) => [svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: down(y), y2: down(y), class: "rule" }), svg("text", { x: LEFT - 6, y: down(y) + 4, class: "end" }, number(y))]),
      ...ticks(...spans.x).map((x) => svg("text", { x: across(x), y: HEIGHT - 8, class: "middle" }, x >= 1000 ? `${number(x / 1000)}k` : String(x))),
      ...shown.map(({ points }, which) => svg("polyline", { class: `line k${which % 10}`, points: points.map(([x, y]) => `${across(x).toFixed(1)},${inside(y).toFixed(1)}`).join(" ") })),
      ...shown.flatMap(({ points }, which) => (points.length < 3 ? points.map(([x, y]) => svg("circle", { class: `dot-of k${which % 10}`, cx: across(x), cy: inside(y), r: 3 })) : [])));
    picture.setAttribute("aria-label", `${title}. ${shown.map(({ name, points }) => `${name}: from ${number(points[0][1])} to ${number(points.at(-1)?.[1])}`).join(". ")}`);
    tell(null);
  };
  const moved = (/** @type {PointerEvent} */ event) => {
    const { x, width } = spotOf(event);
    tell(Math.max(0, (x / width * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * spans.x[1]));
  };
  on(picture, { pointermove: moved, pointerleave: () => tell(null) });
  return Object.assign(h("figure", { class: "plot" }, h("h3", {}, title), /** @type {any} */ (picture), legend), { draw });
}

/** Curves by what they are of: ``critic/r1`` is drawn with what else is the critic's.
 * @param {Record<string, Points>} curves @returns {Map<string, Series[]>} */
export function grouped(curves) {
  const groups = new Map();
  for (const [full, points] of Object.entries(curves)) {
    const [group, ...rest] = full.split("/");
    groups.set(group, [...(groups.get(group) ?? []), { name: rest.join("/").replaceAll("_", " ") || group, points }]);
  }
  return new Map([...groups].sort(([a], [b]) => Number(b === "validation") - Number(a === "validation")));
}
