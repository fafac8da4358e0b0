// What the decoder made, as numbers: buffers of messages, and a grid of decoded places.

import { lowered } from "./numbers.js";

/** @import { Column, Grid, Strip } from "./shapes.d.ts" */

/**
 * Bytes of a message as numbers: uint8 pictures, one byte for each of `size` numbers, become 0..1; float32 stays.
 * @param {DataView<ArrayBuffer>} buffer
 * @param {number} size
 * @returns {Float32Array}
 */
export function numbersOf(buffer, size) {
  const bytes = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
  return bytes.byteLength === size ? asNumbers(new Uint8Array(bytes)) : new Float32Array(bytes);
}

/**
 * Floats of a message.
 * @param {DataView<ArrayBuffer>} buffer
 * @returns {Float32Array}
 */
export const floatsOf = (buffer) =>
  new Float32Array(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength));

/**
 * Pictures of the data come as bytes, points of the plane as numbers.
 * @param {Column | Float32Array} values
 * @returns {Float32Array}
 */
export function asNumbers(values) {
  return values instanceof Uint8Array ? Float32Array.from(values, (v) => v / 255) : values;
}

/**
 * Whether a data point is neither a picture nor a point of the plane.
 * @param {number[]} shape
 * @returns {boolean}
 */
export const isVector = (shape) => shape.length === 2 && shape[0] === 1;

/**
 * The value of a grid of vectors (n × n, x fastest) at a place, interpolated between its four neighbours.
 * @param {Grid} grid
 * @param {number} x
 * @param {number} y
 * @returns {Float32Array}
 */
export function bilinear(grid, x, y) {
  const { n, low, high, size, values } = grid, out = new Float32Array(size);
  /** @param {number} v @param {number} axis */
  const place = (v, axis) =>
    Math.min(n - 1.000001, Math.max(0, ((v - low[axis]) / (high[axis] - low[axis])) * (n - 1)));
  const [u, v] = [place(x, 0), place(y, 1)], [i, j] = [Math.floor(u), Math.floor(v)], [a, b] = [u - i, v - j];
  /** @param {number} di @param {number} dj */
  const corner = (di, dj) => ((j + dj) * n + i + di) * size;
  const [p, q, r, s] = [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)];
  for (let k = 0; k < size; k++) {
    out[k] = (1 - b) * ((1 - a) * values[p + k] + a * values[q + k]) +
      b * ((1 - a) * values[r + k] + a * values[s + k]);
  }
  return out;
}

/**
 * What a walk is, in words.
 * @param {Strip} strip
 * @returns {string}
 */
export function pathOf({ walk, dimension = 0 }) {
  if (walk === "path") return "from A to B, straight in z";
  if (walk === "draws") return "draws from this data point's q(z)";
  return `z${lowered(dimension + 1)} goes from −3 to 3, the others stay at 0`;
}
