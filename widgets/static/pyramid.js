// A line in bounded memory: rows that are too many are thinned to the lowest and the highest of equally wide buckets of x.
// Bucket widths are powers of two and begin at zero, so that a picture does not shimmer while a line grows.

/** @import { Columns, Numbers } from "./shapes.d.ts" */

export const LINE_LIMIT = 4000; // rows a line may have before it is thinned
export const LINE_BUCKETS = 1000; // afterwards it has at most twice as many rows
export const DRAWN = 180; // buckets that are drawn: at most 360 points, and the two ends

/**
 * Choose rows first..last-1 of columns so that each bucket of x keeps its lowest and highest y; both ends stay.
 * @param {Numbers} xs
 * @param {Numbers} ys
 * @param {number} first
 * @param {number} last
 * @param {number} buckets
 * @returns {number[]}
 */
export function thinned(xs, ys, first, last, buckets) {
  const count = last - first;
  if (count <= 2 * buckets) return Array.from({ length: count }, (_, i) => first + i);
  const span = xs[last - 1] - xs[first];
  const width = span > 0 ? 2 ** Math.ceil(Math.log2(span / buckets)) : 0;
  /** @type {number[]} */
  const chosen = [];
  let at = NaN, low = first, high = first;
  const close = () => {
    const [a, b] = low < high ? [low, high] : [high, low];
    chosen.push(a);
    if (b !== a) chosen.push(b);
  };
  for (let i = first; i < last; i++) {
    const bucket = width ? Math.floor(xs[i] / width) : Math.floor(((i - first) * buckets) / count);
    if (bucket !== at) {
      if (i > first) close();
      at = bucket;
      low = high = i;
    } else if (ys[i] < ys[low]) low = i;
    else if (ys[i] > ys[high]) high = i;
  }
  close();
  if (chosen[0] !== first) chosen.unshift(first);
  if (chosen[chosen.length - 1] !== last - 1) chosen.push(last - 1);
  return chosen;
}

/** One series: columns that grow, ordered by x. */
export class Line {
  /**
   * @param {string[]} names
   * @param {string} x
   * @param {string} y
   */
  constructor(names, x, y) {
    this.names = names;
    this.x = x;
    this.y = y;
    this.size = 0;
    this.columns = Object.fromEntries(names.map((name) => [name, new Float32Array(512)]));
  }

  /**
   * Append a row; a second one at the same x, which was measured again, replaces the first.
   * @param {Columns} table
   * @param {number} row
   */
  push(table, row) {
    if (this.size && table[this.x][row] === this.columns[this.x][this.size - 1]) this.size -= 1;
    if (this.size === this.columns[this.x].length) this.grow();
    for (const name of this.names) this.columns[name][this.size] = table[name][row];
    this.size += 1;
    if (this.size > LINE_LIMIT) this.shrink();
  }

  grow() {
    for (const name of this.names) {
      const wider = new Float32Array(2 * this.columns[name].length);
      wider.set(this.columns[name]);
      this.columns[name] = wider;
    }
  }

  shrink() {
    const kept = thinned(this.columns[this.x], this.columns[this.y], 0, this.size, LINE_BUCKETS);
    for (const name of this.names) {
      const column = this.columns[name];
      kept.forEach((from, to) => {
        column[to] = column[from];
      });
    }
    this.size = kept.length;
  }

  /**
   * The rows to draw between two values of x, with one neighbour on either side.
   * @param {number} from
   * @param {number} to
   * @returns {number[]}
   */
  drawn(from, to) {
    const xs = this.columns[this.x];
    let first = 0, last = this.size;
    if (Number.isFinite(from)) first = Math.max(0, position(xs, this.size, from) - 1);
    if (Number.isFinite(to)) last = Math.min(this.size, position(xs, this.size, to) + 2);
    return thinned(xs, this.columns[this.y], first, last, DRAWN);
  }

  /**
   * The row of the largest x that is not above a value, or -1.
   * @param {number} value
   * @returns {number}
   */
  last(value) {
    const at = position(this.columns[this.x], this.size, value);
    return at < this.size && this.columns[this.x][at] === value ? at : at - 1;
  }

  /**
   * The row whose x is nearest to a value, or -1.
   * @param {number} value
   * @returns {number}
   */
  nearest(value) {
    const xs = this.columns[this.x], at = position(xs, this.size, value);
    if (!this.size) return -1;
    if (at === this.size) return at - 1;
    return at > 0 && value - xs[at - 1] < xs[at] - value ? at - 1 : at;
  }
}

/**
 * The first of `size` ordered values that is not below `value`.
 * @param {Numbers} values
 * @param {number} size
 * @param {number} value
 * @returns {number}
 */
export function position(values, size, value) {
  let low = 0, high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
