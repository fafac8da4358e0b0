// Which range an axis shows.

/** @import { Range } from "./shapes.d.ts" */

/**
 * A range of a log axis that shows at least two powers of ten: the shortest that has this one in it.
 * @param {Range} range
 * @returns {Range}
 */
export function decades([low, high]) {
  const [a, b] = [Math.log10(low), Math.log10(high)], [first, last] = [Math.ceil(a - 1e-9), Math.floor(b + 1e-9)];
  if (last > first) return [low, high];
  if (last < first) return [10 ** last, 10 ** first];
  return a - (first - 1) < first + 1 - b ? [10 ** (first - 1), high] : [low, 10 ** (first + 1)];
}

/**
 * Keep a range that still fits well; otherwise take the new one with some air.
 * @param {Range | null} old
 * @param {number} low
 * @param {number} high
 * @param {boolean} log
 * @returns {Range}
 */
export function settled(old, low, high, log) {
  const [f, back] = log ? [Math.log, Math.exp] : [Number, Number];
  const [a, b] = [f(low), f(high)];
  if (old) {
    const [c, d] = old.map(f);
    if (a >= c && b <= d && b - a > 0.6 * (d - c)) return old;
  }
  const air = Math.max(b - a, log ? 0.7 : 1e-3 * Math.max(1, Math.abs(b))) * 0.06;
  return [back(a - air), back(b + air)];
}
