/** The same request in other languages, to be copied. */

import { hasKey } from "../api.js";
import { button, make } from "../dom.js";
import { snippets } from "../snippets.js";
import { makeTabs } from "../tabs.js";

/**
 * Shows a request as curl, Python, R and Julia.
 *
 * @param {HTMLElement} panel
 * @param {Object} request the body of POST /v1/solutions.
 * @param {Object<string, number>} point a state to evaluate the policy at.
 */
export function showCode(panel, request, point) {
  const texts = snippets(request, point, location.origin, hasKey());
  const show = (language, inner) => {
    const [, text] = texts.find(([name]) => name === language);
    const done = make("span.note", { role: "status" });
    const copy = async () => {
      await navigator.clipboard.writeText(text);
      done.textContent = "Copied.";
    };
    // Without a secure context there is no clipboard: the text can still be selected.
    const canCopy = navigator.clipboard !== undefined;
    inner.append(
      make("pre.code", { tabindex: 0, "aria-label": `${language} code` }, make("code", {}, text)),
      make("div.actions", {}, canCopy ? button("Copy", copy, { "aria-label": `Copy the ${language} code` }) : null, done),
    );
  };
  panel.append(makeTabs("Languages", texts.map(([name]) => [name, name]), "curl", show));
}
