/** Colours: those of the style sheet, as a canvas takes them, and a map from numbers to colours. */

const N_ORDERED = 5;
/** Stops of viridis (van der Walt and Smith, CC0), which grows evenly lighter and is told apart by the colour-blind. */
const VIRIDIS = ["440154", "482878", "3e4989", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"].map(
  (hex) => [0, 2, 4].map((start) => Number.parseInt(hex.slice(start, start + 2), 16)),
);

/** A colour as style sheets write it: a custom property by its name, or what {@link ordered} has mixed. */
export const written = (name) => (name.includes("(") ? name : `var(--${name})`);

/** The value that a colour has in the present theme. */
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = written(name);
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** So many colours for lines that stand for growing values: those of the style sheet, mixed where there are more. */
export function ordered(count) {
  if (count === 1) return ["ordered-2"];
  return Array.from({ length: count }, (_, index) => {
    const place = (index * (N_ORDERED - 1)) / (count - 1);
    const below = Math.floor(place);
    const share = Math.round(100 * (place - below));
    return share ? `color-mix(in oklab, var(--ordered-${below + 2}) ${share}%, var(--ordered-${below + 1}))` : `ordered-${below + 1}`;
  });
}

/** Red, green and blue, 0 to 255, of a share between 0 and 1. */
export function mapped(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const below = Math.min(Math.floor(place), VIRIDIS.length - 2);
  return VIRIDIS[below].map((part, index) => part + (VIRIDIS[below + 1][index] - part) * (place - below));
}
