/** A chart of lines over one axis, with bands and marks, a crosshair for pointer and keyboard, and its numbers to take away. */

import uPlot from "../vendor/uPlot/uPlot.esm.js";
import { button, download, make } from "../dom.js";
import { ROUNDING, short } from "../numbers.js";
import { colour, written } from "./colours.js";

const TICK_SPACE_PX = { x: 56, y: 27 };
const Y_PADDING = 0.1;

/**
 * @typedef {Object} Line
 * @property {string} label
 * @property {(number|null)[]} values
 * @property {string} colour as {@link written} takes it.
 * @property {boolean} [isDashed]
 * @property {boolean} [isBold]
 * @property {boolean} [isStepped] where a value holds until the next.
 * @property {[(number|null)[], (number|null)[]]} [band] lower and upper edge of what is shaded around it.
 */

export class LineChart {
  #figure = make("div.plot");
  #title = make("p.chart-title");
  #readout = make("div.readout");
  #spoken = make("output.unseen");
  #take = button("CSV", () => download(`${this.name}.csv`, this.csv(), "text/csv"), { class: "quiet", disabled: true });
  #frame;
  #plot = null;
  #drawing;
  #linked;

  /**
   * @param {HTMLElement} parent
   * @param {Object} options `name`, for the file and for those who listen; `height` in pixels; `linked`, a key that
   *   charts with one crosshair share.
   * @param {AbortSignal} signal takes it down.
   */
  constructor(parent, { name, height = 280, linked = null }, signal) {
    this.name = name;
    this.height = height;
    this.#linked = linked;
    this.#frame = make(
      "div.chart",
      { tabindex: 0, role: "application", "aria-roledescription": "chart", "aria-label": name, keydown: (event) => this.#step(event) },
      this.#figure,
    );
    this.#take.setAttribute("aria-label", `Numbers of ${name} as CSV`);
    parent.append(make("div.chart-block", {}, this.#title, this.#frame, make("div.chart-foot", {}, this.#readout, this.#take), this.#spoken));
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(this.#frame);
    addEventListener("themechange", () => this.#build(), { signal });
    signal.addEventListener("abort", () => {
      observer.disconnect();
      this.#plot?.destroy();
    });
  }

  /**
   * Draws, in the place of what was drawn.
   *
   * @param {Object} drawing `x` (numbers), `lines` ({@link Line}s), `xLabel`, `yLabel` (stands above), `xMark` (null for
   *   none), `yMarks` (dashed lines across), `yTick` (a number to its text), `ySize` (of what the values are changes of:
   *   changes that are rounding errors beside it are drawn and told as none), `isLive` where it grows as it is looked at.
   */
  draw(drawing) {
    const isSame = this.#plot !== null && this.#drawing?.lines.length === drawing.lines.length && drawing.isLive;
    this.#drawing = { xMark: null, yMarks: [], yTick: (value) => short(value, 6), ySize: 0, ...drawing };
    this.#title.textContent = drawing.yLabel;
    this.#take.disabled = false;
    if (isSame) {
      this.#plot.setData(this.#data());
      this.#tell();
    } else this.#build();
  }

  /** The numbers as text, a column a line. */
  csv() {
    const { x, lines, xLabel } = this.#drawing;
    const columns = [[xLabel, x]];
    for (const { label, values, band } of lines) {
      columns.push([label, values]);
      if (band) columns.push([`${label} lower`, band[0]], [`${label} upper`, band[1]]);
    }
    const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
    const rows = x.map((_, row) => columns.map(([, values]) => values[row] ?? "").join(","));
    return [columns.map(([label]) => quoted(label)).join(","), ...rows, ""].join("\n");
  }

  #data() {
    const { x, lines } = this.#drawing;
    return [x, ...lines.flatMap(({ values, band }) => [values, ...(band ?? [])])];
  }

  #build() {
    if (!this.#drawing) return;
    const { lines } = this.#drawing;
    const series = [{}];
    const bands = [];
    for (const line of lines) {
      const stroke = colour(line.colour);
      const paths = line.isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
      series.push({ stroke, width: line.isBold ? 2.75 : 1.5, dash: line.isDashed ? [6, 4] : undefined, paths, points: { show: false } });
      if (line.band) {
        bands.push({ series: [series.length + 1, series.length], fill: translucent(stroke) });
        series.push({ stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } });
      }
    }
    const options = {
      width: this.#width(),
      height: this.height,
      legend: { show: false },
      pxAlign: 0,
      cursor: { drag: { x: false, y: false }, points: { size: 7 }, ...(this.#linked ? { sync: { key: this.#linked } } : {}) },
      scales: { x: { time: false }, y: { range: (_, lower, upper) => this.#range(lower, upper) } },
      axes: this.#axes(),
      series,
      bands,
      hooks: { draw: [(plot) => this.#mark(plot)], setCursor: [() => this.#tell()] },
    };
    this.#plot?.destroy();
    this.#plot = new uPlot(options, this.#data(), this.#figure);
    this.#tell();
  }

  #axes() {
    const { xLabel, yTick } = this.#drawing;
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const shared = {
      stroke: colour("soft"),
      font,
      labelFont: font,
      labelSize: 20,
      grid: { stroke: colour("grid"), width: 1 },
      ticks: { stroke: colour("grid"), width: 1, size: 4 },
    };
    const ticks = (tick) => (_, values) => values.map((value) => (value === null ? "" : tick(value)));
    return [
      { ...shared, label: xLabel, space: TICK_SPACE_PX.x, size: 30, values: ticks((value) => short(value, 6)) },
      {
        ...shared,
        space: TICK_SPACE_PX.y,
        values: ticks(yTick),
        size: (_, texts) => Math.max(52, 16 + 7 * Math.max(0, ...(texts ?? []).map((text) => text?.length ?? 0))),
      },
    ];
  }

  #range(lower, upper) {
    const { ySize } = this.#drawing;
    if (lower === null) return [null, null];
    if (Math.max(-lower, upper) < ROUNDING * ySize) return [-ySize / 100, ySize / 100];
    return uPlot.rangeNum(lower, upper, Y_PADDING, true);
  }

  #mark(plot) {
    const { ctx, bbox } = plot;
    const { xMark, yMarks } = this.#drawing;
    ctx.save();
    ctx.strokeStyle = colour("soft");
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    if (xMark !== null) {
      const left = plot.valToPos(xMark, "x", true);
      if (left >= bbox.left && left <= bbox.left + bbox.width) {
        ctx.moveTo(left, bbox.top);
        ctx.lineTo(left, bbox.top + bbox.height);
      }
    }
    for (const value of yMarks) {
      const top = plot.valToPos(value, "y", true);
      if (top < bbox.top || top > bbox.top + bbox.height) continue;
      ctx.moveTo(bbox.left, top);
      ctx.lineTo(bbox.left + bbox.width, top);
    }
    ctx.stroke();
    ctx.restore();
  }

  /** The row that is read out: under the crosshair, else at the mark, else the last. */
  #row() {
    const { x, xMark } = this.#drawing;
    const row = this.#plot?.cursor.idx ?? null;
    if (row !== null) return row;
    if (xMark === null) return x.length - 1;
    return x.reduce((best, value, index) => (Math.abs(value - xMark) < Math.abs(x[best] - xMark) ? index : best), 0);
  }

  #tell() {
    const { x, lines, xLabel, yTick, ySize } = this.#drawing;
    const row = this.#row();
    const shown = (value) => (value === null || value === undefined ? "–" : yTick(Math.abs(value) < ROUNDING * ySize ? 0 : value));
    const items = lines.map((line) => {
      const swatch = make("span.swatch");
      swatch.style.borderTopColor = written(line.colour);
      swatch.style.borderTopStyle = line.isDashed ? "dashed" : "solid";
      swatch.style.borderTopWidth = line.isBold ? "3px" : "2px";
      return make("span.reading", {}, swatch, line.label, " ", make("b", {}, shown(line.values[row])));
    });
    const name = xLabel.split(",")[0];
    this.#readout.replaceChildren(make("span.reading", {}, `${name} `, make("b", {}, short(x[row]))), ...items);
  }

  #step(event) {
    const { x } = this.#drawing ?? {};
    const far = Math.max(1, Math.round((x?.length ?? 0) / 10));
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -far, PageUp: far, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || !this.#plot) return;
    event.preventDefault();
    const row = Math.min(Math.max(this.#row() + steps[event.key], 0), x.length - 1);
    const first = this.#drawing.lines[0].values[row];
    const place = { left: this.#plot.valToPos(x[row], "x"), top: first === null ? 0 : this.#plot.valToPos(first, "y") };
    this.#plot.setCursor(place, true, true); // told to this chart, and to those it is linked with
    this.#spoken.textContent = this.#readout.textContent;
  }

  #width() {
    return Math.max(200, this.#frame.clientWidth);
  }

  #resize() {
    if (this.#plot && this.#plot.width !== this.#width()) this.#plot.setSize({ width: this.#width(), height: this.height });
  }
}

function translucent(rgb) {
  return rgb.replace(/^rgb\((.*)\)$/, "rgba($1, 0.16)");
}
