/** A solved economy as the views look at it: its states with their domain, what the policy gives, and how all is called. */

import { Problem, ask, askOnce } from "./api.js";

export const REGIME = "regime";

/**
 * @typedef {Object} Economy
 * @property {Object} solution as the service tells it.
 * @property {Object} entry of the model; without descriptions where the model was never registered.
 * @property {string[]} states of the policy, in its order; those with a range first.
 * @property {Object<string, [number, number]>} domain of all states but the regime.
 * @property {Object<string, number>} steady the calibration's steady state, by variable; the regime is 0.
 * @property {number} nRegimes
 * @property {string[]} controls with multipliers that are no variables of the model.
 * @property {string[]} definitions
 */

/** @returns {Promise<Economy>} of a solution that has succeeded. */
export async function loadEconomy(solution, signal) {
  const [rest, entry] = await Promise.all([
    ask(`/v1/solutions/${solution.id}/steady-state`, undefined, signal),
    entryOf(solution),
  ]);
  const nRegimes = rest.policy.length;
  const states = [...Object.keys(rest.domain), ...(nRegimes > 1 ? [REGIME] : [])];
  const steady = { ...rest.calibration, [REGIME]: 0 };
  const here = await evaluate(solution.id, Object.fromEntries(states.map((name) => [name, steady[name]])), signal);
  return {
    solution,
    entry,
    states,
    domain: rest.domain,
    steady,
    nRegimes,
    controls: Object.keys(here.controls),
    definitions: Object.keys(here.definitions),
  };
}

/**
 * The entry of a solution's model. Of a model that came with its request and was never registered it is made of the file in the
 * solution's record, which is then its `document`; before there is a record, it has the name alone.
 */
export async function entryOf({ id, model: { name } }) {
  const entry = await unless([404], askOnce(`/v1/models/${encodeURIComponent(name)}`));
  if (entry !== null) return entry;
  const bare = { name, title: name, symbols: {}, shocks: [], calibration: {} };
  const record = await unless([404, 409], askOnce(`/v1/solutions/${id}/record`));
  if (record === null) return bare;
  const { document } = record.job;
  const symbols = Object.assign(Object.create(null), document.parameters, document.variables);
  return { ...bare, document, symbols, title: document.title, shocks: document.symbols.exogenous, exogenous: document.exogenous };
}

/** What is answered; null where it is refused with one of some statuses. */
async function unless(statuses, answer) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && statuses.includes(error.status)) return null;
    throw error;
  }
}

/** Controls and definitions at states, by columns; a number stands for every row. */
export function evaluate(id, states, signal) {
  return ask(`/v1/solutions/${id}/policy`, { states }, signal);
}

/** The values of one variable in what {@link evaluate} answers. */
export const valuesOf = (answer, name) => answer.controls[name] ?? answer.definitions[name] ?? answer.states[name];
