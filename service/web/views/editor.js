/** A model file of one's own, YAML or Dynare's: read by the service as it is typed, its faults marked where they stand. */

import { Problem, send } from "../api.js";
import { button, make, settled } from "../dom.js";
import { short } from "../numbers.js";
import { showFailure } from "../parts.js";

const DRAFT = "saddlepath.file";
const CHECK_AFTER_MS = 600;
const COMMENTS = /\/\*[^]*?\*\/|(?:\/\/|%).*/g;
/** What stands in every file of Dynare's, and in no YAML: "model;", or with options. */
const MODEL = /(?:^|;)[^\S\n]*model\s*(?:\([^)]*\)\s*)?;/m;

const isDynare = (text) => MODEL.test(text.replace(COMMENTS, ""));

/**
 * Shows the editor.
 *
 * @param {HTMLElement} parent
 * @param {(name: string) => void} use told the handle of a model that has been registered.
 * @param {HTMLElement} failure a place for what went wrong.
 * @param {AbortSignal} signal
 */
export function showEditor(parent, use, failure, signal) {
  const gutter = make("pre.gutter", { "aria-hidden": "true" });
  const marks = make("pre.marks", { "aria-hidden": "true" });
  const area = make("textarea", {
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    wrap: "off",
    rows: 22,
    "aria-label": "Model file, in YAML or as Dynare has it",
    "aria-describedby": "file-state",
    placeholder: "name: my-model\nsymbols:\n  states: [a, k]\n  …",
  });
  const state = make("p.state", { id: "file-state", role: "status" });
  const list = make("ol.faults");
  const take = button("Use this model", () => register(), { class: "primary", disabled: true });
  let checking = null;
  let fileName = ""; // a file of Dynare's has no name within

  const paint = (faults) => {
    paintGutter(gutter, area.value, faults);
    paintMarks(marks, area.value, faults);
    list.replaceChildren(...faults.map((fault) => faultItem(area, fault)));
  };
  const check = async () => {
    checking?.abort();
    take.disabled = true;
    if (area.value.trim() === "") {
      state.textContent = "Paste a model file, choose one, or start from the example.";
      paint([]);
      return;
    }
    checking = new AbortController();
    state.textContent = "Reading …";
    try {
      const found = await post(area.value, { validate_only: true }, AbortSignal.any([signal, checking.signal]));
      paint([]);
      state.replaceChildren(...verdict(found, isDynare(area.value)));
      take.disabled = false;
    } catch (error) {
      if (error.name === "AbortError") return;
      const faults = error instanceof Problem ? error.errors : [];
      paint(faults);
      if (faults.length) state.textContent = faults.length === 1 ? "One fault:" : `${faults.length} faults:`;
      else showFailure(failure, error);
    }
  };
  const soon = settled(CHECK_AFTER_MS, signal, check);
  const changed = () => {
    sessionStorage.setItem(DRAFT, area.value);
    showFailure(failure, null);
    take.disabled = true;
    paint([]);
    soon();
  };
  const set = (text, name = "") => {
    fileName = name;
    area.value = text;
    changed();
  };
  const register = async () => {
    try {
      use((await post(area.value, fileName && isDynare(area.value) ? { name: fileName } : {}, signal)).name);
    } catch (error) {
      if (error.name !== "AbortError") showFailure(failure, error);
    }
  };

  area.addEventListener("input", changed);
  area.addEventListener("scroll", () => {
    for (const layer of [gutter, marks]) layer.scrollTop = area.scrollTop;
    marks.scrollLeft = area.scrollLeft;
  });
  const file = make("input", {
    type: "file",
    accept: ".yaml,.yml,.mod",
    "aria-label": "Choose a model file",
    click: () => (file.value = ""), // so that the same file, changed since, is read again
    change: async () => file.files[0] && set(await file.files[0].text(), file.files[0].name.replace(/\.mod$/, "")),
  });
  const example = button("Start from the example", async () => set(await (await send("/page/example.yaml", { signal })).text()));
  parent.append(
    make("div.actions", {}, file, example),
    make("div.editor", {}, gutter, make("div.text", {}, marks, area)),
    state,
    list,
    make("div.actions", {}, take, make("span.note", {}, "Registers it under a handle of its own; it stays for good.")),
  );
  area.value = sessionStorage.getItem(DRAFT) ?? "";
  paint([]);
  check();
}

async function post(text, query, signal) {
  const headers = { "Content-Type": isDynare(text) ? "application/x-dynare" : "application/yaml" };
  return (await send(`/v1/models?${new URLSearchParams(query)}`, { method: "POST", headers, body: text, signal })).json();
}

function verdict({ steady_state: steady, checks }, isDynare) {
  const values = Object.entries(steady).map(([name, value]) => `${name} = ${short(value)}`);
  const warned = checks.filter(({ verdict: one }) => one === "warn").map(({ message }) => message);
  return [`This is a model${isDynare ? ", read as Dynare's" : ""}. Its steady state: ${values.join(", ")}.`, ...warned.map((message) => make("span.warned", {}, ` ${message}`))];
}

function paintGutter(gutter, text, faults) {
  const faulty = new Set(faults.map(({ line }) => line));
  const lines = text.split("\n").map((_, index) => {
    const number = index + 1;
    return [faulty.has(number) ? make("mark", {}, String(number)) : String(number), "\n"];
  });
  gutter.replaceChildren(...lines.flat());
}

/** The text again, behind the text, with a mark under each fault. */
function paintMarks(marks, text, faults) {
  const starts = lineStarts(text);
  const spans = faults
    .filter(({ line }) => line !== undefined && line <= starts.length)
    .map((fault) => spanOf(fault, text, starts))
    .sort((one, other) => one.start - other.start);
  const pieces = [];
  let place = 0;
  for (const { start, end } of spans) {
    if (start < place) continue;
    pieces.push(text.slice(place, start), make("mark", {}, text.slice(start, end) || " "));
    place = end;
  }
  marks.replaceChildren(...pieces, text.slice(place), "\n");
}

function lineStarts(text) {
  const starts = [0];
  for (let place = text.indexOf("\n"); place >= 0; place = text.indexOf("\n", place + 1)) starts.push(place + 1);
  return starts;
}

/** Where a fault begins and ends: the symbol at fault, or what stands there up to a space. */
function spanOf({ line, column = 1, symbol }, text, starts) {
  const start = starts[line - 1] + column - 1;
  const rest = text.slice(start).split("\n", 1)[0];
  const length = symbol && rest.startsWith(symbol) ? symbol.length : (/^\S+/.exec(rest)?.[0].length ?? 0);
  return { start, end: start + length };
}

function faultItem(area, fault) {
  const { line, column = 1, message, equation } = fault;
  const go = () => {
    const { start, end } = spanOf(fault, area.value, lineStarts(area.value));
    area.focus();
    area.setSelectionRange(start, Math.max(end, start));
    const height = area.scrollHeight / area.value.split("\n").length;
    area.scrollTop = Math.max(0, (line - 6) * height);
  };
  const place = line === undefined ? null : button(`line ${line}, column ${column}`, go, { class: "quiet" });
  return make("li", {}, place, " ", message, equation ? make("code.equation", {}, equation) : null);
}
