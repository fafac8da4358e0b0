// The page's end of the bus: unpacks frames into stores, lets every chart paint once per animation frame, and acknowledges.

import { hear } from "./anywidget_recovery.js";
import { counter } from "./counters.js";
import { Store } from "./frames.js";
import { drawPanel } from "./live_chart.js";
import { drawNetwork } from "./network_diagram.js";
import { drawStep } from "./one_step.js";

/** @import { BusValues, Frame, Message, Model, PageMessage, Painter, Range, Started, VegaTools } from "./shapes.d.ts" */

/**
 * vega-embed with Vega and Vega-Lite inside, unpacked once per page.
 * @param {DataView<ArrayBuffer>} bytes
 * @returns {Promise<VegaTools>}
 */
export async function unpack(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = await new Response(stream).blob();
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    await import(/* webpackIgnore: true */ address);
  } finally {
    URL.revokeObjectURL(address);
  }
  return globalThis.__elboVega;
}

const LONG = 8; // ms of painting without a pause
const AGAIN = 5000; // ms that everything may be on its way before it is asked for once more

/** Yield to the browser's more urgent work. */
const breath = () => globalThis.scheduler?.yield?.() ?? new Promise((go) => setTimeout(go));

export class FrameChannel {
  /** @type {Map<string, Store>} */
  stores = new Map();
  /** The charts on the page, by name. @type {Map<string, Set<Painter>>} */
  charts = new Map();
  /** Shared zoom windows. @type {Map<string, Range>} */
  windows = new Map();
  /** @type {Promise<VegaTools> | undefined} */
  tools;
  /** The number of the newest frame, and of the one that was acknowledged last. */
  last = 0;
  acknowledged = -1;
  /** When everything was asked for, in ms. */
  asked = 0;
  /** Whether an animation frame is on its way. */
  waiting = false;
  /** Whether a chart was ever on the page. */
  greeted = false;

  /** @param {Model<BusValues>} model */
  constructor(model) {
    this.model = model;
    this.client = Math.random().toString(36).slice(2);
  }

  /**
   * @param {string} name
   * @returns {Store}
   */
  store(name) {
    const store = this.stores.get(name) ?? new Store();
    this.stores.set(name, store);
    return store;
  }

  /** @param {object} content */
  say(content) {
    try {
      this.model.send({ ...content, client: this.client });
    } catch { /* the kernel is gone; watch.js says so */ }
  }

  /** @returns {Promise<VegaTools>} */
  load() {
    this.tools ??= unpack(this.model.get("bundle"));
    return this.tools;
  }

  /**
   * @param {string} name
   * @param {Painter} painter
   * @returns {() => void}
   */
  attach(name, painter) {
    const others = this.charts.get(name) ?? new Set(), alone = this.nobody();
    this.charts.set(name, others.add(painter));
    if (alone) this.say({ kind: "ready", chart: name });
    this.greeted = true;
    for (const note of this.store(name).notes) painter.note(...note);
    return () => {
      others.delete(painter);
      if (this.nobody()) this.say({ kind: "hidden" });
    };
  }

  /** Show the steps that the kernel knows are enlarged; none: all. */
  follow() {
    const [low, high] = this.model.get("window") ?? [], now = this.windows.get("step");
    if (low === now?.[0] && high === now?.[1]) return;
    if (low === undefined || high === undefined) this.windows.delete("step");
    else this.windows.set("step", [low, high]);
    for (const painters of this.charts.values()) for (const painter of painters) painter.zoomed?.("step");
  }

  nobody() {
    return ![...this.charts.values()].some((painters) => painters.size);
  }

  hidden() {
    return document.hidden || this.nobody();
  }

  /**
   * @param {Frame|PageMessage|null} content
   * @param {DataView<ArrayBuffer>[]} buffers
   */
  receive(content, buffers) {
    if (content?.kind !== "frame") return;
    if (!content.full && content.frame !== this.last + 1) {
      if (Date.now() - this.asked > AGAIN) this.resync();
      return;
    }
    this.last = content.frame;
    counter.frames += 1;
    const view = buffers[0],
      bytes = view ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : new ArrayBuffer(0);
    if (content.full) { for (const store of this.stores.values()) store.reset(); }
    for (const part of content.parts) this.store(part.chart).apply(part, bytes);
    for (const [message, extra] of content.messages) this.pass(message, extra.map((number) => buffers[number]));
    this.schedule();
  }

  /**
   * A message goes to the chart that it names.
   * @param {Message} message
   * @param {DataView<ArrayBuffer>[]} buffers
   */
  pass(message, buffers) {
    const store = this.store(message.chart);
    store.notes = [...store.notes.filter(([other]) => other.kind !== message.kind), [message, buffers]];
    for (const painter of this.charts.get(message.chart) ?? []) painter.note(message, buffers);
  }

  resync() {
    this.asked = Date.now();
    counter.resyncs += 1;
    this.say({ kind: "resync" });
  }

  schedule() {
    if (this.waiting) return;
    if (this.hidden()) return this.acknowledge();
    this.waiting = true;
    requestAnimationFrame(() => this.paint());
  }

  /** One chart after the other, in one picture of the browser's; where they take long, pointer and keys are served in between. */
  async paint() {
    let since = performance.now();
    for (const [name, painters] of this.charts) {
      const { dirty } = this.store(name), changed = new Set(dirty);
      if (!dirty.size || !painters.size) continue;
      dirty.clear();
      await Promise.allSettled([...painters].map(async (painter) => await painter.paint(changed)));
      if (performance.now() - since < LONG) continue;
      await breath();
      since = performance.now();
    }
    counter.painted += 1;
    this.waiting = false;
    this.acknowledge();
    if (!this.hidden() && [...this.charts].some(([name, set]) => set.size && this.store(name).dirty.size)) {
      this.schedule();
    }
  }

  acknowledge(idle = false) {
    counter.lastFrame = this.last;
    if (!idle && this.acknowledged === this.last) return;
    this.acknowledged = this.last;
    if (!idle) counter.acks += 1;
    this.say({ kind: "ack", frame: this.last, hidden: this.hidden(), idle });
  }
}

export default {
  /** @param {Started<BusValues>} started */
  initialize({ model, signal }) {
    hear(model);
    const channel = new FrameChannel(model);
    channel.follow();
    model.on("change:window", () => channel.follow());
    model.on("msg:custom", (content, buffers) => channel.receive(content, buffers));
    const visibility = () => {
      channel.waiting = false; // an animation frame asked for in a hidden page never comes
      channel.say({ kind: document.hidden ? "hidden" : "visible" });
      channel.schedule();
    };
    const beat = setInterval(() => {
      if (channel.greeted && !channel.hidden() && !channel.waiting) channel.acknowledge(true);
    }, 2000);
    const gone = () => channel.say({ kind: "gone" });
    /** @param {PageTransitionEvent} event */
    const back = (event) => {
      if (event.persisted) channel.say({ kind: "visible" });
    };
    document.addEventListener("visibilitychange", visibility);
    addEventListener("pagehide", gone);
    addEventListener("pageshow", back);
    signal.addEventListener("abort", () => {
      clearInterval(beat);
      document.removeEventListener("visibilitychange", visibility);
      removeEventListener("pagehide", gone);
      removeEventListener("pageshow", back);
    });
    return { channel, drawings: { panel: drawPanel, network: drawNetwork, step: drawStep } };
  },
};
