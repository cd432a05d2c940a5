/** Tabs by the pattern of the ARIA practices: one is in the tab order, arrows go to the others. */

import { button, freshId, make } from "./dom.js";

/**
 * Shows tabs.
 *
 * @param {string} name of the whole, for those who listen.
 * @param {[string, string][]} tabs key and title of each.
 * @param {string} first key of the one that is shown first.
 * @param {(key: string, panel: HTMLElement) => void} show fills the (empty) panel.
 * @returns {HTMLElement}
 */
export function makeTabs(name, tabs, first, show) {
  const panel = make("div.tab-panel", { role: "tabpanel", id: freshId("panel"), tabindex: 0 });
  const marks = tabs.map(([key, title]) =>
    button(title, () => turn(key), { role: "tab", id: freshId("tab"), "aria-controls": panel.id, "data-tab": key }),
  );
  const turn = (key) => {
    for (const mark of marks) {
      const isShown = mark.dataset.tab === key;
      mark.setAttribute("aria-selected", String(isShown));
      mark.tabIndex = isShown ? 0 : -1;
      if (!isShown) continue;
      panel.setAttribute("aria-labelledby", mark.id);
      // On a narrow screen it may stand beyond the edge.
      requestAnimationFrame(() => mark.parentElement.scrollTo({ left: mark.offsetLeft - mark.parentElement.offsetLeft - 40 }));
    }
    panel.replaceChildren();
    show(key, panel);
  };
  const step = (event) => {
    const place = marks.indexOf(event.target);
    const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: marks.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const mark = marks.at(to % marks.length);
    mark.focus();
    turn(mark.dataset.tab);
  };
  const list = make("div.tabs", { role: "tablist", "aria-label": name, keydown: step }, marks);
  const known = tabs.some(([key]) => key === first) ? first : tabs[0][0];
  turn(known);
  return make("div", {}, list, panel);
}
