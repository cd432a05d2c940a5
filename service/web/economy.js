/** A solved economy as the views look at it: its states with their domain, what the policy gives, and how all is called. */

import { Problem, ask, askOnce } from "./api.js";
import { short } from "./numbers.js";
import { symbolText } from "./symbols.js";

export const REGIME = "regime";

/**
 * @typedef {Object} Economy
 * @property {Object} solution as the service tells it.
 * @property {Object} entry of the model; without descriptions where the model was never registered.
 * @property {string[]} states of the policy, in its order; those with a range first.
 * @property {Object<string, [number, number]>} domain of all states but the regime.
 * @property {Object<string, number>} steady the calibration's steady state, by variable; the regime is 0.
 * @property {string[]} regimes what each regime of the chain is called, by its number; none where there is no chain.
 * @property {string[]} controls with multipliers that are no variables of the model.
 * @property {string[]} definitions
 */

/** @returns {Promise<Economy>} of a solution that has succeeded. */
export async function loadEconomy(solution, signal) {
  const [rest, entry] = await Promise.all([
    ask(`/v1/solutions/${solution.id}/steady-state`, undefined, signal),
    entryOf(solution),
  ]);
  const regimes = regimesOf(entry, rest.policy);
  const states = [...Object.keys(rest.domain), ...(regimes.length ? [REGIME] : [])];
  const steady = { ...rest.calibration, [REGIME]: 0 };
  const here = await evaluate(solution.id, Object.fromEntries(states.map((name) => [name, steady[name]])), signal);
  return {
    solution,
    entry,
    states,
    domain: rest.domain,
    steady,
    regimes,
    controls: Object.keys(here.controls),
    definitions: Object.keys(here.definitions),
  };
}

/** A regime by its number and the values that it has where another has others: "0 (z = −0.01)". */
function regimesOf(entry, atRest) {
  if (atRest.length < 2) return [];
  const differ = Object.keys(atRest[0].shocks).filter((name) => atRest.some(({ shocks }) => shocks[name] !== atRest[0].shocks[name]));
  return atRest.map(({ shocks }, index) => {
    const values = differ.map((name) => `${symbolText(entry, name)} = ${short(shocks[name], 4)}`);
    return values.length ? `${index} (${values.join(", ")})` : String(index);
  });
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
