// Small pictures on large sheets, one of which can be drawn at a time.

import { h } from "./dom.js";

/** @typedef {{width: number, height: number, across: number, rows: number}} Thumbnail width 0 where there are none */
/** @typedef {(pen: CanvasRenderingContext2D, row: number, x: number, y: number, side: number) => boolean} Thumbs draws one around a place; false: not there yet */

/** @param {{thumbnail: Thumbnail, smooth: boolean, sheets: string[]}} facts @param {() => void} loaded @returns {Thumbs} */
export function thumbnails({ thumbnail: { width, height, across, rows }, smooth, sheets }, loaded) {
  const images = sheets.map((src) => h("img", { onload: loaded, src }));
  return (pen, row, x, y, side) => {
    const sheet = images[Math.floor(row / (across * rows))], place = row % (across * rows), times = side / Math.max(width, height);
    if (!sheet?.complete || !sheet.naturalWidth) return false;
    pen.imageSmoothingEnabled = smooth || times < 1;
    pen.drawImage(sheet, (place % across) * width, Math.floor(place / across) * height, width, height,
      x - width * times / 2, y - height * times / 2, width * times, height * times);
    return true;
  };
}
