// Panels whose ranges come with their data: histograms, bars, and a curve along which a person drags a number.

import { short } from "./numbers.js";
import { position } from "./pyramid.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { DragMeta } from "./shapes.d.ts"
 */

const SAY_EVERY = 200; // ms between two messages to the kernel while something is dragged
const KEY_STEPS = 40; // steps from one end of the axis to the other

/** @type {Partial<Record<string, number>>} */
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

export class Plain {
  /** The value that a person drags to, until the worker knows it. @type {number | undefined} */
  value;
  held = false;
  /** When the kernel was last notified, in ms. */
  said = 0;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    if (this.drag) Object.assign(panel.box, { tabIndex: 0 });
  }

  get drag() {
    return this.panel.model.get("spec").usermeta.drag;
  }

  get span() {
    const { params } = this.panel;
    return [params.xLow ?? 0, params.xHigh ?? 1, params.yLow ?? 0, params.yHigh ?? 1];
  }

  paint() {
    if (!this.held) this.value = undefined;
  }

  /**
   * The curve's height at a value, between its two neighbours.
   * @param {DragMeta} drag
   * @param {number} value
   * @returns {number}
   */
  height({ curve, x, y }, value) {
    const cloud = this.panel.store.clouds[curve];
    if (!cloud?.[x]?.length) return NaN;
    const xs = cloud[x], ys = cloud[y], at = Math.min(Math.max(1, position(xs, xs.length, value)), xs.length - 1);
    const part = (value - xs[at - 1]) / (xs[at] - xs[at - 1] || 1);
    return ys[at - 1] + part * (ys[at] - ys[at - 1]);
  }

  /**
   * @param {DragMeta} drag
   * @returns {number}
   */
  least({ curve, y }) {
    const cloud = this.panel.store.clouds[curve];
    return cloud?.[y]?.length ? Math.min(...cloud[y]) : NaN;
  }

  /** @param {number} x */
  press(x) {
    if (!this.drag) return;
    this.held = true;
    this.move(x);
  }

  /** @param {number} x */
  move(x) {
    if (!this.drag) return;
    this.panel.area.style.cursor = "ew-resize";
    if (!this.held) return;
    const [low, high] = this.span;
    this.value = low + (x / this.panel.plot.width) * (high - low);
    this.overlay();
    if (performance.now() - this.said > SAY_EVERY) this.say();
  }

  /** @param {number} x */
  release(x) {
    if (!this.drag) return;
    this.move(x);
    this.held = false;
    this.say();
  }

  out() {}

  say() {
    this.said = performance.now();
    this.panel.send({ kind: "drag", value: this.value });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = STEPS[event.key], [low, high] = this.span;
    if (!this.drag || !by) return;
    event.preventDefault();
    this.value = Math.min(
      high,
      Math.max(low, (this.value ?? this.panel.params.xi ?? low) + (by * (high - low)) / KEY_STEPS),
    );
    this.overlay();
    this.say();
  }

  overlay() {
    const context = this.panel.pen();
    if (this.drag) this.handle(context, this.drag);
  }

  /**
   * Where ξ is now: a ring on the curve, filled while it is held there, and what it costs.
   * @param {CanvasRenderingContext2D} context
   * @param {DragMeta} drag
   */
  handle(context, drag) {
    const { plot, params } = this.panel,
      [low, high, bottom, top] = this.span,
      value = this.value ?? params.xi ?? 0,
      y = this.height(drag, value);
    if (!Number.isFinite(y) || value < low || value > high) return;
    const px = ((value - low) / (high - low)) * plot.width, py = (1 - (y - bottom) / (top - bottom)) * plot.height;
    context.strokeStyle = context.fillStyle = this.panel.ink(0.9);
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(px, plot.height);
    context.lineTo(px, py);
    context.stroke();
    context.beginPath();
    context.arc(px, py, 6, 0, 7);
    context.fillStyle = params.held || this.value !== undefined ? this.panel.ink(0.9) : this.panel.paper();
    context.fill();
    context.stroke();
    const times = y / this.least(drag),
      text = `${drag.word} = ${short(value)}: ${short(y)}${
        Number.isFinite(times) ? `, ${short(times)}× the least` : ""
      }`;
    const words = params.held || this.value !== undefined ? text : `${text} (drag)`,
      width = context.measureText(words).width;
    const left = (plot.width - width) / 2, line = 34 * this.panel.factor; // the middle of a parabola's top is empty
    context.fillStyle = this.panel.paper();
    context.fillRect(left - 3, line - 12, width + 6, 16);
    context.fillStyle = this.panel.ink(1);
    context.fillText(words, left, line);
  }
}
