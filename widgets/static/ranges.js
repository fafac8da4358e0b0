// Which range an axis shows.

/** @import { Range } from "./shapes.d.ts" */

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
