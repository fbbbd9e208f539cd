// The drawing of a map: dots and pictures, moved, zoomed, and chosen from by a rectangle.

import { h } from "./dom.js";

const THUMB = 26, MOST_THUMB = 96, FINEST = 65535;

/** @typedef {{points: string, labels: number[], names: string[], classes: string[], thumbnail: {width: number, height: number, across: number, rows: number}, smooth: boolean, sheets: string[], groups: number[][], far: number[], how: string, of: number}} MapFacts */

/** @param {string} text base64 of 16-bit whole numbers @returns {Float64Array} places in [0, 1], x and y in turn */
export function placesOf(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0)), words = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 2 }, (_, at) => words.getUint16(2 * at, true) / FINEST);
}

/** Sheets of small pictures, one of which can be drawn at a time. @param {MapFacts} facts @param {() => void} loaded
 * @returns {(pen: CanvasRenderingContext2D, row: number, x: number, y: number, side: number) => void} */
export function thumbnails(facts, loaded) {
  const { width, height, across, rows } = facts.thumbnail;
  const sheets = facts.sheets.map((source) => {
    const one = new Image();
    one.addEventListener("load", loaded);
    one.src = source;
    return one;
  });
  return (pen, row, x, y, side) => {
    const sheet = sheets[Math.floor(row / (across * rows))], place = row % (across * rows);
    if (!sheet?.complete || !sheet.naturalWidth) return;
    const times = side / Math.max(width, height);
    pen.imageSmoothingEnabled = facts.smooth || times < 1;
    pen.drawImage(sheet, (place % across) * width, Math.floor(place / across) * height, width, height, x - width * times / 2, y - height * times / 2, width * times, height * times);
  };
}

/** @param {MapFacts} facts @param {{chosen: Set<number>, marked: Set<number>, labels: Map<number, string>, changed: () => void}} state
 * @returns {HTMLElement & {draw: () => void, thumb: ReturnType<typeof thumbnails>, showAll: () => void}} */
export function seaOf(facts, state) {
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": `Map of ${facts.names.length} pictures. Arrow keys move it, plus and minus zoom, 0 shows all. The tools beside it choose without a pointer.` });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), said = h("p", { class: "said" });
  const places = placesOf(facts.points), count = facts.names.length, view = { x: 0, y: 0, scale: 1 };
  let size = { w: 1, h: 1 }, asked = false, moving = false, from = /** @type {{x: number, y: number} | null} */ (null), now = { x: 0, y: 0 };
  const draw = () => { if (!asked) { asked = true; requestAnimationFrame(render); } };
  const thumb = thumbnails(facts, draw);
  const across = (/** @type {number} */ row) => (places[2 * row] - view.x) * view.scale, down = (/** @type {number} */ row) => (places[2 * row + 1] - view.y) * view.scale;
  const showAll = () => {
    const high = Math.max(...Array.from({ length: count }, (_, row) => places[2 * row + 1]), 1e-6);
    view.scale = 0.92 * Math.min(size.w, size.h / high);
    Object.assign(view, { x: 0.5 - size.w / 2 / view.scale, y: high / 2 - size.h / 2 / view.scale });
    draw();
  };
  const zoom = (/** @type {number} */ times, x = size.w / 2, y = size.h / 2) => {
    const scale = Math.min(2e5, Math.max(60, view.scale * times));
    Object.assign(view, { x: view.x + x / view.scale - x / scale, y: view.y + y / view.scale - y / scale, scale });
    draw();
  };
  const color = (/** @type {string} */ name) => getComputedStyle(canvas).getPropertyValue(name);
  const render = () => {
    asked = false;
    const dots = devicePixelRatio || 1, kept = { accent: color("--accent"), soft: color("--soft"), alarm: color("--alarm") }, kinds = Array.from({ length: 10 }, (_, at) => color(`--k${at}`));
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, size.w, size.h);
    const seen = Array.from({ length: count }, (_, row) => row).filter((row) => across(row) > -40 && down(row) > -40 && across(row) < size.w + 40 && down(row) < size.h + 40);
    const side = Math.min(MOST_THUMB, THUMB * Math.max(1, Math.sqrt(view.scale / Math.min(size.w, size.h)))), cells = new Set();
    for (const row of [...seen.filter((one) => state.marked.has(one)), ...seen.filter((one) => state.chosen.has(one)), ...seen]) {
      const cell = `${Math.floor(across(row) / (side + 4))} ${Math.floor(down(row) / (side + 4))}`, free = facts.sheets.length > 0 && !cells.has(cell);
      cells.add(cell);
      const of = facts.labels[row] < 0 ? kept.soft : kinds[facts.labels[row] % 10];
      if (free) thumb(pen, row, across(row), down(row), side);
      const ring = state.marked.has(row) ? kept.alarm : state.chosen.has(row) ? kept.accent : null;
      if (free && ring) {
        pen.lineWidth = 3;
        pen.strokeStyle = ring;
        pen.strokeRect(across(row) - side / 2 - 1, down(row) - side / 2 - 1, side + 2, side + 2);
      } else if (!free) {
        pen.fillStyle = ring ?? of;
        pen.beginPath();
        pen.arc(across(row), down(row), ring ? 4 : 2.2, 0, 7);
        pen.fill();
      }
    }
    if (from && !moving) {
      pen.strokeStyle = kept.accent;
      pen.lineWidth = 1.5;
      pen.strokeRect(from.x, from.y, now.x - from.x, now.y - from.y);
    }
    canvas.dataset.seen = String(seen.length);
  };
  const at = (/** @type {PointerEvent | WheelEvent} */ event) => { const box = canvas.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };
  const nearest = () => {
    let best = -1, far = 30 ** 2;
    for (let row = 0; row < count; row++) {
      const apart = (across(row) - now.x) ** 2 + (down(row) - now.y) ** 2;
      if (apart < far) [best, far] = [row, apart];
    }
    return best;
  };
  const tell = (/** @type {number} */ row) => { said.textContent = row < 0 ? "" : [facts.names[row], state.labels.get(row) ?? facts.classes[facts.labels[row]]].filter(Boolean).join(" · "); };
  const choose = (/** @type {boolean} */ add) => {
    if (!from) return;
    const [left, right] = [from.x, now.x].sort((a, b) => a - b), [top, bottom] = [from.y, now.y].sort((a, b) => a - b);
    if (right - left < 4 && bottom - top < 4) {
      const row = nearest();
      if (row >= 0 && !state.chosen.delete(row)) state.chosen.add(row);
    } else {
      if (!add) state.chosen.clear();
      for (let row = 0; row < count; row++) if (across(row) >= left && across(row) <= right && down(row) >= top && down(row) <= bottom) state.chosen.add(row);
    }
    state.changed();
  };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); from = now = at(event); });
  canvas.addEventListener("pointermove", (event) => {
    const before = now;
    now = at(event);
    if (from && moving) Object.assign(view, { x: view.x - (now.x - before.x) / view.scale, y: view.y - (now.y - before.y) / view.scale });
    if (from) draw();
    else tell(nearest());
  });
  canvas.addEventListener("pointerup", (event) => { if (!moving) choose(event.shiftKey); from = null; draw(); });
  canvas.addEventListener("pointercancel", () => { from = null; draw(); });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); const { x, y } = at(event); zoom(Math.exp(-event.deltaY * 0.0015), x, y); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 60 / view.scale, moves = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] });
    if (moves[event.key]) Object.assign(view, { x: view.x + moves[event.key][0], y: view.y + moves[event.key][1] });
    else if (event.key === "+" || event.key === "=") zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") showAll();
    else return;
    event.preventDefault();
    draw();
  });
  const hand = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    moving = !moving;
    hand.setAttribute("aria-pressed", String(moving));
    hand.textContent = moving ? "Choose" : "Move";
    element.classList.toggle("moving", moving);
  } }, "Move");
  const element = h("div", { class: "sea" }, canvas, h("div", { class: "over" }, hand, h("button", { type: "button", "aria-label": "Zoom in", onclick: () => zoom(1.6) }, "+"),
    h("button", { type: "button", "aria-label": "Zoom out", onclick: () => zoom(1 / 1.6) }, "−"), h("button", { type: "button", onclick: showAll }, "All")), said);
  new ResizeObserver(() => {
    const box = element.getBoundingClientRect(), dots = devicePixelRatio || 1, first = size.w === 1;
    size = { w: box.width, h: box.height };
    Object.assign(canvas, { width: Math.round(box.width * dots), height: Math.round(box.height * dots) });
    if (first) showAll();
    else draw();
  }).observe(element);
  return Object.assign(element, { draw, thumb, showAll });
}
