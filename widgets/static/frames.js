// What a frame of the bus brings: columns of numbers, kept for each chart.

import { Line } from "./pyramid.js";

/** @import { ColumnDescription, Column, Columns, LineMode, Message, Part } from "./shapes.d.ts" */

/**
 * The columns of one part of a frame, as typed arrays.
 * @param {ColumnDescription[]} columns
 * @param {ArrayBuffer} data
 * @returns {Columns}
 */
export function columnsOf(columns, data) {
  /** @type {Columns} */
  const found = {};
  for (const [name, type, shape, at] of columns) {
    const size = shape.reduce((product, side) => product * side, 1);
    /** @type {Column} */
    const values = type === "u1" ? new Uint8Array(data, at, size) : new Float32Array(data, at, size);
    if (shape.length > 1) values.width = size / Math.max(1, shape[0]);
    found[name] = values;
  }
  return found;
}

/** What one chart has been sent; it outlives the chart's view. */
export class Store {
  /** @type {Partial<Record<string, Map<number, Line>>>} */
  lines = {};
  /** @type {Partial<Record<string, Columns>>} */
  clouds = {};
  /** @type {Partial<Record<string, Columns>>} */
  statics = {};
  /** @type {[message: Message, buffers: DataView<ArrayBuffer>[]][]} */
  notes = [];
  /** @type {Set<string>} */
  dirty = new Set();

  /**
   * @param {Part} part
   * @param {ArrayBuffer} data
   */
  apply(part, data) {
    const columns = columnsOf(part.columns ?? [], data), name = part.data;
    this.dirty.add(name);
    if (part.op === "append") this.append(name, part.mode, columns);
    else if (part.op === "replace") this.clouds[name] = columns;
    else if (part.op === "static") this.statics[name] = columns;
    else if (part.op === "clear") { for (const kind of [this.lines, this.clouds, this.statics]) delete kind[name]; }
  }

  /**
   * @param {string} name
   * @param {LineMode} mode
   * @param {Columns} columns
   */
  append(name, mode, columns) {
    const series = (this.lines[name] ??= new Map()), names = Object.keys(columns);
    for (let row = 0; row < columns[mode.x].length; row++) {
      const key = mode.by ? columns[mode.by][row] : 0;
      const line = series.get(key) ?? new Line(names, mode.x, mode.y);
      series.set(key, line);
      line.push(columns, row);
    }
  }

  /** Forget everything, but let the chart redraw what it showed. */
  reset() {
    for (const kind of [this.lines, this.clouds, this.statics]) {
      for (const name of Object.keys(kind)) {
        this.dirty.add(name);
        delete kind[name];
      }
    }
  }
}
