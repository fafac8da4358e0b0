// Panels with bars: the range of x, and the dimension under the pointer.

import { settled } from "./ranges.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { Range } from "./shapes.d.ts"
 */

/** @type {Partial<Record<string, number>>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Horizontal bars: the range of x, and a click or a key that chooses a dimension. */
export class Bars {
  /** What the axis shows. @type {Range | null} */
  shown = null;
  /** The row under the pointer or chosen by the keys. @type {number | undefined} */
  over;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    panel.box.tabIndex = 0;
  }

  paint() {
    const { plot, store } = this.panel,
      { bars, marked, theory } = store.clouds,
      column = plot.meta.datasets.bars.x ?? "";
    // theory: where a closed form gives the length of the bars
    const values = [...(bars?.[column] ?? []), ...(marked?.[column] ?? []), ...(theory?.value ?? [])];
    const high = Math.max(plot.meta.x.least ?? 0, ...values);
    this.shown = settled(this.shown, 0, high * 1.02, false);
    plot.signal("xLow", 0);
    plot.signal("xHigh", this.shown[1]);
  }

  /** @returns {number[]} */
  rows() {
    return [...(this.panel.store.clouds.bars?.dimension ?? [])].sort((a, b) => a - b);
  }

  /**
   * @param {number} _x
   * @param {number} y
   */
  move(_x, y) {
    this.over = Math.min(this.rows().length - 1, Math.floor((y / this.panel.plot.height) * this.rows().length));
    this.panel.area.style.cursor = this.over >= 0 ? "pointer" : "";
    this.overlay();
  }

  out() {
    this.over = undefined;
    this.panel.area.style.cursor = "";
    this.overlay();
  }

  release() {
    const dimension = this.over === undefined ? undefined : this.rows()[this.over];
    if (dimension !== undefined) this.panel.send({ kind: "click", dimension });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = STEPS[event.key], last = this.rows().length - 1;
    if (step) this.over = Math.min(last, Math.max(0, (this.over ?? -step) + step));
    else if (event.key === "Enter") this.release();
    else return;
    event.preventDefault();
    this.overlay();
  }

  overlay() {
    const { plot } = this.panel, count = this.rows().length;
    if (this.over === undefined || this.over < 0 || !count) return this.panel.wipe();
    const context = this.panel.pen();
    context.fillStyle = this.panel.ink(0.08);
    context.fillRect(-40, (this.over * plot.height) / count, plot.width + 70, plot.height / count);
  }
}
