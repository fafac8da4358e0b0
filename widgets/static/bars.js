// Panels with bars: the range of their lengths, and the dimension under the pointer.

import { settled } from "./ranges.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { Range } from "./shapes.d.ts"
 */

/** @type {Partial<Record<string, number>>} */
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** Horizontal or upright bars: the range of their lengths, and a click or a key that chooses a dimension. */
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
    const [axis, room] = this.upright ? /** @type {const} */ (["y", 1.3]) : /** @type {const} */ (["x", 1.02]); // a number is above its bar
    const high = Math.max(plot.meta[axis].least ?? 0, ...values);
    this.shown = settled(this.shown, 0, high * room, false);
    plot.signal(`${axis}Low`, 0);
    plot.signal(`${axis}High`, this.shown[1]);
  }

  /** Whether the dimensions are beside each other. */
  get upright() {
    return Boolean(this.panel.plot.meta.x.band);
  }

  /** @returns {number[]} */
  rows() {
    return [...(this.panel.store.clouds.bars?.dimension ?? [])].sort((a, b) => a - b);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  move(x, y) {
    const { plot } = this.panel, part = this.upright ? x / plot.width : y / plot.height;
    this.over = Math.min(this.rows().length - 1, Math.floor(part * this.rows().length));
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
    if (this.upright) context.fillRect((this.over * plot.width) / count, -4, plot.width / count, plot.height + 24);
    else context.fillRect(-40, (this.over * plot.height) / count, plot.width + 70, plot.height / count);
  }
}
