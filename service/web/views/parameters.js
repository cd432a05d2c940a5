/** The parameters of a model: a slider and a number for each, with bounds and description. */

import { button, freshId, make } from "../dom.js";
import { plain, short } from "../numbers.js";
import { symbol } from "../symbols.js";

const STEPS = 1000;
/** Bounds whose ratio is above this have a slider of equal factors rather than of equal steps. */
const WIDE = 50;

/**
 * Shows the parameters of a model.
 *
 * @param {Object} entry the model.
 * @param {Object<string, number>} calibration those that differ from the model's own; changed as the fields are.
 * @param {() => void} changed
 * @returns {{node: HTMLElement, showFaults: (faults: Object[]) => void}} `showFaults` takes those at /calibration/NAME.
 */
export function parameterFields(entry, calibration, changed) {
  const rows = new Map(entry.parameters.map((name) => [name, parameterRow(entry, name, calibration, changed)]));
  const showFaults = (faults) => {
    for (const [name, row] of rows) row.tell(faults.find(({ pointer }) => pointer === `/calibration/${name}`)?.message ?? "");
  };
  return { node: make("div.parameters", {}, [...rows.values()].map(({ node }) => node)), showFaults };
}

function parameterRow(entry, name, calibration, changed) {
  const own = entry.calibration[name];
  const { description, bounds } = entry.symbols[name] ?? {};
  const scale = sliderScale(own, bounds ?? [null, null]);
  const ids = { number: freshId("parameter"), note: freshId("note"), fault: freshId("fault") };
  const slider = make("input", { type: "range", min: 0, max: STEPS, "aria-label": `${description ?? name}, slider` });
  const number = make("input", { type: "number", step: "any", id: ids.number, "aria-describedby": `${ids.note} ${ids.fault}` });
  const fault = make("p.fault", { id: ids.fault, hidden: true });
  const reset = button("Reset", () => take(own, null), { class: "quiet", "aria-label": `Reset ${name} to ${short(own)}` });

  const tell = (text) => {
    fault.hidden = text === "";
    fault.textContent = text;
    number.setAttribute("aria-invalid", String(text !== ""));
  };
  const show = (value, source) => {
    if (source !== slider) slider.value = scale.place(value);
    slider.setAttribute("aria-valuetext", short(value));
    if (source !== number) number.value = plain(value);
    reset.hidden = value === own;
    tell(outside(name, value, bounds));
  };
  const take = (value, source) => {
    if (!Number.isFinite(value)) return;
    if (value === own) delete calibration[name];
    else calibration[name] = value;
    show(value, source);
    changed();
  };
  slider.addEventListener("input", () => take(scale.value(Number(slider.value)), slider));
  number.addEventListener("input", () => take(number.valueAsNumber, number));
  show(calibration[name] ?? own, null);

  const limits = boundsText(bounds);
  const node = make(
    "div.parameter",
    { "data-parameter": name },
    make("label", { for: ids.number }, symbol(entry, name), " ", make("span.soft", {}, description ?? "")),
    slider,
    number,
    make("p.note", { id: ids.note }, limits ? `${limits}; ` : "", `by default ${short(own)} `, reset),
    fault,
  );
  return { node, tell };
}

/** From the place of a slider, 0 to {@link STEPS}, to a round value, and back. */
function sliderScale(own, [least, most]) {
  const reach = Math.abs(own) || 1;
  const lower = least ?? Math.min(own - reach, most ?? Infinity);
  const upper = most ?? Math.max(own + reach, least ?? -Infinity);
  const isWide = lower > 0 && upper / lower > WIDE;
  const [from, to] = isWide ? [Math.log(lower), Math.log(upper)] : [lower, upper];
  const place = (value) => {
    const at = isWide ? Math.log(Math.max(value, lower)) : value;
    return Math.round(((at - from) / (to - from)) * STEPS);
  };
  const value = (at) => {
    if (at === place(own)) return own;
    const exact = from + ((to - from) * at) / STEPS;
    const rounded = Number((isWide ? Math.exp(exact) : exact).toPrecision(isWide ? 3 : 4));
    return Math.min(Math.max(rounded, lower), upper);
  };
  return { place, value };
}

function boundsText(bounds) {
  const [lower, upper] = bounds ?? [null, null];
  if (lower !== null && upper !== null) return `${short(lower)} to ${short(upper)}`;
  if (lower !== null) return `at least ${short(lower)}`;
  return upper !== null ? `at most ${short(upper)}` : "";
}

function outside(name, value, bounds) {
  const [lower, upper] = bounds ?? [null, null];
  if (lower !== null && value < lower) return `${name} = ${value} is below ${lower}, the smallest value it takes; raise it`;
  if (upper !== null && value > upper) return `${name} = ${value} is above ${upper}, the largest value it takes; lower it`;
  return "";
}
