// What the server is asked. An error is a sentence of the server.

import { on, told } from "./dom.js";

const SILENT = "The studio does not answer. It may have ended: start it again by amalgan studio. What it started goes on.";

/** @param {string} path @param {object} [body] JSON to send; without it the server is only asked @returns {Promise<any>} */
export const ask = async (path, body) => answerOf(await reached(path, body && asJson(body)));

/** @param {object} body @returns {RequestInit} */
function asJson(body) {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** Begin something, and show it. @param {string} view its name @param {string} path @param {object} body */
export async function opening(view, path, body) {
  const { id, job, run } = await ask(path, body);
  location.hash = `${view}/${id ?? run ?? job}`;
}

/** Send a file as it is. @param {string} path @param {Blob} file @returns {Promise<any>} */
export const send = async (path, file) => answerOf(await reached(path, { method: "POST", body: file }));

/** @param {string} path @param {object} body @returns {Promise<Blob>} a file that the server makes */
export async function made(path, body) {
  const response = await reached(path, asJson(body));
  return response.ok ? response.blob() : answerOf(response);
}

/** @param {string} path @param {RequestInit} [sent] @returns {Promise<Response>} */
function reached(path, sent) {
  return fetch(path, { credentials: "same-origin", ...sent }).catch(() => { throw new Error(SILENT); });
}

/** @param {Response} response @returns {Promise<any>} */
async function answerOf(response) {
  const answer = await response.json().catch(() => ({ error: `the server answered with ${response.status}.` }));
  if (response.ok) return answer;
  throw new Error(answer.error[0].toUpperCase() + answer.error.slice(1));
}

/** Ask again and again, each time after the last answer, and tell what is new; not where nobody sees it.
 * @param {string} path @param {number} seconds @param {(now: any) => unknown} seen
 * @param {() => boolean} [rests] whether nothing new can come @returns {() => void} ends it */
export function watch(path, seconds, seen, rests = () => false) {
  let last = "", over = false;
  const look = async () => {
    const found = await ask(path), now = JSON.stringify(found);
    if (now !== last) seen(found);
    last = now;
  };
  const step = async () => {
    if (over) return;
    if (!document.hidden && !rests()) await look().catch(told);
    setTimeout(step, seconds * 1000);
  };
  step();
  return () => { over = true; };
}

/** Ask again and again until what was begun has ended, or nobody waits for it. @param {string} path
 * @param {(now: any) => void} [seen] @param {() => boolean} [left] @returns {Promise<any>} */
export async function ended(path, seen = () => {}, left = () => false) {
  for (;;) {
    const now = await ask(path), over = left();
    if (!over) seen(now);
    if (over || !["waiting", "running"].includes(now.state)) return now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Listen to a run. Nothing is heard while nobody sees the page. @param {string} path
 * @param {Record<string, (facts: any) => void>} heard by event @returns {() => void} ends it */
export function listen(path, heard) {
  let source = /** @type {EventSource | null} */ (null);
  const acts = Object.entries(heard).map(([name, act]) => [name, (/** @type {MessageEvent} */ { data }) => act(JSON.parse(data))]);
  const turn = () => {
    source?.close();
    source = document.hidden ? null : new EventSource(path);
    if (source) on(source, Object.fromEntries(acts));
  };
  document.addEventListener("visibilitychange", turn);
  turn();
  return () => { document.removeEventListener("visibilitychange", turn); source?.close(); };
}

/** What a button does: errors are said, and it rests until that is done. @param {() => Promise<unknown>} act
 * @returns {(event: Event) => Promise<void>} */
export function doing(act) {
  return async ({ currentTarget }) => {
    const control = /** @type {HTMLButtonElement} */ (currentTarget);
    control.disabled = true;
    told("");
    await act().catch(told);
    control.disabled = false;
  };
}
