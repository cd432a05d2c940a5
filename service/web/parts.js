/** What every view has: a heading, and a place for what went wrong. */

import { make } from "./dom.js";

/** The heading of a view; focus goes there when the view is entered. */
export function heading(text) {
  const node = make("h1", { tabindex: -1 });
  retitle(node, text);
  return node;
}

/** Gives a heading, and the window, another text. */
export function retitle(node, text) {
  document.title = `${text} · Saddlepath`;
  if (node.textContent !== text) node.textContent = text;
}

/** A place for failures, empty at first. */
export function failureBox() {
  return make("div.failure", { role: "alert", hidden: true });
}

/** Shows an error where there is one, and nothing where there is none. Faults with a place of their own are left out. */
export function showFailure(box, error, isPlaced = () => false) {
  box.hidden = error === null;
  if (error === null) {
    box.replaceChildren();
    return;
  }
  const faults = (error.errors ?? []).filter((fault) => !isPlaced(fault));
  const items = faults.map(({ pointer, message }) => make("li", {}, pointer ? make("code", {}, pointer) : null, " ", message));
  const isOne = faults.length === 1 && faults[0].message === error.message;
  box.replaceChildren(
    make("strong", {}, error.title ?? "The page failed"),
    make("p", {}, error.message),
    ...(items.length && !isOne ? [make("ul", {}, items)] : []),
  );
}
