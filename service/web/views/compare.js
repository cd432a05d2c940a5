/** Two solutions beside each other: what they were solved from, how well, and their policies over each other. */

import { addressOf, goTo, noteAddress } from "../address.js";
import { ask } from "../api.js";
import { LineChart } from "../charts/lines.js";
import { labelled, make, select, settled } from "../dom.js";
import { evaluate, loadEconomy, valuesOf } from "../economy.js";
import { duration, power, short, spread } from "../numbers.js";
import { failureBox, heading, showFailure } from "../parts.js";
import { axisLabel, description, symbol } from "../symbols.js";
import { verdictMark } from "./certificate.js";
import { pointFields, pointOf, pointQuery } from "./point.js";

const N_ALONG = 121;
const WAIT_MS = 120;
const NAMES = ["A", "B"];
const COLOURS = ["first", "second"];

/** Shows the comparison of the solutions `one` and `other` of the address; asks for what is missing. */
export async function showCompare(main, { query }, signal) {
  const failure = failureBox();
  const body = make("div");
  main.append(heading("Compare"), failure, body);
  const ids = [query.get("one"), query.get("other")];
  const { solutions } = await ask("/v1/solutions?status=succeeded&limit=200", undefined, signal);
  body.append(make("div.filters", {}, ids.map((id, index) => chooser(id, index, ids, solutions))));
  if (ids.some((id) => !id)) {
    body.append(make("p.empty", {}, solutions.length < 2 ? "There are not two solutions yet." : "Choose two solutions."));
    return;
  }
  const known = await Promise.all(ids.map((id) => ask(`/v1/solutions/${encodeURIComponent(id)}`, undefined, signal)));
  const economies = await Promise.all(known.map((solution) => loadEconomy(solution, signal)));
  body.append(sideBySide(economies));
  await showPolicies(body, economies, query, (error) => showFailure(failure, error), signal);
}

function chooser(id, index, ids, solutions) {
  const options = solutions.map((one) => [one.id, optionText(one)]);
  if (id && !solutions.some((one) => one.id === id)) options.unshift([id, id]);
  const field = select(
    {
      id: `compare-${NAMES[index]}`,
      change: () => {
        const chosen = ids.map((one, place) => (place === index ? field.value : one));
        goTo("compare", { one: chosen[0], other: chosen[1] });
      },
    },
    [["", "choose one"], ...options],
    id ?? "",
  );
  return labelled(NAMES[index], field);
}

function optionText({ id, model, calibration }) {
  const values = Object.entries(calibration).map(([name, value]) => `${name} ${short(value)}`);
  return `${model.name} ${id.slice(0, 8)}: ${values.join(", ")}`;
}

function sideBySide(economies) {
  const { entry } = economies[0];
  const solutions = economies.map(({ solution }) => solution);
  const row = (head, cells, isDifferent = false) =>
    make(isDifferent ? "tr.changed" : "tr", {}, make("th", { scope: "row" }, head), cells.map((cell) => make("td.number", {}, cell)));
  const each = (show) => solutions.map(show);
  const names = [...new Set(solutions.flatMap(({ calibration }) => Object.keys(calibration)))];
  const heads = solutions.map(({ id, model }, index) =>
    make("th", { scope: "col" }, swatch(index), `${NAMES[index]} `, make("a", { href: addressOf(`solutions/${id}`) }, `${model.name} ${id.slice(0, 8)}`)),
  );
  const parameters = names.map((name) => {
    const values = each(({ calibration }) => calibration[name]);
    const told = make("span.soft", {}, description(entry, name));
    return row([symbol(entry, name), " ", told], values.map((value) => short(value)), values[0] !== values[1]);
  });
  const methods = each(({ method }) => `${method.policy.family}, ${method.training.algorithm.replaceAll("_", " ")}`);
  return make(
    "div.scroll",
    { tabindex: 0, role: "group", "aria-label": "Both solutions" },
    make(
      "table.side-by-side",
      {},
      make("thead", {}, make("tr", {}, make("td"), heads)),
      make(
        "tbody",
        {},
        row("verdict", each(({ certificate }) => verdictMark(certificate.verdict))),
        row("largest Euler error", each(({ certificate }) => power(certificate.euler_errors.box.max_log10))),
        row("solved in", each(({ provenance }) => duration(provenance.solve_s))),
        row("method", methods, methods[0] !== methods[1]),
        parameters,
      ),
    ),
  );
}

function swatch(index) {
  const mark = make("span.swatch");
  mark.style.borderTopColor = `var(--${COLOURS[index]})`;
  mark.style.borderTopStyle = index ? "dashed" : "solid";
  return mark;
}

async function showPolicies(body, economies, query, fail, signal) {
  const [first, second] = economies;
  const shared = (list) => list(first).filter((name) => list(second).includes(name));
  const states = shared(({ domain }) => Object.keys(domain));
  const variables = shared(({ controls, definitions }) => [...controls, ...definitions]);
  if (!states.length || !variables.length) {
    body.append(make("p.empty", {}, "These two have no state and no variable in common, so their policies cannot be drawn over each other."));
    return;
  }
  const among = (asked, known, otherwise) => (known.includes(asked) ? asked : otherwise);
  const view = { along: among(query.get("along"), states, states.at(-1)), shown: among(query.get("show"), variables, variables[0]), isRelative: false };
  // States that only one of them has stay at its own steady state.
  const common = first.states.filter((name) => second.states.includes(name));
  const domain = Object.fromEntries(states.map((name) => [name, union(first.domain[name], second.domain[name])]));
  const regimes = first.regimes.slice(0, second.regimes.length).map((text, index) => (text === second.regimes[index] ? text : String(index)));
  const frame = { ...first, states: common, domain, regimes };
  const point = pointOf(frame, query);

  const option = (name) => [name, axisLabel(first.entry, name)];
  const along = select({ change: () => ((view.along = along.value), redraw()) }, states.map(option), view.along);
  const shown = select({ change: () => ((view.shown = shown.value), redraw()) }, variables.map(option), view.shown);
  const fields = pointFields(frame, point, () => redraw());
  const columns = make("div.two-columns");
  const charts = make("div.panel-charts");
  columns.append(make("div.panel-side", {}, labelled("Variable", shown), labelled("Along", along), make("h2.minor", {}, "At this state"), fields.node), charts);
  body.append(columns);
  const over = new LineChart(charts, { name: "Both policies", height: 300, linked: "compare" }, signal);
  const apart = new LineChart(charts, { name: "Difference", height: 180, linked: "compare" }, signal);

  const draw = async () => {
    noteAddress("compare", { one: first.solution.id, other: second.solution.id, along: view.along, show: view.shown, ...pointQuery(frame, point) });
    const x = spread(...domain[view.along], N_ALONG);
    try {
      const values = await Promise.all(economies.map((economy) => slice(economy, view, point, x, signal)));
      const label = axisLabel(first.entry, view.shown);
      const axis = { x, xLabel: axisLabel(first.entry, view.along), xMark: point[view.along] };
      over.name = `${label}, of both`;
      over.draw({ ...axis, yLabel: label, lines: values.map((line, index) => ({ label: NAMES[index], values: line, colour: COLOURS[index], isDashed: index === 1 })) });
      const differences = x.map((_, index) => (values[0][index] === null || values[1][index] === null ? null : values[1][index] - values[0][index]));
      apart.draw({ ...axis, yLabel: `B less A: ${label}`, yMarks: [0], lines: [{ label: "B less A", values: differences, colour: "soft" }] });
      fail(null);
    } catch (error) {
      if (error.name !== "AbortError") fail(error);
    }
  };
  const redraw = settled(WAIT_MS, signal, draw);
  await draw();
}

const union = (one, other) => [Math.min(one[0], other[0]), Math.max(one[1], other[1])];

/** The values of one policy along a state, null beyond its own domain. */
async function slice(economy, { along, shown }, point, x, signal) {
  const [lower, upper] = economy.domain[along];
  const within = x.filter((value) => value >= lower && value <= upper);
  const own = Object.fromEntries(economy.states.map((name) => [name, name in point ? point[name] : economy.steady[name]]));
  const values = valuesOf(await evaluate(economy.solution.id, { ...own, [along]: within }, signal), shown);
  let next = 0;
  return x.map((value) => (value >= lower && value <= upper ? values[next++] : null));
}
