/** How variables and parameters are called: the symbol of the model's file and its description. */

import { make } from "./dom.js";

/** What the service calls the multiplier of a control's bounds where the model has no variable for it. */
const MULTIPLIER = "multiplier_";

/** A symbol as mathematics writes it, "a_1" with an index; the name where the file gives none. */
export function symbol(entry, name) {
  const text = entry.symbols[name]?.symbol ?? name;
  const [letter, ...index] = text.split("_");
  return make("i.symbol", {}, letter, index.length ? make("sub", {}, index.join("_")) : null);
}

/** What a symbol stands for; "" where the file does not say. */
export function description(entry, name) {
  if (name === "regime") return "regime of the Markov chain";
  const of = name.startsWith(MULTIPLIER) ? `multiplier of the bounds of ${name.slice(MULTIPLIER.length)}` : "";
  return entry.symbols[name]?.description ?? of;
}

/** What a model is called: its title, or its name where its file gives none. */
export const titleOf = ({ title, name }) => title || name;

/** The symbol and the description in one line of text, for the axis of a chart. */
export function axisLabel(entry, name) {
  const told = description(entry, name);
  const mark = entry.symbols[name]?.symbol ?? name;
  return told && told !== mark ? `${mark}, ${told}` : mark;
}

/** The symbol alone, as text. */
export function symbolText(entry, name) {
  return entry.symbols[name]?.symbol ?? name;
}
