/** How variables and parameters are called: the symbol of the model's file and its description. */

import { make } from "./dom.js";

/** What the service calls the multiplier of a control's bounds where the model has no variable for it. */
const MULTIPLIER = "multiplier_";
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
/** Whether a name is one of the service's words, and no symbol of mathematics. */
const isWord = (name) => name === "regime" || name.startsWith(MULTIPLIER);

/** A symbol as mathematics writes it, "a_1" with an index; the name where the file gives none. */
export function symbol(entry, name) {
  const text = entry.symbols[name]?.symbol ?? name;
  const [letter, ...index] = isWord(name) ? [text] : text.split("_");
  return make(isWord(name) ? "span" : "i.symbol", {}, letter, index.length ? make("sub", {}, index.join("_")) : null);
}

/** What a symbol stands for; "" where the file does not say. */
export function description(entry, name) {
  const of = name.startsWith(MULTIPLIER) ? `of the bounds of ${name.slice(MULTIPLIER.length)}` : "";
  return entry.symbols[name]?.description ?? of;
}

/** What a model is called: its title, or its name where its file gives none. */
export const titleOf = ({ title, name }) => title || name;

/** The symbol and the description in one line of text, for the axis of a chart. */
export function axisLabel(entry, name) {
  const told = description(entry, name);
  const mark = symbolText(entry, name);
  return told && told !== mark ? `${mark}, ${told}` : mark;
}

/** The symbol alone, as text, "a₁" with a number as its index. */
export function symbolText(entry, name) {
  const text = entry.symbols[name]?.symbol ?? name;
  return text.replace(/_(\d+)$/, (_, digits) => digits.replace(/./g, (digit) => SUBSCRIPTS[digit]));
}
