/** A question before what cannot be undone, in a dialog of the page: Escape and "keep" are no, and the focus comes back. */

import { button, freshId, make } from "./dom.js";

/**
 * Asks.
 *
 * @param {Object} question `title`, `text`, and `yes` and `no`, the words of the two buttons.
 * @param {AbortSignal} signal takes the question back, which is a no.
 * @returns {Promise<boolean>} once it is answered.
 */
export function confirm({ title, text, yes, no }, signal) {
  const ids = { title: freshId("question"), text: freshId("question") };
  const keep = button(no, () => dialog.close(), { autofocus: true });
  const dialog = make(
    "dialog",
    { role: "alertdialog", "aria-labelledby": ids.title, "aria-describedby": ids.text },
    make("h2", { id: ids.title }, title),
    make("p", { id: ids.text }, text),
    make("div.actions", {}, keep, button(yes, () => dialog.close(yes), { class: "danger" })),
  );
  document.body.append(dialog);
  dialog.showModal();
  const takeBack = () => dialog.close();
  signal.addEventListener("abort", takeBack);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      signal.removeEventListener("abort", takeBack);
      dialog.remove();
      resolve(dialog.returnValue === yes);
    });
  });
}
