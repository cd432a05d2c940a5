/** A request as the lines of a language, to be copied and run elsewhere. */

const quoted = (text) => JSON.stringify(text);
/** A string of the shell: nothing within single quotes means anything. */
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const julia = (text) => quoted(text).replaceAll("$", "\\$");

/** Lines that are longer than this are broken between members. */
const WIDTH = 72;

/**
 * A value as a literal of a language.
 *
 * @param {*} value as JSON has it.
 * @param {Object} language `string` writes a string; `words` are its true, false and none; `list` and `object` are what
 *   stands before and after their members; `pair` writes a member of an object; `empty` is an object without members,
 *   where that is not the two ends.
 * @param {string} indent of the lines within.
 */
function literal(value, language, indent = "  ") {
  if (typeof value === "string") return language.string(value);
  if (value === null || typeof value === "boolean") return language.words[value === null ? 2 : value ? 0 : 1];
  if (typeof value === "number") return String(value);
  const members = (deeper) =>
    Array.isArray(value)
      ? value.map((one) => literal(one, language, deeper))
      : Object.entries(value).map(([name, one]) => language.pair(language.string(name), literal(one, language, deeper)));
  if (language.empty && !Array.isArray(value) && Object.keys(value).length === 0) return language.empty;
  const [before, after] = Array.isArray(value) ? language.list : language.object;
  const flat = `${before}${members(indent).join(", ")}${after}`;
  if (indent.length + flat.length <= WIDTH && !flat.includes("\n")) return flat;
  return `${before}\n${indent}${members(`${indent}  `).join(`,\n${indent}`)}\n${indent.slice(2)}${after}`;
}

const PYTHON = { string: quoted, words: ["True", "False", "None"], list: ["[", "]"], object: ["{", "}"], pair: (name, text) => `${name}: ${text}` };
const R = { string: quoted, words: ["TRUE", "FALSE", "NULL"], list: ["list(", ")"], object: ["list(", ")"], empty: "setNames(list(), character())", pair: (name, text) => `${name} = ${text}` };
const JULIA = { string: julia, words: ["true", "false", "nothing"], list: ["[", "]"], object: ["Dict(", ")"], pair: (name, text) => `${name} => ${text}` };
const JSON_TEXT = { ...PYTHON, words: ["true", "false", "null"] };

/** Names that Python does not take as a keyword argument: words of the language, and what a function has for itself. */
const PYTHON_WORDS =
  "and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" ");
const OF_SOLVE = ["calibration", "method", "target", "seed", "start", "progress", "timeout"];
const OF_POLICY = ["sensitivity", "strict"];
const areKeywords = (names, taken) => names.every((name) => /^[A-Za-z_]\w*$/.test(name) && ![...PYTHON_WORDS, ...taken].includes(name));

function python({ model, calibration = {}, ...rest }, point) {
  const pairs = (values) => Object.entries(values).map(([name, value]) => `${name}=${literal(value, PYTHON)}`);
  const parameters = areKeywords(Object.keys(calibration), OF_SOLVE) ? pairs(calibration) : [`calibration=${literal(calibration, PYTHON)}`];
  const others = Object.entries(rest).map(([name, value]) => `${name}=${literal(value, PYTHON, "    ")}`);
  const states = areKeywords(Object.keys(point), OF_POLICY) ? pairs(point).join(", ") : literal(point, PYTHON);
  const all = [literal(model, PYTHON, "    "), ...parameters, ...others];
  const flat = all.join(", ");
  const given = flat.length <= WIDTH && !flat.includes("\n") ? flat : `\n  ${all.join(",\n  ")},\n`;
  return `import saddlepath as sp

s = sp.solve(${given})
s.policy(${states})
`;
}

function curl(request, point, base, isKeyed) {
  const key = isKeyed ? ` -H "Authorization: Bearer $SADDLEPATH_API_KEY"` : "";
  return `id=$(curl -s ${base}/v1/solutions${key} \\
  -H 'Content-Type: application/json' -H 'Prefer: wait=60' \\
  -d ${shell(literal(request, JSON_TEXT))} | sed 's/^{"id": *"\\([0-9a-f]*\\)".*/\\1/')
curl -s "${base}/v1/solutions/$id/policy?${new URLSearchParams(point)}"${key}
`;
}

function r(request, point, base, isKeyed) {
  const key = isKeyed ? ` |>\n  req_auth_bearer_token(Sys.getenv("SADDLEPATH_API_KEY"))` : "";
  return `library(httr2)

service <- request(${quoted(base)})${key}
solution <- service |>
  req_url_path("/v1/solutions") |>
  req_headers(Prefer = "wait=60") |>
  req_body_json(${literal(request, R)}, digits = 17) |>
  req_perform() |>
  resp_body_json()
service |>
  req_url_path(paste0("/v1/solutions/", solution$id, "/policy")) |>
  req_url_query(!!!${literal(point, R)}) |>
  req_perform() |>
  resp_body_json() |>
  str()
`;
}

function inTheJuliaLanguage(request, point, base, isKeyed) {
  const key = isKeyed ? `, "Authorization" => "Bearer " * ENV["SADDLEPATH_API_KEY"]` : "";
  return `using HTTP, JSON

base = ${julia(base)}
headers = ["Content-Type" => "application/json", "Prefer" => "wait=60"${key}]
request = ${literal(request, JULIA)}
solution = JSON.parse(String(HTTP.post("$base/v1/solutions", headers, JSON.json(request)).body))
point = ${literal(point, JULIA)}
answer = HTTP.get("$base/v1/solutions/$(solution["id"])/policy", headers; query = point)
println(JSON.parse(String(answer.body)))
`;
}

/**
 * The request in every language, as [name, text] pairs.
 *
 * @param {Object} request the body of POST /v1/solutions.
 * @param {Object<string, number>} point a state to evaluate the policy at.
 * @param {string} base where the service answers.
 * @param {boolean} isKeyed whether a key has to be sent; it is taken from the environment, and never written out.
 */
export function snippets(request, point, base, isKeyed) {
  return [
    ["curl", curl(request, point, base, isKeyed)],
    ["Python", python(request, point)],
    ["R", r(request, point, base, isKeyed)],
    ["Julia", inTheJuliaLanguage(request, point, base, isKeyed)],
  ];
}
