/** One solution: followed while it is solved, explored once it is. */

import { addressOf, flattened, goTo, noteAddress } from "../address.js";
import { ask, send } from "../api.js";
import { confirm } from "../confirm.js";
import { button, make } from "../dom.js";
import { entryOf, loadEconomy } from "../economy.js";
import { follow, isOver } from "../events.js";
import { duration, moment, power, short } from "../numbers.js";
import { failureBox, heading, retitle, showFailure } from "../parts.js";
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

/** Shows the solution that the address names; one that is not over is then followed to its end. */
export async function showSolution(main, { id, query }, signal) {
  const failure = failureBox();
  const fail = (error) => showFailure(failure, error);
  const head = new SolutionHead(fail, signal);
  const body = make("div");
  const load = async () => {
    const solution = await ask(`/v1/solutions/${encodeURIComponent(id)}`, undefined, signal);
    head.show(solution, await entryOf(solution));
    return solution;
  };
  const showOver = (solution) => (solution.status === "succeeded" ? explore(body, solution, query, fail, signal) : showEnd(body, solution));
  const followToEnd = async (solution) => {
    try {
      await showProgress(body, solution, (status) => head.tell(status), signal);
      const over = await load();
      body.replaceChildren();
      await showOver(over);
    } catch (error) {
      if (signal.aborted) return;
      body.replaceChildren();
      fail(error);
    }
  };
  const solution = await load();
  main.append(head.node, failure, body);
  if (isOver(solution.status)) await showOver(solution);
  else followToEnd(solution); // not waited for: the view is there, and is not busy
}

/** Follows a solve to its end; `changed` is told every status but the last. */
async function showProgress(body, solution, changed, signal) {
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

/** What stands above a solution: its name, calibration and status, and what may be done with it. */
class SolutionHead {
  #title = heading("Solution");
  #calibration = make("div");
  #status = make("p.status-line", { role: "status" });
  #actions = make("div.actions");
  #crumbs = make("p.crumbs");
  #shown = null;

  /** `fail` tells what went wrong; `signal` takes it down. */
  constructor(fail, signal) {
    this.fail = fail;
    this.signal = signal;
    this.node = make("div.solution-head", {}, this.#crumbs, this.#title, this.#calibration, this.#status, this.#actions);
  }

  /** Shows a solution, in the place of what was shown. A focus on what goes stays at the title. */
  show(solution, entry) {
    this.#shown = { solution, entry };
    retitle(this.#title, titleOf(entry));
    this.#crumbs.replaceChildren(make("a", { href: "#/solutions" }, "Solutions"), " / ", make("code", {}, solution.id));
    this.#calibration.replaceChildren(calibrationLine(solution, entry));
    this.#status.replaceChildren(...statusLine(solution));
    const isHeld = this.#actions.contains(document.activeElement);
    this.#actions.replaceChildren(...actions(solution, entry, this.fail, this.signal));
    if (isHeld) this.#title.focus();
  }

  /** Shows the same at another status. */
  tell(status) {
    const { solution, entry } = this.#shown;
    if (status !== solution.status) this.show({ ...solution, status }, entry);
  }
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

function statusLine({ id, status, certificate, provenance, created_at: created }) {
  if (status !== "succeeded") return [make(`span.verdict.${status}`, {}, status), " asked for ", moment(created)];
  const reasons = make("a", { href: addressOf(`solutions/${id}`, { tab: "certificate" }) }, "see why");
  return [
    verdictMark(certificate.verdict),
    ...(certificate.verdict === "pass" ? [] : [" ", reasons, ","]),
    " largest Euler error ",
    power(certificate.euler_errors.box.max_log10),
    `, solved in ${duration(provenance.solve_s)}, `,
    moment(created),
  ];
}

/** What may be done with a solution, as links and buttons. */
function actions(solution, entry, fail, signal) {
  const { id, status } = solution;
  const act = async (path, method, then = () => {}) => {
    try {
      await send(`/v1/solutions/${id}${path}`, { method, signal });
      then();
    } catch (error) {
      if (error.name !== "AbortError") fail(error);
    }
  };
  const remove = async () => {
    if (await confirm(deletionOf(solution, entry), signal)) await act("", "DELETE", () => goTo("solutions"));
  };
  const reload = () => dispatchEvent(new HashChangeEvent("hashchange"));
  // A model that has no name to be found by has no place in an address.
  const changes = new Map(flattened(requestOf(solution, entry)));
  const again = entry.document ? [] : [make("a.button", { href: addressOf("solve", changes) }, "Change and solve again")];
  if (!isOver(status)) return [...again, button("Cancel", () => act("/cancel", "POST"))];
  const special =
    status === "succeeded"
      ? make("a.button", { href: addressOf("compare", { one: id }) }, "Compare")
      : button("Try again", () => act("/retry", "POST", reload), { id: "retry" });
  return [...again, special, button("Delete", remove)];
}

function deletionOf({ id, status, provenance }, entry) {
  const solved = `Its policy and certificate go with it. Solving it took ${duration(provenance?.solve_s)}; the same request solves it again.`;
  return {
    title: "Delete this solution?",
    text: `${titleOf(entry)}, ${id.slice(0, 8)}. ${status === "succeeded" ? solved : "It has no policy. The same request can be solved again."}`,
    yes: "Delete it",
    no: "Keep it",
  };
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
