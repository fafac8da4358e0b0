// The page's end of the bus: unpacks frames into stores, lets every chart paint once per animation frame, and acknowledges.
// (pyramid.js stands in front of this text.)

const counter = (globalThis.__elboCounter ??= {
  frames: 0, acks: 0, lastFrame: 0, views: 0, rebuilds: 0, resyncs: 0, painted: 0, hoverMs: [],
});
if (!Object.hasOwn(globalThis, "__elboRoom")) {
  Object.defineProperty(globalThis, "__elboRoom", { get: () => Object.freeze({ ...counter, hoverMs: [...counter.hoverMs] }) });
}

/** vega-embed with Vega and Vega-Lite inside, unpacked once per page. */
async function unpack(bytes) {
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

/** The columns of one part of a frame, as typed arrays. */
function table(columns, data) {
  const found = {};
  for (const [name, type, shape, at] of columns) {
    const size = shape.reduce((product, side) => product * side, 1);
    const values = type === "u1" ? new Uint8Array(data, at, size) : new Float32Array(data, at, size);
    if (shape.length > 1) values.width = size / Math.max(1, shape[0]);
    found[name] = values;
  }
  return found;
}

/** What one chart has been sent; it outlives the chart's view. */
class Store {
  constructor() {
    this.lines = {};
    this.clouds = {};
    this.statics = {};
    this.notes = [];
    this.dirty = new Set();
  }

  apply(part, data) {
    const columns = table(part.columns ?? [], data), name = part.data;
    this.dirty.add(name);
    if (part.op === "append") this.append(name, part.mode, columns);
    else if (part.op === "replace") this.clouds[name] = columns;
    else if (part.op === "static") this.statics[name] = columns;
    else if (part.op === "clear") for (const kind of [this.lines, this.clouds, this.statics]) delete kind[name];
  }

  append(name, mode, columns) {
    const series = (this.lines[name] ??= new Map()), names = Object.keys(columns);
    for (let row = 0; row < columns[mode.x].length; row++) {
      const key = mode.by ? columns[mode.by][row] : 0;
      if (!series.has(key)) series.set(key, new Line(names, mode.x, mode.y));
      series.get(key).push(columns, row);
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

const LONG = 8; // ms of painting without a pause
const AGAIN = 5000; // ms that everything may be on its way before it is asked for once more

/** Let the browser do what is more urgent. */
const breath = () => globalThis.scheduler?.yield?.() ?? new Promise((go) => setTimeout(go));

class FrameChannel {
  constructor(model) {
    this.model = model;
    this.client = Math.random().toString(36).slice(2);
    this.stores = new Map();
    this.charts = new Map(); // name → set of painters
    this.listeners = new Set();
    this.windows = new Map(); // shared zoom windows
    this.last = 0;
    this.asked = 0;
    this.waiting = false;
  }

  store(name) {
    if (!this.stores.has(name)) this.stores.set(name, new Store());
    return this.stores.get(name);
  }

  say(content) {
    try {
      this.model.send({ ...content, client: this.client });
    } catch { /* the kernel is gone; watch.js says so */ }
  }

  load() {
    this.tools ??= unpack(this.model.get("bundle"));
    return this.tools;
  }

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

  nobody() {
    return ![...this.charts.values()].some((painters) => painters.size);
  }

  hidden() {
    return document.hidden || this.nobody();
  }

  /** Ask for a repaint of every chart that has a dataset of this name. */
  touch(charts) {
    for (const [name, dataset] of charts) this.store(name).dirty.add(dataset);
    this.schedule();
  }

  receive(content, buffers) {
    if (content?.kind !== "frame") return;
    if (!content.full && content.frame !== this.last + 1) {
      if (Date.now() - this.asked > AGAIN) this.resync();
      return;
    }
    this.last = content.frame;
    counter.frames += 1;
    const view = buffers[0], bytes = view ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : new ArrayBuffer(0);
    if (content.full) for (const store of this.stores.values()) store.reset();
    for (const part of content.parts) this.store(part.chart).apply(part, bytes);
    for (const [message, extra] of content.messages) this.pass(message, extra.map((number) => buffers[number]));
    this.schedule();
  }

  /** A message goes to the chart that it names, or to everyone who listens. */
  pass(message, buffers) {
    if (message.chart) {
      const store = this.store(message.chart);
      store.notes = [...store.notes.filter(([other]) => other.kind !== message.kind), [message, buffers]];
      for (const painter of this.charts.get(message.chart) ?? []) painter.note(message, buffers);
    } else for (const listener of this.listeners) listener(message, buffers);
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

  /** One chart after the other, in one picture of the browser's; where they take long, the pointer and the keys have their turn. */
  async paint() {
    let since = performance.now();
    for (const [name, painters] of this.charts) {
      const { dirty } = this.store(name), changed = new Set(dirty);
      if (!dirty.size || !painters.size) continue;
      dirty.clear();
      await Promise.allSettled([...painters].map(async (painter) => painter.paint(changed)));
      if (performance.now() - since < LONG) continue;
      await breath();
      since = performance.now();
    }
    counter.painted += 1;
    this.waiting = false;
    this.acknowledge();
    if (!this.hidden() && [...this.charts].some(([name, set]) => set.size && this.store(name).dirty.size)) this.schedule();
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
  initialize({ model, signal }) {
    hear(model);
    const road = new FrameChannel(model);
    model.on("msg:custom", (content, buffers) => road.receive(content, buffers));
    const visibility = () => {
      road.waiting = false; // an animation frame asked for in a hidden page never comes
      road.say({ kind: document.hidden ? "hidden" : "visible" });
      road.schedule();
    };
    const beat = setInterval(() => {
      if (road.greeted && !road.hidden() && !road.waiting) road.acknowledge(true);
    }, 2000);
    const gone = () => road.say({ kind: "gone" });
    const back = (event) => { if (event.persisted) road.say({ kind: "visible" }); };
    document.addEventListener("visibilitychange", visibility);
    addEventListener("pagehide", gone);
    addEventListener("pageshow", back);
    signal.addEventListener("abort", () => {
      clearInterval(beat);
      document.removeEventListener("visibilitychange", visibility);
      removeEventListener("pagehide", gone);
      removeEventListener("pageshow", back);
    });
    return { road };
  },
};
