// The table of runs in numbers and words: which rows are shown, in which order, and how a score and a small curve are written.

/** @import { Pair, RunRow } from "./shapes.d.ts" */

/** @typedef {"run" | "seed" | "step" | "score" | "when"} Column */

/** How many runs panels A and B draw beside the current one. */
export const MOST = 3;
const WORDS = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * What a run is called: the user's name for it, else its scene.
 * @param {RunRow} row
 * @returns {string}
 */
export const titleOf = (row) => row.name || row.scene || row.date;

/**
 * @param {RunRow} row
 * @param {Column} column
 * @returns {string | number | null}
 */
function key(row, column) {
  if (column === "run") return `${titleOf(row)} ${row.changes}`;
  return column === "when" ? row.id : row[column];
}

/**
 * Below zero if `x` comes first. Identities are of one length and end in hexadecimal digits: “2e58” comes after “11ab”.
 * @param {string | number} x
 * @param {string | number} y
 * @param {Column} column
 * @returns {number}
 */
function order(x, y, column) {
  if (typeof x === "number" && typeof y === "number") return x - y;
  if (column === "when") return x < y ? -1 : Number(x > y);
  return WORDS.compare(String(x), String(y));
}

/**
 * The rows in the order of a column: pinned ones first, rows without a value last, equal ones as they were.
 * @param {RunRow[]} rows
 * @param {Column} column
 * @param {boolean} descending
 * @returns {RunRow[]}
 */
export function sorted(rows, column, descending) {
  return [...rows].sort((a, b) => {
    if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
    const [x, y] = [key(a, column), key(b, column)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const sign = order(x, y, column);
    return descending ? -sign : sign;
  });
}

/**
 * The rows that have every word of a text somewhere: in the name, the scene, the changes or “seed 7”; a date or time has its - or :.
 * @param {RunRow[]} rows
 * @param {string} text
 * @returns {RunRow[]}
 */
export function filtered(rows, text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const words = `${row.name} ${row.scene} ${row.changes} seed ${row.seed}`.toLowerCase();
    return wanted.every((word) => words.includes(word) || (/[-:]/.test(word) && row.date.includes(word)));
  });
}

/**
 * A number with its thousands apart and a true minus sign; a dash where there is none.
 * @param {number | null} value
 * @param {number} digits
 * @returns {string}
 */
export function figure(value, digits) {
  if (value === null || !Number.isFinite(value)) return "–";
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text.replace("-", "−");
}

/**
 * A small curve as the path of an SVG.
 * @param {number[]} heights 0 to 100
 * @param {number} width
 * @param {number} height
 * @returns {string}
 */
export function sparkPath(heights, width, height) {
  const across = width / Math.max(heights.length - 1, 1);
  return heights.map((value, i) =>
    `${i ? "L" : "M"}${(i * across).toFixed(1)} ${((1 - value / 100) * height).toFixed(1)}`
  ).join("");
}

/**
 * Why a run cannot be drawn beside the current one; nothing if it can.
 * @param {RunRow} row
 * @param {string} measure of the run on the screen
 * @param {string[]} overlaid
 * @returns {string}
 */
export function untickable(row, measure, overlaid) {
  if (overlaid.includes(row.id)) return "";
  if (row.fault) return row.fault;
  if (!row.spark.length) return "It has no curve yet.";
  if (measure && row.measure !== measure) {
    return "Other data, model or response than the run on the screen: their nats are not comparable.";
  }
  return overlaid.length >= MOST ? `${MOST} runs are drawn already. Untick one of them.` : "";
}

/**
 * Lowest and highest of several curves' coordinate, or nothing without a point.
 * @param {Pair[][]} curves
 * @param {0 | 1} axis
 * @returns {Pair | null}
 */
export function extent(curves, axis) {
  const values = curves.flat().map((point) => point[axis]);
  return values.length ? [Math.min(...values), Math.max(...values)] : null;
}

/**
 * The range in which curves of an ELBO are compared: a long fall at the start must not flatten the rest.
 * @param {Pair[][]} curves
 * @returns {Pair | null}
 */
export function tall(curves) {
  const values = curves.flat().map((point) => point[1]).sort((a, b) => a - b);
  if (!values.length) return null;
  const low = values[Math.floor(0.05 * values.length)], high = values[values.length - 1];
  const air = 0.04 * (high - low || Math.abs(high) || 1);
  return [low - air, high + air];
}

/**
 * A curve in a box as the path of an SVG; what leaves the box is cut at its edge.
 * @param {Pair[]} points
 * @param {{ x: Pair, y: Pair, width: number, height: number, log?: boolean }} box
 * @returns {string}
 */
export function curvePath(points, { x, y, width, height, log = false }) {
  /** @param {number} value */
  const scale = (value) => (log ? Math.log(Math.max(value, 1e-30)) : value);
  const [low, high] = y.map(scale);
  return points.map(([step, value], i) => {
    const across = ((step - x[0]) / (x[1] - x[0] || 1)) * width;
    const up = Math.min(1, Math.max(0, (scale(value) - low) / (high - low || 1))) * height;
    return `${i ? "L" : "M"}${across.toFixed(1)} ${(height - up).toFixed(1)}`;
  }).join("");
}
