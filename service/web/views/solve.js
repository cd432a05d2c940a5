/** A request that is put together: a model, its parameters, target and method; and sent. */

import { addressOf, flattened, goTo, nested, noteAddress } from "../address.js";
import { Problem, ask, askOnce, forgetAnswers, send } from "../api.js";
import { button, labelled, make, select, settled } from "../dom.js";
import { failureBox, heading, showFailure } from "../parts.js";
import { titleOf } from "../symbols.js";
import { makeTabs } from "../tabs.js";
import { showCode } from "./code.js";
import { showEditor } from "./editor.js";
import { isAtField, methodFields } from "./method.js";
import { modelFacts } from "./model.js";
import { parameterFields } from "./parameters.js";

const FIRST_MODEL = "neoclassical";
const HANDLE = /-[0-9a-f]{16}$/;
const NOTE_AFTER_MS = 150;
const INTRODUCTION =
  "Choose a model, set its parameters, solve. You get its policy, what is decided at every state, and a certificate of how good it is.";

/** Shows the form; the address has the request, so that a link to it can be shared. */
export async function showSolve(main, { query }, signal) {
  const failure = failureBox();
  const whole = make("div.solve");
  const { models } = await ask("/v1/models", undefined, signal);
  const sources = [
    ["list", "A model of the list"],
    ["file", "A file of your own"],
  ];
  const show = (source, panel) => {
    showFailure(failure, null);
    if (source === "file") {
      noteAddress("solve", { source });
      const use = (name) => {
        forgetAnswers();
        goTo("solve", { model: name });
      };
      showEditor(panel, use, failure, signal);
    } else showRequest(panel, models, query, failure, signal).catch((error) => error.name === "AbortError" || showFailure(failure, error));
  };
  whole.append(makeTabs("Where the model comes from", sources, query.get("source") ?? "list", show));
  main.append(heading("Solve a model"), make("p.soft", {}, INTRODUCTION), failure, whole);
}

async function showRequest(panel, models, query, failure, signal) {
  const request = requestFrom(query);
  const choice = select({ change: () => goTo("solve", { model: choice.value }) }, options(models), request.model);
  const body = make("div.two-sides");
  panel.append(labelled("Model", choice), body);
  const entry = await askOnce(`/v1/models/${encodeURIComponent(request.model)}`);
  const codes = make("details", {}, make("summary", {}, "This request as code"));
  const note = settled(NOTE_AFTER_MS, signal, () => {
    noteAddress("solve", addressed(request));
    if (codes.open) fillCodes();
  });
  const fillCodes = () => {
    codes.replaceChildren(codes.firstChild);
    showCode(codes, bodyOf(request), Object.fromEntries(entry.policy_states.map((name) => [name, entry.steady_state[name] ?? 0])));
  };
  codes.addEventListener("toggle", () => codes.open && fillCodes());
  const parameters = parameterFields(entry, request.calibration, note);
  const method = await methodFields(request.others, note);
  const isPlaced = (fault) => isAtField(fault) || /^\/calibration\/./.test(fault.pointer);
  const solve = button("Solve", async () => {
    solve.disabled = true;
    try {
      const { id, status } = await ask("/v1/solutions", bodyOf(request), signal);
      // The same request is the same solution; who asks for one that was cancelled wants it after all.
      if (status === "cancelled") await takeUp(id, signal);
      goTo(`solutions/${id}`);
    } catch (error) {
      if (error.name === "AbortError") return;
      solve.disabled = false;
      const faults = error.errors ?? [];
      parameters.showFaults(faults);
      method.showFaults(faults);
      if (faults.some(isAtField)) more.open = true;
      showFailure(failure, error, isPlaced);
      (body.querySelector("[aria-invalid=true]") ?? failure).focus();
    }
  }, { class: "primary" });
  const more = make("details", { open: request.others.size > 0 }, make("summary", {}, "Target and method"), method.node);
  body.append(
    make("section.card", { "aria-label": "The model" }, make("h2", {}, titleOf(entry)), modelFacts(entry)),
    make(
      "section.card",
      { "aria-label": "The request" },
      make("h2", {}, "Parameters"),
      entry.parameters.length ? parameters.node : make("p.empty", {}, "This model has no parameters."),
      more,
      codes,
      make("div.actions.last", {}, solve, make("a", { href: addressOf("solve", { model: request.model }) }, "Reset all")),
    ),
  );
}

function options(models) {
  const option = ({ name, title }) => [name, title ? `${title} (${name})` : name];
  const own = models.filter(({ name }) => HANDLE.test(name));
  const builtIn = models.filter(({ name }) => !HANDLE.test(name));
  return [
    { label: "Built in", options: builtIn.map(option) },
    ...(own.length ? [{ label: "Registered", options: own.map(option) }] : []),
  ];
}

/**
 * What an address asks for. Numbers are read as such; the calibration is a plain object, all else a map by dotted paths.
 * What is no number stays as it is written: the service refuses it, where the page would solve something else.
 *
 * @returns {{model: string, calibration: Object<string, number|string>, others: Map<string, *>}}
 */
function requestFrom(query) {
  const calibration = {};
  const others = new Map();
  for (const [path, text] of query) {
    const [first, name] = [path.split(".", 1)[0], path.slice(path.indexOf(".") + 1)];
    const value = path === "method.policy.hidden" ? text.split(",").map(Number) : Number.isNaN(Number(text)) ? text : Number(text);
    if (first === "calibration") calibration[name] = Number.isFinite(value) ? value : text;
    else if (["method", "target", "seed", "start"].includes(first)) others.set(path, first === "start" ? text : value);
  }
  return { model: query.get("model") ?? FIRST_MODEL, calibration, others };
}

/** The body of POST /v1/solutions. */
function bodyOf({ model, calibration, others }) {
  return {
    model,
    ...(Object.keys(calibration).length ? { calibration: { ...calibration } } : {}),
    ...nested(others),
  };
}

const addressed = (request) => new Map(flattened(bodyOf(request)));

/** Puts a cancelled solution in the queue again, unless somebody else has done so meanwhile. */
async function takeUp(id, signal) {
  try {
    await send(`/v1/solutions/${id}/retry`, { method: "POST", signal });
  } catch (error) {
    if (!(error instanceof Problem && error.status === 409)) throw error;
  }
}
