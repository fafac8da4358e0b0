// Where the card about a row of a legend opens: beside the panel, or below or above the row within the legend; never over the curves.

/** @typedef {{ left: number, top: number, width: number, most: number }} Place in pixels of the window; `most` is its greatest height */
/** @typedef {{ left: number, right: number, top: number, bottom: number }} Box */

const GAP = 4, EDGE = 6, WIDE = 400, NARROW = 220, LOW = 120; // pixels

/**
 * @param {Box} row
 * @param {Box} legend
 * @param {{ width: number, height: number }} page
 * @param {(width: number) => number} height of the card at a width
 * @returns {Place}
 */
export function placeOf(row, legend, page, height) {
  const beside = page.width - legend.right - GAP - EDGE;
  if (beside >= NARROW) {
    const width = Math.min(WIDE, beside), most = page.height - 2 * EDGE, tall = Math.min(height(width), most);
    return { left: legend.right + GAP, width, most, top: Math.max(EDGE, Math.min(row.top, page.height - EDGE - tall)) };
  }
  const width = Math.min(legend.right - legend.left, page.width - 2 * EDGE); // also while it is swiped into sight
  const left = Math.max(EDGE, Math.min(legend.left, page.width - EDGE - width));
  const tall = height(width), below = page.height - EDGE - row.bottom - GAP, above = row.top - GAP - legend.top;
  if (below >= Math.min(tall, Math.max(LOW, above))) return { left, width, most: below, top: row.bottom + GAP };
  return { left, width, most: above, top: row.top - GAP - Math.min(tall, above) };
}
