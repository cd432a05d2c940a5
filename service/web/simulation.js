/** Simulated paths by columns, whether the service answers them at once or makes a job of them. */

import { Problem, ask, send } from "./api.js";
import { isOver } from "./events.js";

const WAIT_S = 30;

/**
 * Asks for paths.
 *
 * @param {string} id of the solution.
 * @param {Object} asked the body of POST …/simulate.
 * @param {(progress: ?{periods_done: number, periods: number}) => void} tell how far a job is, now and then.
 * @param {AbortSignal} signal
 * @returns {Promise<Object>} `lost`, `t`, `states`, `controls`, `definitions` and `shocks`, one path after the other.
 * @throws {Problem} where the service refuses, or the job did not succeed.
 */
export async function simulate(id, asked, tell, signal) {
  const headers = { "Content-Type": "application/json" };
  const answer = await send(`/v1/solutions/${id}/simulate`, { method: "POST", headers, body: JSON.stringify(asked), signal });
  const told = await answer.json();
  return answer.status === 202 ? resultOf(answer.headers.get("Location"), told, tell, signal) : told;
}

async function resultOf(place, record, tell, signal) {
  while (!isOver(record.status)) {
    tell(record.progress);
    record = await ask(`${place}?wait=${WAIT_S}`, undefined, signal);
  }
  if (record.status !== "succeeded") throw new Problem(409, record.problem ?? { detail: `The simulation was ${record.status}.` });
  const whole = await ask(`${place}/result`, undefined, signal);
  for (let page = 1; page < whole.pages; page += 1) append(whole, await ask(`${place}/result?page=${page}`, undefined, signal));
  return whole;
}

function append(whole, { t, states, controls, definitions, shocks }) {
  whole.t = whole.t.concat(t);
  for (const [group, columns] of Object.entries({ states, controls, definitions, shocks })) {
    for (const [name, values] of Object.entries(columns)) whole[group][name] = whole[group][name].concat(values);
  }
}
