/**
 * The events of a solve as they come (server-sent events), over `fetch` and not `EventSource`, which cannot send a key.
 *
 * A stream that breaks is asked for again after the last event that came, so that none is missed or told twice.
 */

import { Problem, send } from "./api.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
const OVER = ["succeeded", "failed", "cancelled", "deleted"];

/** Whether nothing follows this status. */
export const isOver = (status) => OVER.includes(status);

/**
 * Follows a solution to its end.
 *
 * @param {string} id of the solution.
 * @param {(kind: string, data: Object) => void} tell called with every event, in order.
 * @param {(isBroken: boolean) => void} tellBreak called when the stream breaks, and when it goes on.
 * @param {AbortSignal} signal ends the following.
 * @throws {Problem} where the server refuses.
 */
export async function follow(id, tell, tellBreak, signal) {
  let place = null;
  let delay = FIRST_DELAY_MS;
  let ended = false;
  const note = ({ kind, data, id: at }) => {
    place = at ?? place;
    delay = FIRST_DELAY_MS;
    const content = JSON.parse(data);
    ended ||= kind === "status" && isOver(content.status);
    tell(kind, content);
  };
  while (!ended) {
    try {
      const headers = place === null ? {} : { "Last-Event-ID": place };
      const answer = await send(`/v1/solutions/${id}/events`, { headers, signal });
      if (answer.status === 204) return;
      tellBreak(false);
      await read(answer.body, note);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) throw error;
      if (error instanceof Problem && error.status >= 400 && ![429, 503].includes(error.status)) throw error;
    }
    if (ended) return;
    tellBreak(true);
    await pause(delay, signal);
    delay = Math.min(2 * delay, LONGEST_DELAY_MS);
  }
}

/** Reads a stream of events, told one by one with `kind`, `data` and `id`, however it is cut into pieces. */
export async function read(stream, tell) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n\r\n|\n\n|\r\r/);
    rest = lines.pop();
    lines.map(parse).forEach((event) => event && tell(event));
  }
}

function parse(block) {
  const event = { kind: "message", data: null, id: null };
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") event.kind = value;
    if (field === "data") event.data = event.data === null ? value : `${event.data}\n${value}`;
    if (field === "id") event.id = value;
  }
  return event.data === null ? null : event;
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
