/** Elements from names, attributes and children. Text becomes text: nowhere does the page read a string as markup. */

/**
 * Makes an element.
 *
 * @param {string} tag name, with classes after dots: "p.note".
 * @param {Object} attributes functions listen to the event they are named by; true is an empty attribute, false and null none.
 * @param {...(Node|string|number|null|Array)} children null is left out.
 */
export function make(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  node.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (key === "value") node.value = value;
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

let count = 0;

/** An id that no other element of the page has. */
export function freshId(stem) {
  count += 1;
  return `${stem}-${count}`;
}

/** A select; `options` are values, or [value, text] pairs, or {label, options} groups. */
export function select(attributes, options, value) {
  const option = (one) => {
    if (one.options) return make("optgroup", { label: one.label }, one.options.map(option));
    const [key, text] = Array.isArray(one) ? one : [one, one];
    return make("option", { value: key, selected: String(key) === String(value) }, text);
  };
  return make("select", attributes, options.map(option));
}

/** A label over a field: the field's words are its name for those who do not see it. */
export function labelled(text, field, note = null) {
  field.id ||= freshId("field");
  return make("div.field", {}, make("label", { for: field.id }, text), field, note && make("p.note", {}, note));
}

/** A button that does what it says. */
export function button(text, click, attributes = {}) {
  return make("button", { type: "button", click, ...attributes }, text);
}

/** Calls `act` once nothing has called for it for so many milliseconds; the returned function calls for it. */
export function settled(milliseconds, signal, act) {
  let timer = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  return (...values) => {
    clearTimeout(timer);
    if (!signal.aborted) timer = setTimeout(act, milliseconds, ...values);
  };
}

/** Hands some text, or bytes, to the browser to be kept as a file. */
export function download(name, content, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  make("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
