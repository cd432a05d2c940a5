/** A map of one variable over two: colours, contours, a crosshair for pointer and keyboard, and its numbers to take away. */

import { button, download, make } from "../dom.js";
import { ROUNDING, short } from "../numbers.js";
import { colour, mapped } from "./colours.js";
import { contour, rounded } from "./contours.js";

const MARGIN = { top: 10, bottom: 46 };
const N_LEVELS = 9;
const BAR = { gap: 14, width: 12 };
const LABEL_PX = 22;
const TICK_PX = 8;

const barText = (value) => short(value, 4);

export class HeatMap {
  #canvas = make("canvas");
  #title = make("p.chart-title");
  #readout = make("div.readout");
  #spoken = make("output.unseen");
  #take = button("CSV", () => download(`${this.name}.csv`, this.csv(), "text/csv"), { class: "quiet", disabled: true });
  #frame;
  #map = null;
  #cursor = null;

  /**
   * @param {HTMLElement} parent
   * @param {Object} options `name`, for the file and for those who listen; `height` in pixels; `choose`, told the x and y
   *   that are clicked, or at which Enter is pressed.
   * @param {AbortSignal} signal takes it down.
   */
  constructor(parent, { name, height = 320, choose }, signal) {
    this.name = name;
    this.height = height;
    this.choose = choose;
    this.#frame = make(
      "div.chart.map",
      { tabindex: 0, role: "application", "aria-roledescription": "map", "aria-label": name, keydown: (event) => this.#step(event) },
      this.#canvas,
    );
    this.#take.setAttribute("aria-label", `Numbers of ${name} as CSV`);
    parent.append(make("div.chart-block", {}, this.#title, this.#frame, make("div.chart-foot", {}, this.#readout, this.#take), this.#spoken));
    this.#canvas.addEventListener("pointermove", (event) => this.#point(this.#at(event)));
    this.#canvas.addEventListener("pointerleave", () => this.#point(null));
    this.#canvas.addEventListener("click", (event) => this.#choose(this.#at(event)));
    const observer = new ResizeObserver(() => this.#paint());
    observer.observe(this.#frame);
    addEventListener("themechange", () => this.#paint(), { signal });
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /**
   * Draws, in the place of what was drawn.
   *
   * @param {Object} map `x` and `y` (numbers, evenly spaced, rising), `values` (row by row, y by y), `xLabel`, `yLabel`,
   *   `label` of the values, `mark` ([x, y], null for none).
   */
  draw(map) {
    const numbers = map.values.filter((value) => value !== null);
    const [lowest, highest] = [Math.min(...numbers), Math.max(...numbers)];
    const isFlat = highest - lowest < ROUNDING * Math.max(highest, -lowest);
    this.#map = { ...map, lowest, highest: isFlat ? lowest : highest };
    this.#map.image = this.#image();
    this.#take.disabled = false;
    this.#title.textContent = `${map.label}; a click moves the state`;
    this.#paint();
  }

  /** The numbers as text: x, y, value. */
  csv() {
    const { x, y, values, xLabel, yLabel, label } = this.#map;
    const head = [xLabel, yLabel, label].map((text) => `"${text.replaceAll('"', '""')}"`).join(",");
    return [head, ...values.map((value, index) => [x[index % x.length], y[Math.floor(index / x.length)], value ?? ""].join(",")), ""].join("\n");
  }

  /** The values as a small picture, a dot for each, the highest row first. */
  #image() {
    const { x, y, values } = this.#map;
    const canvas = make("canvas", { width: x.length, height: y.length });
    const context = canvas.getContext("2d");
    const dots = context.createImageData(x.length, y.length);
    values.forEach((value, index) => {
      const row = y.length - 1 - Math.floor(index / x.length);
      const dot = 4 * (row * x.length + (index % x.length));
      if (value !== null) dots.data.set([...mapped(this.#share(value)), 255], dot);
    });
    context.putImageData(dots, 0, 0);
    return canvas;
  }

  #share(value) {
    const { lowest, highest } = this.#map;
    return highest > lowest ? (value - lowest) / (highest - lowest) : 0.5;
  }

  /** Where the map lies in the canvas: what its ticks and the bar's leave of it. */
  #area() {
    const width = this.#width();
    const down = this.height - MARGIN.top - MARGIN.bottom;
    const context = this.#canvas.getContext("2d");
    const widest = (ticks, text) => Math.max(0, ...ticks.map((tick) => context.measureText(text(tick)).width));
    const left = LABEL_PX + TICK_PX + widest(this.#yTicks(down), short);
    const right = BAR.gap + BAR.width + TICK_PX + widest(this.#barTicks(down), barText);
    return { width, left, top: MARGIN.top, across: width - left - right, down };
  }

  #width() {
    return Math.max(200, this.#frame.clientWidth);
  }

  #yTicks(down) {
    const { y } = this.#map;
    return rounded(y[0], y.at(-1), down / 40);
  }

  #barTicks(down) {
    const { lowest, highest } = this.#map;
    return highest > lowest ? rounded(lowest, highest, down / 40) : [lowest];
  }

  #paint() {
    if (!this.#map || !this.#frame.clientWidth) return;
    const [width, ratio] = [this.#width(), devicePixelRatio];
    Object.assign(this.#canvas, { width: width * ratio, height: this.height * ratio });
    Object.assign(this.#canvas.style, { width: `${width}px`, height: `${this.height}px` });
    const context = this.#canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const area = this.#area(); // measures with the font
    // Half a dot of the picture lies beyond the outermost values.
    const { x, y, image } = this.#map;
    const cut = [0.5, 0.5, x.length - 1, y.length - 1];
    context.drawImage(image, ...cut, area.left, area.top, area.across, area.down);
    this.#paintContours(context, area);
    this.#paintAxes(context, area);
    this.#paintBar(context, area);
    this.#paintCrosshair(context, area);
    this.#tell();
  }

  #place(area, x, y) {
    const { x: xs, y: ys } = this.#map;
    const along = (x - xs[0]) / (xs.at(-1) - xs[0]);
    const up = (y - ys[0]) / (ys.at(-1) - ys[0]);
    return [area.left + along * area.across, area.top + (1 - up) * area.down];
  }

  #paintContours(context, area) {
    const { x, y, values, lowest, highest } = this.#map;
    context.strokeStyle = "rgba(255, 255, 255, 0.55)";
    context.lineWidth = 0.8;
    context.beginPath();
    for (const level of rounded(lowest, highest, N_LEVELS)) {
      for (const [x0, y0, x1, y1] of contour(values, x.length, level)) {
        context.moveTo(area.left + (x0 / (x.length - 1)) * area.across, area.top + (1 - y0 / (y.length - 1)) * area.down);
        context.lineTo(area.left + (x1 / (x.length - 1)) * area.across, area.top + (1 - y1 / (y.length - 1)) * area.down);
      }
    }
    context.stroke();
  }

  #paintAxes(context, area) {
    const { x, y, xLabel, yLabel } = this.#map;
    context.fillStyle = colour("soft");
    context.strokeStyle = colour("soft");
    context.lineWidth = 1;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const tick of rounded(x[0], x.at(-1), area.across / 70)) {
      const [left] = this.#place(area, tick, y[0]);
      context.fillRect(left, area.top + area.down, 1, 4);
      context.fillText(short(tick), left, area.top + area.down + 8);
    }
    context.fillText(xLabel, area.left + area.across / 2, this.height - 15);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of this.#yTicks(area.down)) {
      const [, top] = this.#place(area, x[0], tick);
      context.fillRect(area.left - 4, top, 4, 1);
      context.fillText(short(tick), area.left - TICK_PX, top);
    }
    context.save();
    context.translate(9, area.top + area.down / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(yLabel, 0, 0);
    context.restore();
  }

  #paintBar(context, area) {
    const left = area.left + area.across + BAR.gap;
    const isFlat = this.#map.highest === this.#map.lowest;
    for (let row = 0; row < area.down; row += 1) {
      context.fillStyle = `rgb(${mapped(isFlat ? 0.5 : 1 - row / area.down).map(Math.round)})`;
      context.fillRect(left, area.top + row, BAR.width, 1.5);
    }
    context.fillStyle = colour("soft");
    context.textAlign = "left";
    for (const level of this.#barTicks(area.down)) {
      context.fillText(barText(level), left + BAR.width + 5, area.top + (1 - this.#share(level)) * area.down);
    }
  }

  #paintCrosshair(context, area) {
    const { mark } = this.#map;
    if (mark) {
      const [left, top] = this.#place(area, ...mark);
      context.beginPath();
      context.arc(left, top, 4.5, 0, 2 * Math.PI);
      context.fillStyle = "#fff";
      context.strokeStyle = "#000";
      context.lineWidth = 1.5;
      context.fill();
      context.stroke();
    }
    if (!this.#cursor) return;
    const [left, top] = this.#place(area, this.#map.x[this.#cursor[0]], this.#map.y[this.#cursor[1]]);
    context.strokeStyle = "#fff";
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(left, area.top);
    context.lineTo(left, area.top + area.down);
    context.moveTo(area.left, top);
    context.lineTo(area.left + area.across, top);
    context.stroke();
    context.setLineDash([]);
  }

  /** The column and row under the pointer; null outside. */
  #at(event) {
    if (!this.#map) return null;
    const area = this.#area();
    const { x, y } = this.#map;
    const column = Math.round(((event.offsetX - area.left) / area.across) * (x.length - 1));
    const row = Math.round((1 - (event.offsetY - area.top) / area.down) * (y.length - 1));
    return column < 0 || row < 0 || column >= x.length || row >= y.length ? null : [column, row];
  }

  #point(cursor) {
    if (String(cursor) === String(this.#cursor)) return;
    this.#cursor = cursor;
    this.#paint();
  }

  #nearestToMark() {
    const { x, y, mark } = this.#map;
    const nearest = (numbers, value) => {
      const place = Math.round(((value - numbers[0]) / (numbers.at(-1) - numbers[0])) * (numbers.length - 1));
      return Math.min(Math.max(place, 0), numbers.length - 1);
    };
    return [nearest(x, mark?.[0] ?? x[0]), nearest(y, mark?.[1] ?? y[0])];
  }

  #tell() {
    const { x, y, values, xLabel, yLabel, label } = this.#map;
    const [column, row] = this.#cursor ?? this.#nearestToMark();
    const named = [
      [xLabel, x[column]],
      [yLabel, y[row]],
      [label, values[row * x.length + column]],
    ];
    const items = named.map(([name, value]) => make("span.reading", {}, `${name.split(",")[0]} `, make("b", {}, short(value))));
    this.#readout.replaceChildren(...items);
  }

  #choose(cursor) {
    if (cursor) this.choose(this.#map.x[cursor[0]], this.#map.y[cursor[1]]);
  }

  #step(event) {
    if (!this.#map) return;
    const cursor = this.#cursor ?? this.#nearestToMark();
    if (event.key === "Enter") {
      this.#choose(cursor);
      return;
    }
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const limits = [this.#map.x.length, this.#map.y.length];
    const moved = cursor.map((place, axis) => Math.min(Math.max(place + moves[event.key][axis], 0), limits[axis] - 1));
    this.#point(moved);
    this.#spoken.textContent = this.#readout.textContent;
  }
}
