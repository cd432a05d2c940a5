/** A solve as it goes: where it is, and the Euler error and the loss over time. */

import { LineChart } from "../charts/lines.js";
import { make } from "../dom.js";
import { duration, power, powerText, short, signed } from "../numbers.js";

const SPEAK_EVERY_MS = 5000;
const DRAW_EVERY_MS = 200;
const WAITING = "Waiting for a worker.";
const FORECASTS = {
  converged: "on course to meet the target",
  out_of_steps: "the steps will run out before the target is met",
  out_of_time: "the seconds will run out before the target is met",
  stalled: "likely to stall above the target",
};
const PHASES = { "gauss-newton": "Gauss-Newton", "levenberg-marquardt": "Levenberg-Marquardt", "newton-krylov": "Newton-Krylov" };

/** Draws reports of a training: log10 of the Euler error and of the loss, against seconds. */
export function drawHistory(chart, reports, target, isLive) {
  const log10 = (value) => (value > 0 ? Math.log10(value) : null);
  chart.draw({
    x: reports.map((report) => report.elapsed_s),
    lines: [
      { label: "largest Euler error", values: reports.map((report) => report.euler_error_max_log10), colour: "first" },
      { label: "loss", values: reports.map((report) => log10(report.loss)), colour: "second", isDashed: true },
    ],
    xLabel: "seconds",
    yLabel: "log10 of the largest Euler error and of the loss",
    yMarks: [Math.log10(target)],
    yTick: (value) => signed(Number(value.toFixed(2))),
    isLive,
  });
}

/** The panel of a solve that is not over. */
export class ProgressPanel {
  #reports = [];
  #status = "queued";
  #isBroken = false;
  #spokenAt = 0;
  #drawTimer = null;
  #facts = make("dl.facts");
  #state = make("p.state");
  #spoken = make("p.unseen", { role: "status", "aria-live": "polite" });

  constructor(parent, target, signal) {
    this.target = target;
    this.signal = signal;
    parent.append(this.#state, this.#facts, this.#spoken);
    this.chart = new LineChart(parent, { name: "Training", height: 260 }, signal);
    signal.addEventListener("abort", () => clearTimeout(this.#drawTimer));
    this.#show();
  }

  /** One event of the stream. */
  tell(kind, data) {
    if (kind === "status") this.#status = data.status;
    else this.#reports.push(data);
    this.#show();
    this.#speak();
    // Reports that come in a burst, as after a reload, are drawn once.
    this.#drawTimer ??= setTimeout(() => {
      this.#drawTimer = null;
      if (!this.signal.aborted && this.#reports.length > 1) drawHistory(this.chart, this.#reports, this.target, true);
    }, DRAW_EVERY_MS);
  }

  /** Whether the stream of events is broken for now. */
  tellBreak(isBroken) {
    this.#isBroken = isBroken;
    this.#show();
  }

  #show() {
    const report = this.#reports.at(-1);
    const phase = report && (PHASES[report.phase] ?? report.phase.replaceAll("_", " "));
    this.#state.textContent = this.#isBroken ? "The connection broke; asking again." : report ? `Solving: ${phase}.` : WAITING;
    if (!this.#isBroken && !report && this.#status === "running") this.#state.textContent = "Solving.";
    if (!report) return;
    const facts = [
      ["Euler error", power(report.euler_error_max_log10)],
      ["Target", power(Math.log10(this.target), 0)],
      ["Loss", short(report.loss, 3)],
      ["Step", String(report.step)],
      ["Elapsed", duration(report.elapsed_s)],
      ["To go", report.eta_s === null ? "not known yet" : `about ${duration(report.eta_s)}`],
      ["Forecast", FORECASTS[report.forecast] ?? "not known yet"],
    ];
    this.#facts.replaceChildren(...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  }

  #speak() {
    const report = this.#reports.at(-1);
    if (!report || Date.now() - this.#spokenAt < SPEAK_EVERY_MS) return;
    this.#spokenAt = Date.now();
    const rest = report.eta_s === null ? "" : `, about ${duration(report.eta_s)} to go`;
    this.#spoken.textContent = `Euler error ${powerText(report.euler_error_max_log10)} after ${duration(report.elapsed_s)}${rest}`;
  }
}
