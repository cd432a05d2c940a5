/** Impulse responses: what a shock changes on average, and how sure that is. */

import { LineChart } from "../charts/lines.js";
import { ask } from "../api.js";
import { labelled, make, select } from "../dom.js";
import { REGIME } from "../economy.js";
import { signed } from "../numbers.js";
import { axisLabel, symbolText } from "../symbols.js";
import { numberField } from "./paths.js";

const NO_IMPULSE =
  "Nothing is left to chance in this model, so there is no impulse. To see how it comes home from another state, simulate a path from there.";

/** Shows a form for an impulse and the responses. */
export async function showImpulse(panel, economy, { fail }, signal) {
  const { entry } = economy;
  const options = innovated(entry).map((name) => [name, axisLabel(entry, name)]);
  if (economy.regimes.length) options.push([REGIME, "a change of the regime"]);
  if (!options.length) {
    panel.append(make("p.empty", {}, NO_IMPULSE));
    return;
  }
  const asked = { size: 1, periods: 40, paths: 1000 };
  const shock = select({ change: () => turn() }, options, options[0][0]);
  const departure = select({}, [["ergodic", "the long run"], ["steady_state", "the steady state"]], "ergodic");
  const size = labelled("Size, in standard deviations", Object.assign(numberField(asked, "size", -100, 100), { step: "any" }));
  const regime = select({}, [...economy.regimes.entries()], economy.regimes.length - 1);
  const to = labelled("To regime", regime);
  const turn = () => {
    size.hidden = shock.value === REGIME;
    to.hidden = shock.value !== REGIME;
  };
  turn();
  const form = make(
    "form.panel-side",
    { submit: (event) => (event.preventDefault(), draw()) },
    make("h2.minor", {}, "Impulse"),
    labelled("Shock", shock),
    size,
    to,
    make(
      "div.pairs",
      {},
      labelled("Periods", numberField(asked, "periods", 2, 10_000)),
      labelled("Paths", numberField(asked, "paths", 1, 100_000)),
    ),
    labelled("Starting from", departure),
    make("button.primary", {}, "Show responses"),
  );
  const told = make("p.note", { role: "status" });
  const grid = make("div.multiples");
  panel.append(form, make("div.panel-charts", {}, told, grid));
  const charts = new Map();

  const draw = async () => {
    const isRegime = shock.value === REGIME;
    const query = new URLSearchParams({
      shock: shock.value,
      periods: asked.periods,
      paths: asked.paths,
      departure: departure.value,
      ...(isRegime ? { to: regime.value } : { size: asked.size }),
    });
    told.textContent = "Simulating with the impulse and without …";
    try {
      const answer = await ask(`/v1/solutions/${economy.solution.id}/impulse-response?${query}`, undefined, signal);
      const which = isRegime ? `A change to regime ${economy.regimes[answer.impulse[REGIME]]}` : `${axisLabel(entry, shock.value)}, by ${deviations(asked.size)}`;
      const lost = answer.lost ? ` ${answer.lost} paths left the economy's states and are left out.` : "";
      told.textContent = `${which} in period 0, and what it changes: means over ${asked.paths} paths, and two standard errors around them.${lost}`;
      for (const name of Object.keys(answer.response)) drawResponse(grid, charts, economy, answer, name, signal);
      fail(null);
    } catch (error) {
      told.textContent = "";
      if (error.name !== "AbortError") fail(error);
    }
  };
  await draw();
}

/** The shocks that have innovations: of a chain, or an autoregression that is made one, the regime is what changes. */
function innovated({ shocks, exogenous = {} }) {
  const hasNone = (law) =>
    Object.entries(law).some(([kind, { discretize }]) => ["MarkovChain", "ConstantProcess"].includes(kind) || discretize);
  const others = Object.entries(exogenous).filter(([, law]) => hasNone(law));
  const without = others.flatMap(([names]) => names.split(",").map((name) => name.trim()));
  return shocks.filter((name) => !without.includes(name));
}

const deviations = (size) => `${signed(size)} standard deviation${Math.abs(size) === 1 ? "" : "s"}`;

function drawResponse(grid, charts, { entry }, answer, name, signal) {
  if (!charts.has(name)) {
    charts.set(name, new LineChart(grid, { name: `Response of ${axisLabel(entry, name)}`, height: 190, linked: "responses" }, signal));
  }
  const values = answer.response[name];
  const errors = answer.standard_error[name];
  const edge = (sign) => values.map((value, index) => (value === null || errors[index] === null ? null : value + 2 * sign * errors[index]));
  charts.get(name).draw({
    x: answer.t,
    lines: [{ label: symbolText(entry, name), values, colour: "ordered-2", band: [edge(-1), edge(1)] }],
    xLabel: "period",
    yLabel: axisLabel(entry, name),
    yMarks: [0],
    ySize: Math.max(...answer.baseline[name].map(Math.abs)),
  });
}
