// One panel: a fixed box with a Vega view, an overlay for the pointer and, for the latent space, a decode card.

import { Bars } from "./bars.js";
import { Cells } from "./cells.js";
import { background, ink, paper } from "./colours.js";
import { counter } from "./counters.js";
import { cleared, contextOf, element, enlargement, FONT, hostIsDark, SMALL, watchTheme } from "./elements.js";
import { Latent } from "./latent.js";
import { onLight } from "./light.js";
import { Lines } from "./lines.js";
import { Manifold } from "./manifold.js";
import { serveFiles } from "./panel_files.js";
import { tableOf } from "./panel_table.js";
import { PanelTitle } from "./panel_title.js";
import { Plain } from "./plain.js";
import { VegaView } from "./vega_view.js";

/**
 * @import { FrameChannel } from "./bus.js"
 * @import { ChartMeta, ChartValues, Kind, Message, Model, Params, Shown, Size, VegaTools } from "./shapes.d.ts"
 */

const TALL = 1.4; // times its width a panel is high, from which the card is below the map
const CARD = 176; // pixels next to a map, where there is room: a decoded picture of 160

export class Panel {
  /** The view, or null while there is none. @type {VegaView | null} */
  built = null;
  /** What the chart is: lines, bars, a map … @type {Kind | null} */
  kind = null;
  dark = false;
  /** How much larger than usual it is drawn. */
  factor = 1;
  /** Not displayed when it was painted last. */
  stale = false;
  /** The pointer's button is held. */
  held = false;
  /** Nothing is drawn over the chart. */
  blank = false;
  closed = false;
  /** Takes the panel off the bus. @type {(() => void) | undefined} */
  leave;
  /** @type {CanvasRenderingContext2D | undefined} */
  measures;

  /**
   * @param {Model<ChartValues>} model
   * @param {HTMLElement} el
   * @param {FrameChannel} channel
   * @param {AbortSignal} signal
   */
  constructor(model, el, channel, signal) {
    this.model = model;
    this.channel = channel;
    this.name = model.get("name");
    this.params = model.get("params") ?? {};
    this.store = channel.store(this.name);
    this.box = element("div", "elbo-chart");
    this.area = element("div", "elbo-area");
    this.holder = element("div", "elbo-vega");
    this.glass = element("canvas", "elbo-overlay");
    this.heading = new PanelTitle(model.get("spec").usermeta?.title ?? "", signal);
    this.area.append(this.holder, this.glass);
    this.waiting = element("div", "elbo-waiting");
    this.box.append(this.heading.element, this.area, this.waiting);
    el.classList.add("elbo-chart-host");
    el.append(this.box);
    this.describe();
    const size = new ResizeObserver(() => this.fit());
    size.observe(this.box);
    signal.addEventListener("abort", () => size.disconnect());
    watchTheme(() => this.restyle(), signal);
    this.listen(signal);
    onLight(this.box, (names) => this.kind?.light?.(names), signal);
    serveFiles(this.box, this.name, () => this.parts(), signal);
    this.box.addEventListener("keydown", (event) => this.kind?.key?.(event), { signal });
    for (const name of ["summary", "height", "heading", "waiting"]) model.on(`change:${name}`, () => this.describe());
    model.on("change:params", () => this.reparametrise());
    model.on("change:labels", () => {
      this.kind?.relabel?.();
      if (this.built) this.repaint();
    });
  }

  /** The view; nothing is drawn or pointed at before it is there. */
  get plot() {
    if (!this.built) throw new Error(`The chart ${this.name} has no view yet.`);
    return this.built;
  }

  /** Build the view. Everything that came before is in the store and is painted at once. */
  async build() {
    const tools = await this.channel.load();
    await this.make(tools);
    if (this.closed) return;
    this.leave = this.channel.attach(this.name, this);
    if (this.built?.meta.x.zoom) this.repaint(); // from now on its lines count on the axis that it shares
  }

  /** @param {VegaTools} tools */
  async make(tools) {
    this.dark = hostIsDark();
    this.box.classList.toggle("elbo-dark", this.dark);
    this.factor = enlargement(this.box);
    const spec = this.model.get("spec"), { holder, dark, factor } = this;
    const plot = await VegaView.build(tools, spec, holder, dark, factor, (meta) => this.size(meta));
    if (this.closed) return plot.finalize();
    this.built = plot;
    this.kind ??= kindOf(spec.usermeta, this);
    this.fit();
    this.reparametrise();
  }

  describe() {
    if (this.box.getAttribute("role") !== "group") this.box.setAttribute("role", "img"); // a group: see `accessible_names.js`
    this.box.setAttribute(
      "aria-label",
      this.model.get("summary") || this.model.get("heading") || this.model.get("spec").usermeta?.title || this.name,
    );
    this.box.style.height = this.model.get("height");
    this.heading.write(this.model.get("heading") || (this.model.get("spec").usermeta?.title ?? ""));
    const waiting = this.model.get("waiting");
    if (this.waiting.textContent !== waiting) this.waiting.textContent = waiting;
    if (this.built) this.vacate();
  }

  restyle() {
    const factor = enlargement(this.box);
    if (!this.built || (this.dark === hostIsDark() && this.factor === factor)) return;
    this.built.finalize();
    this.built = null;
    requestAnimationFrame(async () => { // JupyterLab hides its page while it changes the theme
      const tools = await this.channel.load();
      if (!this.closed) this.make(tools);
    });
  }

  reparametrise() {
    const before = this.params;
    this.params = this.model.get("params") ?? {};
    if (!this.built) return;
    if (cutAlone(before, this.params)) return this.kind?.overlay();
    for (const [name, value] of Object.entries(this.params)) this.plot.signal(name, value);
    this.repaint();
  }

  /**
   * The plot takes what the fixed frame leaves; a square one leaves the rest to the card, which is beside it, or below it in a tall panel.
   * @param {ChartMeta} meta
   * @returns {Size|null}
   */
  size({ padding, square }) {
    const { clientWidth: w, clientHeight: h } = this.box;
    if (w < 60 || h < 60) return null;
    let [width, height] = [w - padding.left - padding.right, h - padding.top - padding.bottom];
    const stacked = Boolean(square) && h > TALL * w;
    if (stacked) height = width;
    else if (square) width = height = Math.min(width - (width < 380 ? 130 : CARD), height);
    this.box.classList.toggle("elbo-stacked", stacked);
    this.area.style.height = stacked ? `${height + padding.top + padding.bottom}px` : "";
    this.area.style.width = `${width + padding.left + padding.right}px`;
    return { width: Math.max(40, width), height: Math.max(40, height) };
  }

  fit() {
    this.heading.fit();
    this.restyle();
    const size = this.built && this.size(this.built.meta);
    if (!size) return;
    if (this.plot.resize(size.width, size.height) || this.stale) this.repaint();
    this.kind?.fit?.();
  }

  /** Instead of empty axes a panel shows what it is waiting for. */
  vacate() {
    /** @param {string} name */
    const drawn = (name) =>
      [...(this.store.lines[name]?.values() ?? [])].some((line) => line.size) ||
      Object.values(this.store.clouds[name] ?? {}).some((column) => column.length);
    const filled = Object.entries(this.plot.meta.datasets).some(([name, { mode, beside }]) =>
      mode !== "ends" && !beside && drawn(name)
    );
    this.box.classList.toggle("elbo-empty", !filled && Boolean(this.waiting.textContent));
  }

  repaint() {
    this.paint(new Set(Object.keys(this.plot.meta.datasets)));
  }

  /**
   * Paint the datasets that changed; called by the bus once per animation frame.
   * @param {Set<string>} dirty
   * @returns {Promise<void>}
   */
  paint(dirty) {
    const { kind, plot } = { kind: this.kind, plot: this.built };
    if (!plot || !kind) return Promise.resolve();
    this.stale = !this.box.clientWidth; // not displayed: painted when it is
    if (this.stale) return Promise.resolve();
    this.vacate();
    const before = this.holder.firstElementChild;
    kind.paint(dirty);
    for (const [name, how] of Object.entries(plot.meta.datasets)) {
      if (how.fields && dirty.has(name)) this.feedTable(name, how.fields, how.words);
    }
    kind.overlay();
    return plot.run().then(() => {
      if (before && before !== this.holder.firstElementChild) counter.rebuilds += 1;
    });
  }

  /**
   * Numbers become tuples; `words` names a column whose numbers are places in the chart's list of labels.
   * @param {string} name
   * @param {string[]} fields
   * @param {string|undefined} words
   */
  feedTable(name, fields, words) {
    const labels = words ? (this.model.get("labels") ?? []) : [];
    const cloud = { ...this.store.clouds[name], ...this.store.statics[name] };
    const used = fields.filter((field) => cloud[field]),
      size = used.length ? Math.min(...used.map((field) => cloud[field].length)) : 0;
    this.plot.feed(name, [[0, size, (tuple, i) => {
      for (const field of fields) tuple[field] = cloud[field] ? cloud[field][i] : 0;
      if (words) tuple.word = labels[Number(tuple[words])] ?? "";
      this.kind?.dress?.(name, tuple, i, cloud);
    }]]);
  }

  /**
   * @param {Message} message
   * @param {DataView<ArrayBuffer>[]} buffers
   */
  note(message, buffers) {
    this.kind?.note?.(message, buffers);
  }

  /** @param {string} group */
  zoomed(group) {
    if (this.built?.meta.x.zoom === group) this.repaint();
  }

  /** @param {object} content */
  send(content) {
    try {
      this.model.send(content);
    } catch { /* the kernel is gone; watch.js says so */ }
  }

  // pointer -------------------------------------------------------------------------------------------------------------------

  /**
   * The pointer in pixels of the plot: the padding is the plot's origin.
   * @param {MouseEvent} event
   * @returns {{ x: number, y: number, inside: boolean }}
   */
  place(event) {
    const { left, top } = this.area.getBoundingClientRect(), { padding } = this.plot.meta;
    const x = event.clientX - left - padding.left, y = event.clientY - top - padding.top;
    return { x, y, inside: x >= 0 && y >= 0 && x <= this.plot.width && y <= this.plot.height };
  }

  /**
   * Pass pointer events to the kind of chart.
   * @param {AbortSignal} signal
   */
  listen(signal) {
    /**
     * @template {"pointermove" | "pointerleave" | "pointerdown" | "pointerup" | "dblclick"} Name
     * @param {Name} name
     * @param {(kind: Kind, event: HTMLElementEventMap[Name], x: number, y: number, inside: boolean) => void} act
     */
    const on = (name, act) =>
      this.area.addEventListener(name, (event) => {
        if (!this.built?.width || !this.kind) return;
        const { x, y, inside } = this.place(event);
        act(this.kind, event, x, y, inside);
      }, { signal });
    /** @param {number} x */
    const within = (x) => Math.min(Math.max(x, 0), this.plot.width);
    on("pointermove", (kind, event, x, y, inside) => {
      if (inside || this.held) return kind.move(within(x), y, event);
      kind.out();
      kind.beside?.(x, y);
    });
    // not in the types of every browser
    on(/** @type {"pointermove"} */ ("pointerrawupdate"), (kind, event, x, y, inside) => {
      if (inside) kind.hasten?.(x, y, event);
    });
    on("pointerleave", (kind) => {
      if (!this.held) kind.out();
      kind.beside?.(-1, -1);
    });
    on("pointerdown", (kind, event, x, y, inside) => {
      if (!inside || event.button !== 0) return;
      this.held = true;
      this.area.setPointerCapture(event.pointerId);
      kind.press?.(x, y, event);
    });
    on("pointerup", (kind, _event, x, y) => {
      if (!this.held) return;
      this.held = false;
      kind.release?.(within(x), y);
    });
    on("dblclick", (kind) => kind.zoom?.(null));
  }

  /**
   * The overlay's context, cleared, with the plot's corner as origin.
   * @returns {CanvasRenderingContext2D}
   */
  pen() {
    const { padding } = this.plot.meta, { width, height } = this.plot;
    const context = cleared(this.glass, width + padding.left + padding.right, height + padding.top + padding.bottom);
    this.blank = false;
    context.translate(padding.left, padding.top);
    context.font = this.font;
    return context;
  }

  /** Clear what is drawn over the chart; an overlay that is already clear costs nothing. */
  wipe() {
    if (!this.blank) this.pen();
    this.blank = true;
  }

  get font() {
    return `${SMALL * this.factor}px ${FONT}`;
  }

  /**
   * A context that measures text and is never seen.
   * @returns {CanvasRenderingContext2D}
   */
  ruler() {
    this.measures ??= contextOf(document.createElement("canvas"));
    this.measures.font = this.font;
    return this.measures;
  }

  /**
   * @param {number} strength
   * @returns {string}
   */
  ink(strength) {
    return ink(this.dark, strength);
  }

  /** What the panel's files are made of. */
  parts() {
    const { view, meta } = this.plot;
    return { view, paper: background(this.dark), table: () => tableOf(this.store, meta.series) };
  }

  paper() {
    return paper(this.dark);
  }

  close() {
    this.closed = true;
    this.leave?.();
    this.built?.finalize();
    this.box.remove();
  }
}

/**
 * Whether nothing has changed but the step that replay shows, which is marked over the chart.
 * @param {Params} before
 * @param {Params} now
 * @returns {boolean}
 */
export function cutAlone(before, now) {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return before.cut !== now.cut &&
    [...names].every((name) => name === "cut" || JSON.stringify(before[name]) === JSON.stringify(now[name]));
}

/**
 * What kind of chart a specification describes.
 * @param {ChartMeta} meta
 * @param {Panel} panel
 * @returns {Kind}
 */
function kindOf(meta, panel) {
  if (meta.card) return new Latent(panel);
  if (meta.manifold) return new Manifold(panel);
  if (meta.cells) return new Cells(panel);
  if (meta.plain) return new Plain(panel);
  return meta.series ? new Lines(panel) : new Bars(panel);
}

/**
 * A chart's Vega view in its place.
 * @param {Shown<ChartValues>} shown
 * @param {FrameChannel} channel
 * @returns {Promise<void>}
 */
export async function drawPanel({ model, el, signal }, channel) {
  const panel = new Panel(model, el, channel, signal);
  signal.addEventListener("abort", () => panel.close());
  await panel.build();
}
