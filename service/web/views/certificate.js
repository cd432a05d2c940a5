/** The certificate: the verdict of code that does not know how the policy was trained, and every question it asked. */

import { make } from "../dom.js";
import { power, powerText, short, withPowers } from "../numbers.js";
import { description, symbol } from "../symbols.js";

const VERDICTS = ["fail", "warn", "pass"];
const SENTENCES = {
  pass: "Every check passes: the policy may be used over its whole domain.",
  warn: "Nothing fails, but something is not as good as it should be: read the checks marked warn before using the policy.",
  fail: "A check fails: this policy should not be used where that check looks.",
};
const NAMES = {
  "euler-box": "Euler errors over the domain",
  "euler-ergodic": "Euler errors along paths",
  "euler-binding": "Euler errors where a bound binds",
  target: "Target",
  accumulated: "Errors added up",
  "steady-state": "Steady state",
  determinacy: "Determinacy",
  slopes: "Slopes",
  "spectral-radius": "Stability",
  convergence: "Convergence",
  "stays-in-domain": "Stays in the domain",
  interior: "No artificial bound",
};
const WHERE = { box: "over the domain", ergodic: "where the economy goes", binding: "where a bound binds" };
const IN_LOG10 = ["euler-box", "euler-ergodic", "euler-binding", "target"];

/** A verdict as a small mark: its word, and a colour for who sees it. */
export function verdictMark(verdict) {
  return make(`span.verdict.${verdict}`, {}, verdict);
}

/** Shows the certificate of a solution. */
export function showCertificate(panel, economy) {
  const { certificate } = economy.solution;
  panel.append(
    make("p.verdict-line", {}, verdictMark(certificate.verdict), " ", SENTENCES[certificate.verdict]),
    errorTable(certificate.euler_errors),
    checkTable(certificate.checks),
    steadyTable(economy),
  );
}

function errorTable(errors) {
  const row = (name) => {
    const { mean_log10: mean, p99_log10: p99, max_log10: max, states } = errors[name];
    const cells = [mean, p99, max].map((value) => make("td.number", { "aria-label": powerText(value) }, power(value)));
    return make("tr", {}, make("th", { scope: "row" }, WHERE[name]), cells, make("td.number", {}, String(states)));
  };
  const told =
    errors.units === "consumption"
      ? "How far a decision is from optimal, as a share of consumption, at states that training has not seen."
      : "How far the equations, as they are written, are from holding, at states that training has not seen.";
  const heads = ["mean", "99 %", "largest", "states"].map((text) => make("th.number", { scope: "col" }, text));
  return make(
    "section.narrow",
    {},
    make("h2.minor", {}, "Euler errors"),
    make("p.note", {}, told),
    make(
      "div.scroll",
      {},
      make(
        "table",
        {},
        make("thead", {}, make("tr", {}, make("td"), heads)),
        make("tbody", {}, Object.keys(WHERE).filter((name) => errors[name]).map(row)),
      ),
    ),
  );
}

function steadyTable({ entry, solution }) {
  const rows = Object.entries(solution.certificate.steady_state).map(([name, value]) =>
    make("tr", {}, make("th", { scope: "row" }, symbol(entry, name), " ", make("span.soft", {}, description(entry, name))), make("td.number", {}, short(value, 6))),
  );
  return make("section.narrow", {}, make("h2.minor", {}, "Steady state"), make("table.values", {}, make("tbody", {}, rows)));
}

function checkTable(checks) {
  const shown = ({ name }, value) => (IN_LOG10.includes(name) ? power(value) : short(value, 3));
  const row = (check) =>
    make(
      "li.check-row",
      { "data-check": check.name },
      make("div.check-head", {}, verdictMark(check.verdict), make("strong", {}, NAMES[check.name] ?? check.name)),
      make("p", {}, withPowers(check.meaning)),
      make("p.note", {}, "found ", shown(check, check.value), ", passes up to ", shown(check, check.threshold)),
    );
  const worstFirst = VERDICTS.flatMap((verdict) => checks.filter((check) => check.verdict === verdict));
  return make("section", {}, make("h2.minor", {}, "Checks"), make("ul.checks", {}, worstFirst.map(row)));
}
