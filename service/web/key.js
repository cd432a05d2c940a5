/** The field for a key, where the server asks for one. A key is kept for this tab alone, and sent in a header only. */

import { forgetAnswers, hasKey, keepKey } from "./api.js";

/**
 * Makes the dialog of the page work.
 *
 * @param {HTMLDialogElement} dialog with a form of one field.
 * @param {HTMLButtonElement} opener that opens it.
 * @param {() => void} changed called when there is another key, or none any more.
 */
export function installKey(dialog, opener, changed) {
  const form = dialog.querySelector("form");
  const field = form.elements.key;
  const reason = dialog.querySelector("[role=status]");
  const tell = () => {
    opener.textContent = hasKey() ? "Key: set" : "Key";
  };
  const open = (why) => {
    reason.textContent = why;
    field.value = "";
    if (!dialog.open) dialog.showModal();
  };
  const keep = (key) => {
    keepKey(key);
    forgetAnswers();
    dialog.close();
    tell();
    changed();
  };
  opener.addEventListener("click", () => open(hasKey() ? "This tab has a key." : "This tab has no key."));
  addEventListener("keyasked", (event) => {
    opener.hidden = false;
    open(event.detail);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(field.value.trim());
  });
  dialog.querySelector("[data-forget]").addEventListener("click", () => keep(""));
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  tell();
  opener.hidden = !hasKey(); // the server may ask for none
}
