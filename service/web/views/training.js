/** How a solution was trained: its reports, its method in full, what made it; and what of it may be taken away. */

import { LineChart } from "../charts/lines.js";
import { ask, send } from "../api.js";
import { flattened } from "../address.js";
import { button, download, make } from "../dom.js";
import { duration, short } from "../numbers.js";
import { drawHistory } from "./progress.js";

const TAKEN = [
  ["NumPy (npz)", "artifact?format=npz", "npz"],
  ["ONNX", "artifact?format=onnx", "onnx"],
  ["TensorFlow (SavedModel)", "artifact?format=savedmodel", "zip"],
  ["Record, to solve it again", "record", "json"],
];

/** Shows the training of a solution. */
export async function showTraining(panel, { solution }, { fail }, signal) {
  const { provenance, progress } = solution;
  const column = make("div.panel-charts");
  panel.append(
    make(
      "div.panel-side",
      {},
      make("h2.minor", {}, "Method"),
      facts([...flattened(solution.method), ["target", short(solution.target)], ["seed", solution.seed]]),
      make("h2.minor", {}, "Made by"),
      facts([
        ["solve", duration(provenance.solve_s)],
        ["steps", progress?.step],
        ["device", provenance.device],
        ["ended", provenance.status],
        ...Object.entries(provenance.versions),
      ]),
    ),
    column,
  );
  const chart = new LineChart(column, { name: "Training", height: 320 }, signal);
  column.append(make("h2.minor", {}, "Take it away"), make("div.actions", {}, TAKEN.map((one) => takeButton(solution, one, fail, signal))));
  try {
    const record = await ask(`/v1/solutions/${solution.id}/record`, undefined, signal);
    const reports = record.policy.manifest.history ?? [];
    if (reports.length > 1) drawHistory(chart, reports, solution.target, false);
    else column.prepend(make("p.empty", {}, "This training ended with its first report."));
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  }
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined);
  return make("dl.list", {}, known.map(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}

/** Fetched and not linked to, since a link sends no key. */
function takeButton({ id }, [text, path, suffix], fail, signal) {
  return button(text, async () => {
    try {
      const answer = await send(`/v1/solutions/${id}/${path}`, { signal });
      download(`${id}.${suffix}`, await answer.blob());
    } catch (error) {
      if (error.name !== "AbortError") fail(error);
    }
  });
}
