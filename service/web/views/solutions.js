/** The list of solutions, newest first: filtered by model, status, verdict and words, and compared two by two. */

import { addressOf, goTo, noteAddress } from "../address.js";
import { ask, askOnce } from "../api.js";
import { button, labelled, make, select, settled } from "../dom.js";
import { duration, moment, power, short } from "../numbers.js";
import { failureBox, heading, showFailure } from "../parts.js";
import { verdictMark } from "./certificate.js";

const PAGE = 50;
const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"];
const VERDICTS = ["pass", "warn", "fail"];

/** Shows the list. */
export async function showSolutions(main, { query }, signal) {
  const filter = { model: query.get("model") ?? "", status: query.get("status") ?? "", verdict: query.get("verdict") ?? "", words: query.get("words") ?? "" };
  const { models } = await askOnce("/v1/models");
  const failure = failureBox();
  const told = make("p.note", { role: "status" });
  const body = make("tbody");
  const more = button("More", () => load(), { hidden: true });
  const compare = button("Compare the two", () => goTo("compare", { one: chosen[0], other: chosen[1] }), { disabled: true });
  const hint = make("span.note", {}, "tick two");
  const chosen = [];
  let records = [];
  let cursor = null;
  let pending = null;

  const choose = (id, isChosen) => {
    if (isChosen) chosen.push(id);
    else chosen.splice(chosen.indexOf(id), 1);
    if (chosen.length > 2) {
      const dropped = chosen.shift();
      for (const box of body.querySelectorAll("input")) if (box.value === dropped) box.checked = false;
    }
    compare.disabled = chosen.length !== 2;
    hint.hidden = chosen.length === 2;
  };
  const paint = () => {
    const shown = records.filter((record) => isWanted(record, filter));
    body.replaceChildren(...shown.map((record) => solutionRow(record, chosen, choose)));
    const all = cursor === null ? "" : " of those loaded";
    told.textContent = shown.length ? `${shown.length} solution${shown.length === 1 ? "" : "s"}${all}` : emptiness(records, filter);
    more.hidden = cursor === null;
  };
  const load = async () => {
    pending?.abort();
    pending = new AbortController();
    const asked = { limit: PAGE, model: filter.model, status: filter.status, cursor };
    const kept = Object.entries(asked).filter(([, value]) => value);
    try {
      const page = await ask(`/v1/solutions?${new URLSearchParams(kept)}`, undefined, AbortSignal.any([signal, pending.signal]));
      records = [...records, ...page.solutions];
      cursor = page.next_cursor;
      showFailure(failure, null);
      paint();
    } catch (error) {
      if (error.name !== "AbortError") showFailure(failure, error);
    }
  };
  const refilter = (isAsked) => {
    noteAddress("solutions", filter);
    if (!isAsked) return paint();
    [records, cursor] = [[], null];
    return load();
  };

  main.append(
    heading("Solutions"),
    failure,
    make("div.filters", { role: "search" }, filterFields(filter, models, refilter, signal)),
    make("div.actions", {}, told, compare, hint),
    make("div.scroll", { tabindex: 0, role: "group", "aria-label": "Solutions" }, make("table.solutions", {}, make("thead", {}, make("tr", {}, heads())), body)),
    more,
  );
  await load();
}

function heads() {
  const texts = ["Compare", "Model", "Verdict", "Largest error", "Calibration", "Time", "Asked for"];
  return texts.map((text) => make(["Largest error", "Time"].includes(text) ? "th.number" : "th", { scope: "col" }, text));
}

function filterFields(filter, models, changed, signal) {
  const choice = (name, everything, options, isAsked) => {
    const field = select({ change: () => ((filter[name] = field.value), changed(isAsked)) }, [["", everything], ...options], filter[name]);
    return field;
  };
  const soon = settled(150, signal, () => changed(false));
  const words = make("input", { type: "search", value: filter.words, placeholder: "beta=0.96, adam, an id", input: () => ((filter.words = words.value), soon()) });
  return [
    labelled("Model", choice("model", "every model", models.map(({ name }) => name), true)),
    labelled("Status", choice("status", "every status", STATUSES, true)),
    labelled("Verdict", choice("verdict", "every verdict", VERDICTS, false)),
    labelled("Search", words),
  ];
}

const emptiness = (records, { model, status }) =>
  records.length || model || status ? "No solution is like this." : "Nothing has been solved yet.";

/** Whether a solution has the verdict and every word: in its id, model, method, or as beta=0.96 in its calibration. */
function isWanted({ id, model, calibration, method, certificate }, { verdict, words }) {
  if (verdict && certificate?.verdict !== verdict) return false;
  const pairs = Object.entries(calibration).map(([name, value]) => `${name}=${value}`);
  const text = [id, model.name, ...pairs, JSON.stringify(method)].join(" ").toLowerCase();
  return words.toLowerCase().split(/[\s,]+/).every((word) => text.includes(word));
}

function solutionRow(record, chosen, choose) {
  const { id, model, status, calibration, certificate, provenance, created_at: created } = record;
  const box = make("input", {
    type: "checkbox",
    value: id,
    checked: chosen.includes(id),
    disabled: status !== "succeeded",
    "aria-label": `Compare ${model.name} ${id.slice(0, 8)}`,
    change: () => choose(id, box.checked),
  });
  const values = Object.entries(calibration).map(([name, value]) => `${name} ${short(value)}`);
  return make(
    "tr",
    {},
    make("td", {}, box),
    make("th", { scope: "row" }, make("a", { href: addressOf(`solutions/${id}`) }, model.name), " ", make("code.soft", {}, id.slice(0, 8))),
    make("td", {}, status === "succeeded" ? verdictMark(certificate.verdict) : make(`span.verdict.${status}`, {}, status)),
    make("td.number", {}, certificate ? power(certificate.euler_errors.box.max_log10) : "–"),
    make("td.parameters-cell", {}, values.join(", ")),
    make("td.number", {}, duration(provenance?.solve_s)),
    make("td", {}, moment(created)),
  );
}
