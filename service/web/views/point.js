/** The state at which a policy is looked at: a slider and a number for each state. */

import { REGIME } from "../economy.js";
import { make, select } from "../dom.js";
import { plain, short } from "../numbers.js";
import { description, symbol } from "../symbols.js";

/**
 * Shows a field for each state.
 *
 * @param {import("../economy.js").Economy} economy
 * @param {Object<string, number>} point changed as the fields are.
 * @param {() => void} changed
 * @returns {{node: HTMLElement, show: () => void}} `show` brings the fields to the point, when something else has moved it.
 */
export function pointFields(economy, point, changed) {
  const rows = economy.states.map((name) => (name === REGIME ? regimeRow(economy, point, changed) : stateRow(economy, name, point, changed)));
  return { node: make("div.point", {}, rows.map(({ node }) => node)), show: () => rows.forEach(({ show }) => show()) };
}

function stateRow(economy, name, point, changed) {
  const [lower, upper] = economy.domain[name];
  const told = description(economy.entry, name) || name;
  const slider = make("input", { type: "range", min: lower, max: upper, step: "any", "aria-label": `${told}, slider` });
  const number = make("input", { type: "number", step: "any", "aria-label": told });
  const show = () => {
    slider.value = point[name];
    slider.setAttribute("aria-valuetext", short(point[name]));
    number.value = plain(Number(point[name].toPrecision(5)));
  };
  const take = (field) => {
    if (!Number.isFinite(field.valueAsNumber)) return;
    point[name] = field.valueAsNumber;
    if (field === slider) show();
    else slider.value = point[name];
    changed();
  };
  slider.addEventListener("input", () => take(slider));
  number.addEventListener("change", () => take(number));
  show();
  const bounds = `${short(lower, 4)} to ${short(upper, 4)}`;
  const words = make("span.words", {}, symbol(economy.entry, name), " ", make("span.soft", {}, told === name ? "" : told));
  const node = make("div.point-row", {}, words, slider, number, make("span.note", {}, bounds));
  return { node, show };
}

function regimeRow(economy, point, changed) {
  const options = [...economy.regimes.entries()];
  const field = select(
    {
      "aria-label": REGIME,
      change: () => {
        point[REGIME] = Number(field.value);
        changed();
      },
    },
    options,
    point[REGIME],
  );
  const show = () => {
    field.value = point[REGIME];
  };
  return { node: make("div.point-row", {}, make("span.words", {}, symbol(economy.entry, REGIME)), field), show };
}

/** The point that an address gives (`at.k=4.2`); what it leaves out is at the steady state. */
export function pointOf(economy, query) {
  const given = (name) => {
    const text = query.get(`at.${name}`);
    const value = text === undefined ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) return economy.steady[name];
    return name === REGIME ? Math.min(Math.max(Math.round(value), 0), economy.regimes.length - 1) : value;
  };
  return Object.fromEntries(economy.states.map((name) => [name, given(name)]));
}

/** What an address says of a point: only what is not at the steady state. */
export function pointQuery(economy, point) {
  const moved = economy.states.filter((name) => point[name] !== economy.steady[name]);
  return Object.fromEntries(moved.map((name) => [`at.${name}`, plain(point[name])]));
}
