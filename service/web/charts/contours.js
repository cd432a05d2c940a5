/** Contours of numbers on a grid, by marching squares. */

/**
 * The pieces of the line where bilinear interpolation of `values` has one level.
 *
 * @param {(number|null)[]} values row by row, `width` a row.
 * @returns {[number, number, number, number][]} from (x, y) to (x, y), in steps of the grid; none in cells with a null.
 */
export function contour(values, width, level) {
  const pieces = [];
  const height = values.length / width;
  for (let row = 0; row < height - 1; row += 1) {
    for (let column = 0; column < width - 1; column += 1) {
      const corners = [
        [column, row],
        [column + 1, row],
        [column + 1, row + 1],
        [column, row + 1],
      ].map(([x, y]) => [x, y, values[y * width + x]]);
      if (corners.some(([, , value]) => value === null)) continue;
      const crossings = corners.flatMap((one, index) => crossing(one, corners[(index + 1) % 4], level));
      for (let index = 0; index + 1 < crossings.length; index += 2) pieces.push([...crossings[index], ...crossings[index + 1]]);
    }
  }
  return pieces;
}

/** Where an edge between two corners has the level: one point, or none. */
function crossing([x0, y0, below], [x1, y1, above], level) {
  if (below < level === above < level) return [];
  const share = (level - below) / (above - below);
  return [[x0 + share * (x1 - x0), y0 + share * (y1 - y0)]];
}

/** Round numbers within a range, at most about so many. */
export function rounded(lower, upper, most) {
  const rough = (upper - lower) / most;
  if (!(rough > 0)) return [];
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((one) => one >= rough);
  const first = Math.ceil(lower / step - 1e-9);
  const count = Math.floor(upper / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
