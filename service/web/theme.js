/** Light or dark: as the system has it, unless the reader has chosen. The choice is kept in this browser. */

const CHOICE = "saddlepath.theme";
const NEXT = { system: "light", light: "dark", dark: "system" };
const NAMES = { system: "as the system", light: "light", dark: "dark" };

const chosen = () => localStorage.getItem(CHOICE) ?? "system";

function apply(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  dispatchEvent(new Event("themechange"));
}

/** Makes a button go round the three choices. */
export function installTheme(button) {
  const tell = () => {
    button.textContent = `Theme: ${NAMES[chosen()]}`;
  };
  button.addEventListener("click", () => {
    localStorage.setItem(CHOICE, NEXT[chosen()]);
    apply(chosen());
    tell();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
  tell();
}

apply(chosen());
