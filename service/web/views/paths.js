/** Simulated paths: the first as a line, and a band that holds nine in ten. */

import { LineChart } from "../charts/lines.js";
import { labelled, make } from "../dom.js";
import { REGIME } from "../economy.js";
import { quantile } from "../numbers.js";
import { simulate } from "../simulation.js";
import { axisLabel, symbolText } from "../symbols.js";
import { pointFields } from "./point.js";

const BAND = [0.05, 0.95];
const FEWEST_FOR_A_BAND = 20;
const MOST_ROWS = 200_000;

/** Shows a form for paths and their charts. */
export async function showPaths(panel, economy, { fail }, signal) {
  const isRandom = economy.entry.shocks.length > 0;
  const asked = { periods: 100, paths: isRandom ? 200 : 1, burn_in: 0, seed: 0 };
  const point = Object.fromEntries(economy.states.map((name) => [name, economy.steady[name]]));
  if (!isRandom) for (const [name, [lower]] of Object.entries(economy.domain)) point[name] = lower;
  const start = { isGiven: !isRandom };
  const fields = pointFields(economy, point, () => {
    given.checked = start.isGiven = true;
    fields.node.hidden = false;
  });
  const given = make("input", {
    type: "checkbox",
    checked: start.isGiven,
    change: () => {
      start.isGiven = given.checked;
      fields.node.hidden = !given.checked;
    },
  });
  fields.node.hidden = !start.isGiven;
  const number = (name, text, least, most) => labelled(text, numberField(asked, name, least, most));
  const form = make(
    "form.panel-side",
    { submit: (event) => (event.preventDefault(), draw()) },
    make("h2.minor", {}, "Simulate"),
    make(
      "div.pairs",
      {},
      number("periods", "Periods", 2, 10_000),
      // Where nothing is left to chance one path is all paths, and none needs to be forgotten.
      isRandom ? [number("paths", "Paths", 1, 10_000), number("burn_in", "Burn-in", 0, 10_000), number("seed", "Seed", 0, 2_147_483_647)] : null,
    ),
    make("label.check", {}, given, " From a state of my own"),
    fields.node,
    make("button.primary", {}, "Simulate"),
  );
  const grid = make("div.multiples");
  const told = make("p.note", { role: "status" });
  panel.append(form, make("div.panel-charts", {}, told, grid));
  const charts = new Map();

  const draw = async () => {
    if (asked.periods * asked.paths > MOST_ROWS) {
      told.textContent = `${asked.periods} periods of ${asked.paths} paths are more than the ${MOST_ROWS} rows that this page draws: take fewer.`;
      return;
    }
    told.textContent = "Simulating …";
    try {
      const body = start.isGiven ? { ...asked, initial: point } : asked;
      const tell = (progress) => {
        const share = progress ? Math.floor((100 * progress.periods_done) / progress.periods) : 0;
        told.textContent = `Simulating as a job: ${share} % done …`;
      };
      const answer = await simulate(economy.solution.id, body, tell, signal);
      told.textContent = summary(answer, asked);
      drawPaths(grid, charts, economy, answer, asked, signal);
      fail(null);
    } catch (error) {
      told.textContent = "";
      if (error.name !== "AbortError") fail(error);
    }
  };
  await draw();
}

/** A field for one whole number of a request. */
export function numberField(asked, name, least, most) {
  const field = make("input", {
    type: "number",
    min: least,
    max: most,
    value: asked[name],
    required: true,
    input: () => {
      asked[name] = field.valueAsNumber;
    },
  });
  return field;
}

function summary({ lost }, { paths }) {
  const band = paths >= FEWEST_FOR_A_BAND ? `The first of ${paths} paths, and the band that holds nine in ten. ` : "";
  return band + (lost ? `${lost} of ${paths} left the states at which the economy is defined.` : "");
}

function drawPaths(grid, charts, economy, answer, { periods, paths }, signal) {
  const x = answer.t.slice(0, periods);
  const columns = { ...answer.states, ...answer.controls, ...answer.definitions, ...answer.shocks };
  for (const [name, values] of Object.entries(columns)) {
    if (!charts.has(name)) {
      const label = axisLabel(economy.entry, name);
      charts.set(name, new LineChart(grid, { name: `Simulated ${label}`, height: 190, linked: "paths" }, signal));
    }
    const isRegime = name === REGIME;
    const line = { label: symbolText(economy.entry, name), values: values.slice(0, periods), colour: "ordered-2", isStepped: isRegime };
    if (paths >= FEWEST_FOR_A_BAND && !isRegime) line.band = bandOf(values, periods, paths);
    charts.get(name).draw({
      x,
      lines: [line],
      xLabel: "period",
      yLabel: axisLabel(economy.entry, name),
      yMarks: name in economy.steady && !isRegime ? [economy.steady[name]] : [],
      ...(isRegime ? { yTick: (value) => (Number.isInteger(value) ? String(value) : "") } : {}),
    });
  }
}

function bandOf(values, periods, paths) {
  const edges = BAND.map(() => []);
  for (let period = 0; period < periods; period += 1) {
    const now = [];
    for (let path = 0; path < paths; path += 1) {
      const value = values[path * periods + period];
      if (value !== null) now.push(value);
    }
    now.sort((one, other) => one - other);
    BAND.forEach((share, index) => edges[index].push(now.length ? quantile(now, share) : null));
  }
  return edges;
}
