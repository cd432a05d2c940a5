/** What a model is: where it comes from, its variables and its equations. */

import { make } from "../dom.js";
import { short } from "../numbers.js";
import { description, symbol } from "../symbols.js";

/** Where the equations stand beside the parameters; elsewhere they would stand before them. */
const WIDE = "(min-width: 821px)";
const KINDS = [
  ["states", "state"],
  ["controls", "control"],
  ["definitions", "definition"],
  ["shocks", "shock"],
];

/** The facts of a model. */
export function modelFacts(entry) {
  return make(
    "div.model",
    {},
    make("p.source", {}, entry.source),
    make("details", { open: matchMedia(WIDE).matches }, make("summary", {}, "Equations"), make("div.scroll", { tabindex: 0, role: "group", "aria-label": "Equations" }, equations(entry))),
    make("details", {}, make("summary", {}, "Variables"), variables(entry)),
    entry.notes.length ? make("ul.note", {}, entry.notes.map((note) => make("li", {}, note))) : null,
  );
}

function equations(entry) {
  const sections = Object.entries(entry.equations).filter(([, lines]) => lines.length);
  return sections.map(([section, lines]) => [make("h3", {}, section), make("pre.equations", {}, lines.join("\n"))]);
}

function variables(entry) {
  const rows = KINDS.flatMap(([group, kind]) =>
    entry[group].map((name) => {
      const [lower, upper] = entry.domain[name] ?? [null, null];
      return make(
        "tr",
        {},
        make("th", { scope: "row" }, symbol(entry, name), " ", make("span.soft", {}, description(entry, name))),
        make("td", {}, kind),
        make("td.number", {}, short(entry.steady_state[name])),
        make("td.number", {}, lower === null ? "" : `${short(lower, 4)} to ${short(upper, 4)}`),
      );
    }),
  );
  const heads = ["variable", "kind", "steady state", "domain"].map((text) => make("th", { scope: "col" }, text));
  return make("div.scroll", {}, make("table", {}, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows)));
}
