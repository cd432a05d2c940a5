/** The policy: its values at a state, slices through that state along another, and a map over two. */

import { HeatMap } from "../charts/heat_map.js";
import { LineChart } from "../charts/lines.js";
import { ordered } from "../charts/colours.js";
import { button, labelled, make, select, settled } from "../dom.js";
import { REGIME, evaluate, valuesOf } from "../economy.js";
import { short, spread } from "../numbers.js";
import { axisLabel, description, symbol, symbolText } from "../symbols.js";
import { pointFields, pointOf, pointQuery } from "./point.js";

const N_ALONG = 121;
const N_LINES = 5;
const MOST_REGIMES = 9;
const N_MAP = 61;
const WAIT_MS = 120;

/**
 * Shows the policy of a solved economy.
 *
 * @param {HTMLElement} panel
 * @param {import("../economy.js").Economy} economy
 * @param {Map<string, string>} query `at.STATE`, `along`, `across` and `show` say what to look at.
 * @param {(query: Object) => void} note keeps the same in the address.
 * @param {(error: Error) => void} fail tells what went wrong.
 * @param {AbortSignal} signal
 */
export function showPolicy(panel, economy, query, { note, fail }, signal) {
  const ranged = Object.keys(economy.domain);
  const view = {
    point: pointOf(economy, query),
    along: pick(query.get("along"), ranged, ranged.at(-1)),
    across: null,
    shown: pick(query.get("show"), [...economy.controls, ...economy.definitions], economy.controls[0]),
  };
  const others = () => economy.states.filter((name) => name !== view.along);
  view.across = pick(query.get("across"), others(), others().findLast((name) => name !== REGIME) ?? others()[0] ?? null);

  const table = valueTable(economy, view, () => redraw());
  const axes = make("div.axes");
  const side = make("div.panel-side");
  const charts = make("div.panel-charts");
  panel.append(side, charts);
  const fields = pointFields(economy, view.point, () => redraw());
  const home = button("Steady state", () => move(Object.fromEntries(ranged.map((name) => [name, economy.steady[name]]))), { class: "quiet" });
  side.append(make("div.side-head", {}, make("h2.minor", {}, "At this state"), home), fields.node, table.node);
  charts.append(axes);
  const lines = new LineChart(charts, { name: "Policy slices", height: 300 }, signal);
  const mapBlock = make("div");
  charts.append(mapBlock);
  const choose = (x, y) => move({ [view.along]: x, [view.across]: y });
  const map = new HeatMap(mapBlock, { name: "Policy map", height: 320, choose }, signal);
  let pending = null;

  const move = (to) => {
    Object.assign(view.point, to);
    fields.show();
    redraw();
  };

  const draw = async () => {
    pending?.abort();
    pending = new AbortController();
    const both = AbortSignal.any([signal, pending.signal]);
    note({ along: view.along, across: view.across, show: view.shown, ...pointQuery(economy, view.point) });
    try {
      const [here] = await Promise.all([
        evaluate(economy.solution.id, view.point, both),
        drawSlices(lines, economy, view, both),
        drawMap(map, mapBlock, economy, view, both),
      ]);
      table.show(here);
      fail(null);
    } catch (error) {
      if (error.name !== "AbortError") fail(error);
    }
  };
  const redraw = settled(WAIT_MS, signal, draw);
  showAxes(axes, economy, view, redraw);
  return draw();
}

const pick = (asked, known, otherwise) => (known.includes(asked) ? asked : otherwise);

function showAxes(node, economy, view, changed) {
  const ranged = Object.keys(economy.domain);
  const option = (name) => [name, axisLabel(economy.entry, name)];
  const along = select({ change: () => turn("along", along.value) }, ranged.map(option), view.along);
  const others = economy.states.filter((name) => name !== view.along);
  const across = select({ change: () => turn("across", across.value) }, others.map(option), view.across);
  const turn = (axis, name) => {
    const before = view[axis];
    view[axis] = name;
    if (axis === "along" && view.across === name) view.across = before;
    showAxes(node, economy, view, changed);
    node.querySelector(`#${axis === "along" ? "axis-along" : "axis-across"}`)?.focus();
    changed();
  };
  along.id = "axis-along";
  across.id = "axis-across";
  node.replaceChildren(labelled("Along", along), ...(others.length ? [labelled("Lines and map over", across)] : []));
}

async function drawSlices(chart, economy, view, signal) {
  const { along, across, point, shown } = view;
  const { entry } = economy;
  const x = spread(...economy.domain[along], N_ALONG);
  const levels = levelsOf(economy, view);
  const states = { ...point, [along]: levels.flatMap(() => x) };
  if (across) states[across] = levels.flatMap((level) => x.map(() => level));
  const values = valuesOf(await evaluate(economy.solution.id, states, signal), shown);
  const colours = ordered(levels.length);
  const label = (level) => (across === null ? symbolText(entry, shown) : levelText(economy, across, level));
  chart.name = `${axisLabel(entry, shown)} along ${axisLabel(entry, along)}`;
  chart.draw({
    x,
    lines: levels.map((level, index) => ({
      label: label(level),
      values: values.slice(index * N_ALONG, (index + 1) * N_ALONG),
      colour: colours[index],
      isBold: across !== null && level === point[across],
    })),
    xLabel: axisLabel(entry, along),
    yLabel: axisLabel(entry, shown),
    xMark: point[along],
  });
}

const levelText = ({ entry, regimes }, across, level) =>
  across === REGIME ? `${REGIME} ${regimes[level]}` : `${symbolText(entry, across)} = ${short(level, 4)}`;

/**
 * The values of the other state that have a line: all regimes, unless they are many, or evenly over the domain; the present
 * one is among them.
 */
function levelsOf({ domain, regimes }, { across, point }) {
  if (across === null) return [0];
  if (across === REGIME && regimes.length <= MOST_REGIMES) return [...regimes.keys()];
  const levels = across === REGIME ? spread(0, regimes.length - 1, N_LINES).map(Math.round) : spread(...domain[across], N_LINES);
  const distance = (level) => Math.abs(level - point[across]);
  const nearest = levels.reduce((best, level, index) => (distance(level) < distance(levels[best]) ? index : best), 0);
  levels[nearest] = point[across];
  return levels;
}

async function drawMap(map, block, economy, view, signal) {
  const { along, across, point, shown } = view;
  block.hidden = across === null || across === REGIME;
  if (block.hidden) return;
  const x = spread(...economy.domain[along], N_MAP);
  const y = spread(...economy.domain[across], N_MAP);
  const states = { ...point, [along]: y.flatMap(() => x), [across]: y.flatMap((value) => x.map(() => value)) };
  const values = valuesOf(await evaluate(economy.solution.id, states, signal), shown);
  const { entry } = economy;
  map.name = `${axisLabel(entry, shown)} over ${axisLabel(entry, along)} and ${axisLabel(entry, across)}`;
  map.draw({
    x,
    y,
    values,
    xLabel: axisLabel(entry, along),
    yLabel: axisLabel(entry, across),
    label: axisLabel(entry, shown),
    mark: [point[along], point[across]],
  });
}

/** Every control and definition at the point; the one that is drawn is chosen here. */
function valueTable(economy, view, changed) {
  const cells = new Map();
  const row = (name) => {
    const cell = make("td.number");
    cells.set(name, cell);
    const choice = make("input", {
      type: "radio",
      name: "shown",
      id: `shown-${name}`,
      checked: name === view.shown,
      change: () => {
        view.shown = name;
        changed();
      },
    });
    const told = description(economy.entry, name);
    const label = make("label", { for: choice.id }, symbol(economy.entry, name), " ", make("span.soft", {}, told));
    return make("tr", {}, make("th", { scope: "row" }, make("span.choice", {}, choice, label)), cell);
  };
  const where = make("p.note", { role: "status" });
  const body = [...economy.controls, ...economy.definitions].map(row);
  const caption = make("caption", {}, "Values at this state; the chosen one is drawn");
  const node = make("div", {}, make("table.values", {}, caption, make("tbody", {}, body)), where);
  const show = (answer) => {
    for (const [name, cell] of cells) cell.textContent = short(valuesOf(answer, name)?.[0] ?? null, 6);
    where.textContent = answer.in_domain[0] ? "" : "This state is beyond the domain that was solved: extrapolated.";
  };
  return { node, show };
}
