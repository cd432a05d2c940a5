/**
 * What is being looked at, in the fragment of the address: a reload shows it again, and a link shows it to others.
 *
 * `#/solve?model=rbc&calibration.beta=0.97` is a request that is being put together, its fields by dotted paths;
 * `#/solutions/ID?tab=policy&at.k=4.2` is one solution; `#/solutions?model=rbc` the list; `#/compare?one=ID&other=ID` two.
 */

/** The view, the id (or "") and the query of the present address. */
export function readAddress() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [view, id = ""] = path.split("/", 2);
  const known = new Map(new URLSearchParams(query));
  if (view === "solutions" && id) return { view: "solution", id, query: known };
  return { view: view || "solve", id: "", query: known };
}

/** The fragment of a path and a query; empty values are left out. */
export function addressOf(path, query = {}) {
  const pairs = query instanceof Map ? [...query] : Object.entries(query);
  const kept = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(kept).toString();
  return `#/${path}${text ? `?${text}` : ""}`;
}

/** Changes the address without leaving the view. */
export function noteAddress(path, query) {
  history.replaceState(null, "", addressOf(path, query));
}

/** Goes to another view. */
export function goTo(path, query) {
  location.hash = addressOf(path, query);
}

/** The nested object that dotted paths and values describe: "method.policy.degree" → {method: {policy: {degree}}}. */
export function nested(flat) {
  const whole = {};
  for (const [path, value] of flat) {
    const parts = path.split(".");
    const last = parts.pop();
    let node = whole;
    for (const part of parts) node = Object.hasOwn(node, part) ? node[part] : (node[part] = Object.create(null));
    node[last] = value;
  }
  return whole;
}

/** The inverse of {@link nested}: every leaf that is not null by its dotted path; an array is a leaf. */
export function flattened(value, prefix = "") {
  return Object.entries(value).flatMap(([name, one]) => {
    if (one === null) return [];
    const path = prefix + name;
    return typeof one === "object" && !Array.isArray(one) ? flattened(one, `${path}.`) : [[path, one]];
  });
}
