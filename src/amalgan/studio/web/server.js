// What the server is asked. An error is a sentence of the server.

/** @param {string} path @param {object} [body] JSON to send; without it the server is only asked @returns {Promise<any>} */
export async function ask(path, body) {
  const sent = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return answerOf(await reached(path, sent));
}

/** Send a file as it is. @param {string} path @param {Blob} file @returns {Promise<any>} */
export async function send(path, file) {
  return answerOf(await reached(path, { method: "POST", body: file }));
}

/** @param {string} path @param {object} body @returns {Promise<Blob>} a file that the server makes */
export async function made(path, body) {
  const response = await reached(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) await answerOf(response);
  return response.blob();
}

/** @param {string} path @param {RequestInit} sent @returns {Promise<Response>} */
async function reached(path, sent) {
  try {
    return await fetch(path, { credentials: "same-origin", ...sent });
  } catch {
    throw new Error("The studio does not answer. It may have ended: start it again by amalgan studio. What it started goes on.");
  }
}

/** @param {Response} response @returns {Promise<any>} */
async function answerOf(response) {
  const answer = await response.json().catch(() => ({ error: `the server answered with ${response.status}.` }));
  if (response.ok) return answer;
  throw new Error(answer.error[0].toUpperCase() + answer.error.slice(1));
}

/** Call again and again, each time after the last one is done; not where nobody sees it.
 * @param {number} seconds @param {() => Promise<unknown>} act @returns {() => void} ends it */
export function every(seconds, act) {
  let over = false;
  const step = async () => {
    if (over) return;
    if (!document.hidden) await act().catch(told);
    setTimeout(step, seconds * 1000);
  };
  step();
  return () => { over = true; };
}

/** Ask again and again until what was begun has ended, or nobody waits for it. @param {string} path
 * @param {(now: any) => void} [seen] @param {() => boolean} [left] @returns {Promise<any>} */
export async function ended(path, seen = () => {}, left = () => false) {
  for (;;) {
    const now = await ask(path);
    if (!left()) seen(now);
    if (left() || !["waiting", "running"].includes(now.state)) return now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Listen to a run. Nothing is heard while nobody sees the page. @param {string} path
 * @param {Record<string, (facts: any) => void>} heard by event @returns {() => void} ends it */
export function listen(path, heard) {
  let source = /** @type {EventSource | null} */ (null);
  const begin = () => {
    source = new EventSource(path);
    for (const [name, act] of Object.entries(heard)) source.addEventListener(name, (event) => act(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  };
  const turn = () => {
    source?.close();
    source = null;
    if (!document.hidden) begin();
  };
  document.addEventListener("visibilitychange", turn);
  turn();
  return () => { document.removeEventListener("visibilitychange", turn); source?.close(); };
}

/** Say what went wrong, where all views say it. @param {unknown} error */
export function told(error) {
  const place = /** @type {HTMLElement} */ (document.getElementById("status"));
  place.textContent = error instanceof Error ? error.message : String(error ?? "");
  place.className = place.textContent ? "trouble" : "";
}

/** What a button does: errors are said, and it rests until that is done. @param {() => Promise<unknown>} act
 * @returns {(event: Event) => Promise<void>} */
export function doing(act) {
  return async ({ currentTarget }) => {
    const button = /** @type {HTMLButtonElement} */ (currentTarget);
    button.disabled = true;
    told("");
    try {
      await act();
    } catch (error) {
      told(error);
    } finally {
      button.disabled = false;
    }
  };
}
