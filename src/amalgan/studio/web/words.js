// Numbers, times and states as people say them.

/** @param {number} value @returns {string} 12,345 */
export const counted = (value) => Math.round(value).toLocaleString("en");

/** @param {number | null | undefined} value @returns {string} four digits */
export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size >= 1000 ? counted(value) : String(Number(value.toPrecision(size < 0.001 ? 2 : 4)));
}

/** @param {number} at seconds since 1970 @returns {string} how long ago */
export function ago(at) {
  const seconds = Math.round(Date.now() / 1000 - at), minutes = Math.round(seconds / 60), hours = Math.floor(minutes / 60);
  if (seconds < 60) return "just now";
  if (seconds > 86_400) return new Date(at * 1000).toLocaleDateString();
  return `${minutes < 90 ? `${minutes} min` : `${hours} h ${minutes % 60} min`} ago`;
}

/** @param {number} bytes @returns {string} */
export function sized(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const STATES = /** @type {Record<string, string>} */ ({ waiting: "waits for its turn", starting: "starting", running: "running", stopping: "stopping",
  paused: "paused", ended: "done", done: "done", failed: "failed", stopped: "stopped", broken: "not begun" });

/** @param {string} state @returns {string} */
export const stateName = (state) => STATES[state] ?? state;

/** @param {string} name @returns {string} a name of a loss or a measure, to be read */
export const readable = (name) => name.replaceAll("_", " ").replace(/\bpsnr\b/g, "PSNR").replace(/\bssim\b/g, "SSIM");
