/** Target and method: fields for what the contract (`/openapi.json`) says may be chosen, in its own words. */

import { askOnce } from "../api.js";
import { button, freshId, make, select } from "../dom.js";
import { plain, signed } from "../numbers.js";

const FIELDS = [
  ["target", "Target"],
  ["method.policy.family", "Family"],
  ["method.policy.hidden", "Hidden layers"],
  ["method.policy.activation", "Activation"],
  ["method.policy.degree", "Degree"],
  ["method.objective", "Objective"],
  ["method.training.algorithm", "Algorithm"],
  ["method.training.steps", "Steps, at most"],
  ["method.training.seconds", "Seconds, at most"],
  ["method.training.learning_rate", "Learning rate"],
  ["method.training.batch_size", "Batch size"],
  ["method.expectation.rule", "Expectations"],
  ["method.expectation.nodes", "Nodes"],
  ["method.sampling.region", "Training states from"],
  ["method.sampling.states", "Training states"],
  ["seed", "Seed"],
];
const LEAST_SQUARES = ["staged", "gauss_newton", "levenberg_marquardt", "time_iteration", ""];
/** Fields that belong to one choice of another: the service refuses them beside any other. */
const BELONGS = {
  "method.policy.hidden": (get) => ["neural", ""].includes(get("method.policy.family")),
  "method.policy.activation": (get) => ["neural", ""].includes(get("method.policy.family")),
  "method.policy.degree": (get) => ["polynomial", "hinged"].includes(get("method.policy.family")),
  "method.training.learning_rate": (get) => !LEAST_SQUARES.includes(get("method.training.algorithm")),
  "method.training.batch_size": (get) => !LEAST_SQUARES.includes(get("method.training.algorithm")),
  "method.expectation.nodes": (get) => !["monomial", ""].includes(get("method.expectation.rule")),
};

/**
 * Shows the fields.
 *
 * @param {Map<string, *>} chosen values by dotted path; changed as the fields are. What is not in it is left to the service.
 * @param {() => void} changed
 * @returns {Promise<{node: HTMLElement, showFaults: (faults: Object[]) => void}>}
 */
export async function methodFields(chosen, changed) {
  const { components } = await askOnce("/openapi.json");
  const get = (path) => chosen.get(path) ?? "";
  const rows = new Map();
  const adapt = () => {
    for (const [path, row] of rows) {
      const isApt = BELONGS[path]?.(get) ?? true;
      row.node.hidden = !isApt;
      if (!isApt) row.clear();
    }
  };
  const note = () => {
    adapt();
    changed();
  };
  for (const [path, title] of FIELDS) rows.set(path, fieldRow(path, title, schemaAt(components.schemas, path), chosen, note));
  adapt();
  const showFaults = (faults) => {
    for (const [path, row] of rows) {
      const pointer = `/${path.replaceAll(".", "/")}`;
      row.tell(faults.find((fault) => fault.pointer === pointer)?.message ?? "");
    }
  };
  return { node: make("div.method", {}, [...rows.values()].map(({ node }) => node)), showFaults };
}

/** Whether a fault of a request stands at a field that is shown here. */
export const isAtField = ({ pointer }) => FIELDS.some(([path]) => pointer === `/${path.replaceAll(".", "/")}`);

/** What the contract says of a field of the request, the choice "none" taken off. */
function schemaAt(schemas, path) {
  let schema = schemas.SolutionRequest;
  for (const part of path.split(".")) {
    const found = schema.properties[part];
    schema = found.$ref ? schemas[found.$ref.split("/").at(-1)] : found;
  }
  const kinds = (schema.anyOf ?? [schema]).filter(({ type }) => type !== "null");
  const kind = kinds.find((one) => one.enum) ?? kinds[0];
  return { ...kind, default: schema.default ?? null, description: schema.description };
}

function fieldRow(path, title, schema, chosen, changed) {
  const ids = { field: freshId("method"), help: freshId("help"), fault: freshId("fault") };
  const shared = { id: ids.field, "aria-describedby": ids.fault };
  const value = chosen.get(path);
  const field = schema.enum ? choiceField(shared, schema, value) : textField(shared, schema, value);
  const fault = make("p.fault", { id: ids.fault, hidden: true });
  const help = make("p.help", { id: ids.help, hidden: true }, schema.description);
  const opener = button("?", () => {
    help.hidden = !help.hidden;
    opener.setAttribute("aria-expanded", String(!help.hidden));
  }, { class: "ask", "aria-label": `What is ${title}?`, "aria-expanded": "false", "aria-controls": ids.help });
  const tell = (text) => {
    fault.hidden = text === "";
    fault.textContent = text;
    field.setAttribute("aria-invalid", String(text !== ""));
  };
  field.addEventListener("change", () => {
    const taken = readValue(field.value, schema);
    tell(taken === undefined ? `${field.value} is not ${wanted(schema)}` : "");
    if (taken === null || taken === undefined) chosen.delete(path);
    else chosen.set(path, taken);
    changed();
  });
  const clear = () => {
    chosen.delete(path);
    field.value = "";
    tell("");
  };
  const node = make("div.field", { "data-field": path }, make("label", { for: ids.field }, title), opener, field, help, fault);
  return { node, tell, clear };
}

function choiceField(shared, schema, value) {
  const fallback = schema.default === null ? "chosen for the model" : `${words(schema.default)} (default)`;
  const options = schema.enum.filter((one) => one !== schema.default).map((one) => [one, words(one)]);
  return select(shared, [["", fallback], ...options], value === schema.default ? "" : (value ?? ""));
}

function textField(shared, schema, value) {
  const text = Array.isArray(value) ? value.join(", ") : value === undefined ? "" : plain(value);
  const fallback = schema.default === null ? "chosen for the model" : plain(schema.default);
  return make("input", { ...shared, type: "text", inputmode: "text", autocomplete: "off", placeholder: fallback, value: text });
}

const words = (value) => String(value).replaceAll("_", " ");

/** The value of a field: null where it is empty, undefined where it is none of its kind. */
function readValue(text, schema) {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (schema.enum) return trimmed;
  if (schema.type === "array") {
    const items = trimmed.split(/[\s,]+/).map(Number);
    return items.every(Number.isInteger) ? items : undefined;
  }
  const number = Number(trimmed);
  const isFitting = schema.type === "integer" ? Number.isInteger(number) : Number.isFinite(number);
  return isFitting ? number : undefined;
}

function wanted({ type, minimum, maximum }) {
  if (type === "array") return "a list of whole numbers, such as 64, 64";
  const kind = type === "integer" ? "a whole number" : "a number";
  return minimum === undefined ? kind : `${kind} from ${signed(minimum)} to ${signed(maximum)}`;
}
