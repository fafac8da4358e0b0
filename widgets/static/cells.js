// Heat maps: Vega draws the cells, the words next to them are written on the overlay, and the value under the pointer is shown.

import { fitted, FONT } from "./elements.js";
import { short } from "./numbers.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { Columns, Pair } from "./shapes.d.ts"
 */

export class Cells {
  /** Where the pointer is. @type {Pair | null} */
  at = null;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
  }

  paint() {}

  relabel() {
    this.overlay();
  }

  fit() {
    this.overlay();
  }

  /**
   * From cells to pixels of the plot.
   * @param {number} x
   * @param {number} y
   * @returns {Pair}
   */
  pixel(x, y) {
    const { plot, params } = this.panel;
    return [(x / (params.xHigh || 1)) * plot.width, (y / (params.yHigh || 1)) * plot.height];
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  move(x, y) {
    this.at = [x, y];
    this.overlay();
  }

  out() {
    this.at = null;
    this.overlay();
  }

  overlay() {
    if (!this.panel.built) return;
    const { store, model, plot, factor } = this.panel,
      { words, cells } = store.clouds,
      labels = model.get("labels"),
      pen = this.panel.pen();
    pen.fillStyle = this.panel.ink(0.85);
    if (!cells?.x?.length) {
      pen.fillText(plot.meta.cells?.empty ?? "", 4 - plot.meta.padding.left + 4, plot.height / 2);
      return;
    }
    const tall = plot.height / (this.panel.params.yHigh || 1),
      wide = plot.width / (this.panel.params.xHigh || 1),
      side = Math.min(tall, wide);
    const size = 12 * factor; // pixels of a letter
    /** @param {number} room */
    const every = (room) => Math.max(1, Math.ceil((0.8 * size) / room)); // where not all fit, each second or third word is written
    const head = ["", ""];
    for (let k = 0; words?.x && k < words.x.length; k++) {
      const [x, y] = this.pixel(words.x[k], words.y[k]), text = labels[words.label[k]] ?? "", kind = words.align[k];
      if (kind > 3) {
        head[kind - 4] = text;
        continue;
      }
      const room = kind === 0 ? tall : kind === 2 ? wide : side,
        place = Math.floor(kind === 0 ? words.y[k] : words.x[k]);
      if (kind !== 3 && place % every(room)) continue;
      pen.save();
      pen.font = this.font(size);
      const longest = kind === 0 ? plot.meta.padding.left - 8 : kind === 2 ? plot.meta.padding.bottom - 5 : Infinity;
      const word = fitted(pen, text, longest);
      pen.translate(x, y);
      if (kind === 2) pen.rotate(-Math.PI / 2); // under a column, read from below
      pen.textAlign = kind === 3 ? "left" : "right";
      pen.textBaseline = kind === 3 ? "alphabetic" : "middle";
      pen.fillText(word, 0, 0);
      pen.restore();
    }
    this.over(pen, head[0], head[1]);
    this.tell(pen, cells);
  }

  /**
   * @param {number} size
   * @returns {string}
   */
  font(size) {
    return `${size}px ${FONT}`;
  }

  /**
   * The line over the plot: a sentence, and at its right end what the shades stand for.
   * @param {CanvasRenderingContext2D} pen
   * @param {string} sentence
   * @param {string} shades
   */
  over(pen, sentence, shades) {
    const { plot, factor } = this.panel, left = 8 - plot.meta.padding.left, last = plot.width - left;
    pen.save();
    pen.textBaseline = "alphabetic";
    pen.font = this.font(12 * factor);
    pen.textAlign = "left";
    const wide = shades ? pen.measureText(shades).width + 16 : 0;
    pen.fillText(fitted(pen, sentence, last - wide), left, -7);
    pen.textAlign = "right";
    pen.fillText(shades, plot.width, -7);
    pen.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Columns} cells
   */
  tell(pen, cells) {
    if (!this.at) return;
    pen.font = this.font(12 * this.panel.factor);
    const { plot, params } = this.panel, x = Math.floor((this.at[0] / plot.width) * (params.xHigh || 1));
    const y = Math.floor((this.at[1] / plot.height) * (params.yHigh || 1));
    const k = cells.x.findIndex((value, i) => value === x && cells.y[i] === y);
    if (k < 0) return;
    const [left, top] = this.pixel(x, y), [right, bottom] = this.pixel(x + 1, y + 1), text = short(cells.value[k]);
    pen.strokeStyle = this.panel.ink(1);
    pen.strokeRect(left, top, right - left, bottom - top);
    const width = pen.measureText(text).width + 8, at = Math.min(plot.width - width, right + 3);
    pen.fillStyle = this.panel.paper();
    pen.fillRect(at, top - 2, width, 16);
    pen.fillStyle = this.panel.ink(1);
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    pen.fillText(text, at + 4, top + 10);
  }
}
