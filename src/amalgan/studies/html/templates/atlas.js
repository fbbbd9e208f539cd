"use strict";
// Draws the map: dots, and as many thumbnails as find room; moves, zooms, hovers, searches. Names are only ever text.
const by = id => document.getElementById(id);
const data = JSON.parse(by("data").textContent);
const canvas = by("map"), pen = canvas.getContext("2d"), card = by("card"), large = by("large");
const sheets = [...document.querySelectorAll("img.sheet")];
const { width: tw, height: th, across, rows } = data.thumbnail;
const N = data.names.length, places = decoded(data.points), lower = data.names.map(name => name.toLowerCase());
const on = data.classes.map(() => true);
let unlabeled = true, hits = null, colors = [], ink = {}, pointed = -1;
let view = { x: 0, y: 0, scale: 1 }, size = { w: 1, h: 1 }, asked = false;

function decoded(text) {
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)), words = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 2 }, (_, k) => words.getUint16(2 * k, true) / 65535);
}
const extent = (() => {
  let w = 0, h = 0;
  for (let k = 0; k < N; k++) { w = Math.max(w, places[2 * k]); h = Math.max(h, places[2 * k + 1]); }
  return { w: w || 1, h: h || 1 };
})();

function paint() {
  const style = getComputedStyle(document.documentElement), get = name => style.getPropertyValue(name).trim();
  ink = { paper: get("--paper"), soft: get("--strong"), ink: get("--ink") };
  const light = matchMedia("(prefers-color-scheme: dark)").matches ? 68 : 45;
  colors = data.classes.map((_, k) => k < 10 ? get("--k" + k) : `hsl(${(k * 222.5) % 360} 55% ${light + (k % 2) * 9}%)`);
}
const colorOf = k => data.labels[k] < 0 ? ink.soft : colors[data.labels[k]];
const shown = k => (data.labels[k] < 0 ? unlabeled : on[data.labels[k]]);
const across_ = k => (places[2 * k] - view.x) * view.scale, down_ = k => (places[2 * k + 1] - view.y) * view.scale;

function resize() {
  const box = canvas.getBoundingClientRect(), dots = devicePixelRatio || 1, first = size.w === 1;
  size = { w: box.width, h: box.height };
  canvas.width = Math.round(box.width * dots); canvas.height = Math.round(box.height * dots);
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  if (first) fit(); else draw();
}
function fit(box = { x: 0, y: 0, w: extent.w, h: extent.h }) {
  const scale = 0.92 * Math.min(size.w / Math.max(box.w, 1e-3), size.h / Math.max(box.h, 1e-3));
  view = { scale, x: box.x + box.w / 2 - size.w / 2 / scale, y: box.y + box.h / 2 - size.h / 2 / scale };
  draw();
}
function zoom(times, x = size.w / 2, y = size.h / 2) {
  const least = 0.3 * Math.min(size.w, size.h), scale = Math.min(2e5, Math.max(least, view.scale * times));
  view.x += x / view.scale - x / scale; view.y += y / view.scale - y / scale; view.scale = scale;
  draw();
}
function draw() { if (!asked) { asked = true; requestAnimationFrame(render); } }

function render() {
  asked = false;
  pen.fillStyle = ink.paper; pen.fillRect(0, 0, size.w, size.h);
  const grown = view.scale / Math.min(size.w / extent.w, size.h / extent.h);
  const radius = Math.min(6, Math.max(1.6, 70 / Math.sqrt(N)) * Math.pow(grown, 0.25)), seen = [];
  const pad = 40;
  for (let k = 0; k < N; k++) {
    const x = across_(k), y = down_(k);
    if (shown(k) && x > -pad && y > -pad && x < size.w + pad && y < size.h + pad) seen.push(k);
  }
  for (const k of seen) {
    pen.globalAlpha = hits && !hits.has(k) ? 0.12 : 0.85;
    pen.fillStyle = colorOf(k);
    pen.beginPath(); pen.arc(across_(k), down_(k), hits && hits.has(k) ? radius + 2 : radius, 0, 7); pen.fill();
  }
  pen.globalAlpha = 1;
  if (tw) hang(seen, grown);
  if (pointed >= 0) ring(pointed, radius + 3);
  canvas.dataset.seen = seen.length;
}
function hang(seen, grown) {
  const side = Math.min(96, Math.max(22, 20 * Math.pow(grown, 0.4))), times = side / Math.max(tw, th);
  const w = tw * times, h = th * times, cell = side + 6, spots = new Map();
  pen.imageSmoothingEnabled = data.smooth || times < 1;
  let hung = 0;
  const order = hits ? [...seen.filter(k => hits.has(k)), ...seen.filter(k => !hits.has(k))] : seen;
  for (const k of order) {
    const x = across_(k), y = down_(k), i = Math.floor(x / cell), j = Math.floor(y / cell);
    if (!room(spots, x, y, i, j, cell)) continue;
    spots.set(key(i, j), [x, y]);
    pen.globalAlpha = hits && !hits.has(k) ? 0.15 : 1;
    pen.fillStyle = colorOf(k); pen.fillRect(x - w / 2 - 1.5, y - h / 2 - 1.5, w + 3, h + 3);
    stamp(pen, k, x - w / 2, y - h / 2, w, h);
    hung++;
  }
  pen.globalAlpha = 1; canvas.dataset.hung = hung;
}
const key = (i, j) => i * 65536 + j;
function room(spots, x, y, i, j, cell) {
  for (let a = i - 1; a <= i + 1; a++) for (let b = j - 1; b <= j + 1; b++) {
    const spot = spots.get(key(a, b));
    if (spot && Math.abs(spot[0] - x) < cell && Math.abs(spot[1] - y) < cell) return false;
  }
  return true;
}
function stamp(onto, k, x, y, w, h) {
  const of = across * rows, sheet = sheets[Math.floor(k / of)], at = k % of;
  if (sheet && sheet.complete) onto.drawImage(sheet, (at % across) * tw, Math.floor(at / across) * th, tw, th, x, y, w, h);
}
function ring(k, radius) {
  pen.strokeStyle = ink.ink; pen.lineWidth = 2;
  pen.beginPath(); pen.arc(across_(k), down_(k), radius, 0, 7); pen.stroke();
}
function nearest(x, y) {
  let best = -1, least = 24 * 24;
  for (let k = 0; k < N; k++) if (shown(k)) {
    const dx = across_(k) - x, dy = down_(k) - y, d = dx * dx + dy * dy;
    if (d < least) { least = d; best = k; }
  }
  return best;
}
function point(k, x, y) {
  if (k !== pointed) { pointed = k; draw(); }
  card.hidden = k < 0;
  if (k < 0) return;
  by("name").textContent = data.names[k];
  by("class").textContent = data.labels[k] < 0 ? "" : data.classes[data.labels[k]];
  large.hidden = !tw;
  if (tw) {
    const times = Math.max(1, Math.floor(128 / Math.max(tw, th)));
    large.width = tw * times; large.height = th * times;
    const brush = large.getContext("2d"); brush.imageSmoothingEnabled = false;
    stamp(brush, k, 0, 0, large.width, large.height);
  }
  const box = card.getBoundingClientRect();
  card.style.left = Math.min(Math.max(4, x + 16), size.w - box.width - 4) + "px";
  card.style.top = Math.max(4, y + 16 + box.height > size.h ? y - 12 - box.height : y + 16) + "px";
}

let audio = null, playing = null;
function heard(k) {
  const { length } = data.sound, text = data.sound.bytes, from = k * length, first = Math.floor(from / 3) * 4;
  const bytes = atob(text.slice(first, Math.ceil((from + length) / 3) * 4)), at = from - first / 4 * 3;
  return Float32Array.from({ length }, (_, i) => {
    const v = (bytes.charCodeAt(at + i) - 128) / 127;
    return Math.sign(v) * (Math.pow(256, Math.abs(v)) - 1) / 255;
  });
}
function play(k) {
  if (!data.sound || k < 0 || 4 * ((k + 1) * data.sound.length) > 3 * data.sound.bytes.length) return;
  audio = audio || new AudioContext();
  if (playing) playing.stop();
  const wave = heard(k), buffer = audio.createBuffer(1, wave.length, data.sound.rate);
  buffer.copyToChannel(wave, 0);
  playing = audio.createBufferSource();
  playing.buffer = buffer; playing.connect(audio.destination); playing.start();
  canvas.dataset.played = k;
}

const held = new Map();
let pressed = { x: 0, y: 0 };
const at = e => { const box = canvas.getBoundingClientRect(); return { x: e.clientX - box.left, y: e.clientY - box.top }; };
canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); held.set(e.pointerId, at(e)); pressed = at(e); canvas.classList.add("held"); });
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, e => { held.delete(e.pointerId); if (!held.size) canvas.classList.remove("held"); });
canvas.addEventListener("pointermove", e => {
  const now = at(e), before = held.get(e.pointerId);
  if (!before) return point(nearest(now.x, now.y), now.x, now.y);
  const other = [...held].find(([id]) => id !== e.pointerId);
  view.x -= (now.x - before.x) / view.scale / held.size; view.y -= (now.y - before.y) / view.scale / held.size;
  if (other) zoom(Math.hypot(now.x - other[1].x, now.y - other[1].y) / Math.max(1, Math.hypot(before.x - other[1].x, before.y - other[1].y)), (now.x + other[1].x) / 2, (now.y + other[1].y) / 2);
  held.set(e.pointerId, now); point(-1); draw();
});
canvas.addEventListener("click", e => {
  const now = at(e), k = nearest(now.x, now.y);
  if (data.sound && Math.hypot(now.x - pressed.x, now.y - pressed.y) < 4) { point(k, now.x, now.y); play(k); }
});
canvas.addEventListener("pointerleave", () => point(-1));
canvas.addEventListener("wheel", e => { e.preventDefault(); const now = at(e); zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.0015)), now.x, now.y); }, { passive: false });
canvas.addEventListener("dblclick", e => { const now = at(e); zoom(2, now.x, now.y); });
canvas.addEventListener("keydown", e => {
  const step = 60 / view.scale, moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
  if (moves[e.key]) { view.x += moves[e.key][0]; view.y += moves[e.key][1]; draw(); }
  else if (e.key === "+" || e.key === "=") zoom(1.4);
  else if (e.key === "-") zoom(1 / 1.4);
  else if (e.key === "0") fit();
  else if (e.key === "Enter" && data.sound) play(pointed >= 0 ? pointed : Number(canvas.dataset.played ?? -1));
  else return;
  e.preventDefault();
});
by("in").addEventListener("click", () => zoom(1.6));
by("out").addEventListener("click", () => zoom(1 / 1.6));
by("all").addEventListener("click", () => fit());

function search() {
  const words = by("words").value.trim().toLowerCase();
  hits = words ? new Set(lower.flatMap((name, k) => name.includes(words) ? [k] : [])) : null;
  by("found").textContent = hits ? `${hits.size.toLocaleString("en")} found` : "";
  draw();
}
by("words").addEventListener("input", search);
by("search").addEventListener("submit", e => {
  e.preventDefault();
  if (!hits || !hits.size) return fit();
  const found = [...hits], xs = found.map(k => places[2 * k]), ys = found.map(k => places[2 * k + 1]);
  const least = values => values.reduce((a, b) => Math.min(a, b)), most = values => values.reduce((a, b) => Math.max(a, b));
  const x = least(xs), y = least(ys), pad = 0.02;
  fit({ x: x - pad, y: y - pad, w: most(xs) - x + 2 * pad, h: most(ys) - y + 2 * pad });
});

function toggle(text, color, get, set) {
  const button = document.createElement("button"), dot = document.createElement("i"), name = document.createElement("span");
  button.type = "button"; name.textContent = text; button.append(dot, name);
  const mark = () => { dot.style.setProperty("--c", color()); button.setAttribute("aria-pressed", String(get())); };
  button.addEventListener("click", () => { set(!get()); mark(); draw(); });
  by("classes").append(button); mark();
  return mark;
}
paint();
const marks = data.classes.map((name, k) => toggle(name, () => colors[k], () => on[k], value => { on[k] = value; }));
if (data.classes.length && data.labels.some(label => label < 0)) marks.push(toggle("no class", () => ink.soft, () => unlabeled, value => { unlabeled = value; }));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { paint(); marks.forEach(mark => mark()); draw(); });
sheets.forEach(sheet => sheet.addEventListener("load", draw));
new ResizeObserver(resize).observe(canvas);
