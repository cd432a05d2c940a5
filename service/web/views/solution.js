/** One solution: followed while it is solved, explored once it is. */

import { addressOf, flattened, goTo, noteAddress } from "../address.js";
import { ask, send } from "../api.js";
import { button, make } from "../dom.js";
import { entryOf, loadEconomy } from "../economy.js";
import { follow, isOver } from "../events.js";
import { duration, moment, power, short } from "../numbers.js";
import { failureBox, heading, showFailure } from "../parts.js";
import { symbol, titleOf } from "../symbols.js";
import { makeTabs } from "../tabs.js";
import { showCertificate, verdictMark } from "./certificate.js";
import { showCode } from "./code.js";
import { showImpulse } from "./impulse.js";
import { showPaths } from "./paths.js";
import { pointOf } from "./point.js";
import { showPolicy } from "./policy.js";
import { ProgressPanel } from "./progress.js";
import { showTraining } from "./training.js";

const TABS = [
  ["policy", "Policy"],
  ["paths", "Paths"],
  ["impulse", "Impulse responses"],
  ["certificate", "Certificate"],
  ["training", "Training"],
  ["code", "Code"],
];

/** Shows the solution that the address names. */
export async function showSolution(main, { id, query }, signal) {
  const failure = failureBox();
  const head = make("div.solution-head");
  const body = make("div");
  main.append(head, failure, body);
  let solution = await ask(`/v1/solutions/${encodeURIComponent(id)}`, undefined, signal);
  let entry = await entryOf(solution);
  const fail = (error) => showFailure(failure, error);
  showHead(head, solution, entry, fail);
  if (!isOver(solution.status)) {
    await showSolve(body, solution, (status) => showHead(head, { ...solution, status }, entry, fail), signal);
    solution = await ask(`/v1/solutions/${id}`, undefined, signal);
    entry = await entryOf(solution);
    showHead(head, solution, entry, fail);
    body.replaceChildren();
  }
  if (solution.status === "succeeded") await explore(body, solution, query, fail, signal);
  else showEnd(body, solution);
}

/** Follows a solve to its end; `changed` is told every status but the last. */
async function showSolve(body, solution, changed, signal) {
  const panel = make("section.card.progress", { "aria-label": "Progress" });
  body.append(panel);
  const progress = new ProgressPanel(panel, solution.target, signal);
  const tell = (kind, data) => {
    progress.tell(kind, data);
    if (kind === "status" && !isOver(data.status)) changed(data.status);
  };
  await follow(solution.id, tell, (isBroken) => progress.tellBreak(isBroken), signal);
}

async function explore(body, solution, query, fail, signal) {
  const economy = await loadEconomy(solution, signal);
  const state = Object.fromEntries(query);
  const note = (changes) => {
    for (const name of Object.keys(state)) if (name.startsWith("at.") && changes.tab === undefined) delete state[name];
    Object.assign(state, changes);
    noteAddress(`solutions/${solution.id}`, state);
  };
  let shown = null;
  const show = (tab, panel) => {
    shown?.abort();
    shown = new AbortController();
    const both = AbortSignal.any([signal, shown.signal]);
    const known = new Map(Object.entries(state));
    fail(null);
    note({ tab });
    panel.classList.toggle("two-columns", !["certificate", "code"].includes(tab));
    const views = {
      policy: () => showPolicy(panel, economy, known, { note, fail }, both),
      paths: () => showPaths(panel, economy, { fail }, both),
      impulse: () => showImpulse(panel, economy, { fail }, both),
      certificate: () => showCertificate(panel, economy),
      training: () => showTraining(panel, economy, { fail }, both),
      code: () => showSolutionCode(panel, economy, pointOf(economy, known)),
    };
    views[tab]();
  };
  body.append(makeTabs("Solution", TABS, query.get("tab") ?? "policy", show));
}

/** What was asked for, with the method written out in full so that a later release solves the same. */
function requestOf(solution, entry) {
  const changed = Object.entries(solution.calibration).filter(([name, value]) => entry.calibration[name] !== value);
  const { target, seed, start, model } = solution;
  return {
    model: entry.document ?? model.name,
    ...(changed.length ? { calibration: Object.fromEntries(changed) } : {}),
    method: withoutNulls(solution.method),
    target,
    ...(seed ? { seed } : {}),
    ...(start ? { start } : {}),
  };
}

function withoutNulls(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutNulls(one)]));
}

function showSolutionCode(panel, { solution, entry }, point) {
  panel.append(make("p.note", {}, "The same solution, its method written out in full, and its policy at the state of the tab Policy."));
  showCode(panel, requestOf(solution, entry), point);
}

function showHead(head, solution, entry, fail) {
  const changes = new Map(flattened(requestOf(solution, entry)));
  // A model that has no name to be found by has no place in an address.
  const again = entry.document ? null : make("a.button", { href: addressOf("solve", changes) }, "Change and solve again");
  const compare = make("a.button", { href: addressOf("compare", { one: solution.id }) }, "Compare");
  head.replaceChildren(
    make("p.crumbs", {}, make("a", { href: "#/solutions" }, "Solutions"), " / ", make("code", {}, solution.id)),
    heading(titleOf(entry)),
    calibrationLine(solution, entry),
    statusLine(solution),
    make("div.actions", {}, again, solution.status === "succeeded" ? compare : null, actions(solution, fail)),
  );
}

function calibrationLine(solution, entry) {
  const items = Object.entries(solution.calibration).map(([name, value]) =>
    make(
      entry.calibration[name] === value ? "li" : "li.changed",
      { title: entry.symbols[name]?.description ?? name },
      symbol(entry, name),
      " = ",
      short(value, 6),
    ),
  );
  return make("ul.calibration", { "aria-label": "Calibration" }, items);
}

function statusLine({ status, certificate, provenance, created_at: created }) {
  if (status !== "succeeded") return make("p.status-line", { role: "status" }, make(`span.verdict.${status}`, {}, status), " asked for ", moment(created));
  return make(
    "p.status-line",
    { role: "status" },
    verdictMark(certificate.verdict),
    " largest Euler error ",
    power(certificate.euler_errors.box.max_log10),
    `, solved in ${duration(provenance.solve_s)}, `,
    moment(created),
  );
}

function actions({ id, status }, fail) {
  const act = (text, path, method, then) =>
    button(text, async () => {
      try {
        await send(`/v1/solutions/${id}${path}`, { method });
        then();
      } catch (error) {
        fail(error);
      }
    });
  if (status === "queued" || status === "running") return act("Cancel", "/cancel", "POST", () => {});
  const remove = act("Delete", "", "DELETE", () => goTo("solutions"));
  if (status === "succeeded") return remove;
  return [act("Try again", "/retry", "POST", () => dispatchEvent(new HashChangeEvent("hashchange"))), remove];
}

function showEnd(body, { status, problem }) {
  const words = {
    cancelled: "The solve was cancelled; there is no policy.",
    deleted: "The solution was deleted.",
    failed: problem?.detail ?? "The solve ended without a policy.",
  };
  const title = { cancelled: "Cancelled", failed: problem?.title ?? "Failed" }[status] ?? "Over";
  body.append(make("section.card", {}, make("h2", {}, title), make("p", {}, words[status])));
}
