/** Requests to the service that this page comes from, with the key of this tab if it has one. */

const KEY = "saddlepath.key";

/** A refusal or a failure: a problem document (RFC 9457). */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail ?? told.title ?? `The server answered ${status}.`);
    this.status = status;
    this.title = told.title ?? "The request failed";
    this.code = told.code ?? "";
    /** @type {{pointer: string, message: string, line?: number, column?: number, symbol?: string}[]} */
    this.errors = told.errors ?? [];
  }
}

export const hasKey = () => sessionStorage.getItem(KEY) !== null;

/** Keeps a key for this tab, until it is closed; an empty one is forgotten. */
export function keepKey(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/**
 * The whole answer to a request.
 *
 * @throws {Problem} where the server refuses, or does not answer; a 401 is also told by the event "keyasked" on the window.
 */
export async function send(path, { method = "GET", headers = {}, body, signal } = {}) {
  const key = sessionStorage.getItem(KEY);
  const all = key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
  let answer;
  try {
    answer = await fetch(path, { method, headers: all, body, signal, credentials: "omit", referrerPolicy: "no-referrer" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "No answer", detail: "The server does not answer; is it running?", code: "unreachable" });
  }
  if (answer.ok) return answer;
  const isProblem = answer.headers.get("content-type")?.startsWith("application/problem+json");
  const problem = new Problem(answer.status, isProblem ? await answer.json() : {});
  if (answer.status === 401) dispatchEvent(new CustomEvent("keyasked", { detail: problem.message }));
  throw problem;
}

/** The JSON that is answered to a GET, or to a POST where there is something to send. */
export async function ask(path, content, signal) {
  if (content === undefined) return (await send(path, { signal })).json();
  const headers = { "Content-Type": "application/json" };
  return (await send(path, { method: "POST", headers, body: JSON.stringify(content), signal })).json();
}

/** The answer of one path, asked for once a page: what does not change while the page is open. */
const once = new Map();
export function askOnce(path) {
  if (!once.has(path)) {
    const answer = ask(path);
    once.set(path, answer);
    answer.catch(() => once.delete(path));
  }
  return once.get(path);
}

/** What was answered may depend on the key. */
export function forgetAnswers() {
  once.clear();
}
