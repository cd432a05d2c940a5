/** The page: its address says which view is shown, and every view is taken down before the next. */

import { readAddress } from "./address.js";
import { installKey } from "./key.js";
import { failureBox, heading, showFailure } from "./parts.js";
import { installTheme } from "./theme.js";
import { showCompare } from "./views/compare.js";
import { showSolution } from "./views/solution.js";
import { showSolutions } from "./views/solutions.js";
import { showSolve } from "./views/solve.js";

const VIEWS = new Map(Object.entries({ solve: showSolve, solutions: showSolutions, solution: showSolution, compare: showCompare }));
const SECTIONS = { solve: "solve", solutions: "solutions", solution: "solutions", compare: "compare" };

const main = document.querySelector("main");
let current = null;
let lastView = null;

async function route() {
  current?.abort();
  current = new AbortController();
  const { signal } = current;
  const address = readAddress();
  const focused = main.contains(document.activeElement) ? document.activeElement.id : null;
  const isEntered = lastView !== null && lastView !== address.view;
  lastView = address.view;
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.dataset.section === SECTIONS[address.view];
    link.toggleAttribute("aria-current", isHere);
    if (isHere) link.setAttribute("aria-current", "page");
  }
  main.replaceChildren();
  main.setAttribute("aria-busy", "true");
  try {
    const view = VIEWS.get(address.view);
    if (!view) throw Object.assign(new Error("There is no such view."), { title: "Not found" });
    await view(main, address, signal);
  } catch (error) {
    if (error.name === "AbortError" || signal.aborted) return;
    showInstead(error);
  }
  if (signal.aborted) return;
  main.removeAttribute("aria-busy");
  const title = main.querySelector("h1");
  if (isEntered) title?.focus();
  else if (focused !== null) (document.getElementById(focused) ?? title)?.focus();
}

/** A view that could not be shown at all. */
function showInstead(error) {
  const box = failureBox();
  if (!main.querySelector("h1")) main.replaceChildren(heading("Not shown"));
  main.append(box);
  showFailure(box, error);
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // its fragment is no address of a view
  main.focus();
});
installTheme(document.getElementById("theme"));
installKey(document.getElementById("key"), document.getElementById("open-key"), route);
addEventListener("hashchange", route);
route();
