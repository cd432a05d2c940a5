/** Numbers as they are read: few digits, and powers of ten where there would be many noughts. */

import { make } from "./dom.js";

/** Values that are apart by less than this share of their size differ by rounding errors. */
export const ROUNDING = 1e-9;
const MINUS = "\u2212";
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

const raised = (exponent) => String(exponent).replace(/./g, (digit) => SUPERSCRIPTS[digit]);

/** A number with so many significant digits; an en dash where it is not defined. */
export function short(value, digits = 5) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, exponent] = value.toExponential(Math.min(digits, 3) - 1).split("e");
    const shown = Number(mantissa);
    const factor = Math.abs(shown) === 1 ? (shown < 0 ? MINUS : "") : `${signed(shown)}·`;
    return `${factor}10${raised(Number(exponent))}`;
  }
  return signed(Number(value.toPrecision(digits)));
}

/** A number in full, with the minus of typography. */
export function signed(value) {
  return String(value).replace("-", MINUS);
}

/** A number as a field holds it: what JavaScript reads back as the same. */
export function plain(value) {
  return String(value).replace("e+", "e");
}

/** Ten to a power that need not be whole, as an element: an Euler error. */
export function power(log10, digits = 1) {
  if (log10 === null || log10 === undefined) return make("span", {}, "–");
  return tenTo(Number.isInteger(log10) ? String(log10) : log10.toFixed(digits));
}

const tenTo = (exponent) => make("span.number", {}, "10", make("sup", {}, exponent.replace("-", MINUS)));

/** A sentence whose powers of ten, written 10^-4.2, are set as such. */
export function withPowers(text) {
  return text.split(/10\^(-?\d+(?:\.\d+)?)/).map((part, index) => (index % 2 ? tenTo(part) : part));
}

/** The same in words for those who listen. */
export function powerText(log10) {
  return log10 === null || log10 === undefined ? "not defined" : `10^${log10.toFixed(1)}`;
}

/** A length of time. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))}\u00a0ms`;
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)}\u00a0s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}\u00a0min ${whole % 60}\u00a0s`;
}

/** A point in time, short, with the whole of it for who points at it. */
export function moment(iso) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  const format = isToday ? { timeStyle: "short" } : { dateStyle: "medium" };
  return make("time", { datetime: iso, title: date.toLocaleString() }, date.toLocaleString(undefined, format));
}

/** So many numbers from one to another, both included. */
export function spread(lower, upper, count) {
  return Array.from({ length: count }, (_, index) => lower + ((upper - lower) * index) / (count - 1));
}

/** The value below which a share of sorted numbers lies, by linear interpolation. */
export function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
