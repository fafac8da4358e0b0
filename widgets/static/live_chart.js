// One panel: a fixed box with a Vega view, an overlay for the pointer and, for the latent space, a decode card.
// (pyramid.js, vega_view.js, lines.js, bars.js, plain.js, palette.js, card.js, card_pictures.js, features.js, arm.js, latent.js, latent_drawing.js, manifold.js
// and cells.js stand in front of this text.)

class Panel {
  constructor(model, el, road, signal) {
    Object.assign(this, { model, el, road, name: model.get("name"), params: model.get("params") ?? {} });
    this.store = road.store(this.name);
    this.box = element("div", "elbo-chart");
    this.area = element("div", "elbo-area");
    this.holder = element("div", "elbo-vega");
    this.glass = element("canvas", "elbo-overlay");
    this.heading = element("div", "elbo-title", model.get("spec").usermeta?.title ?? "");
    this.area.append(this.holder, this.glass);
    this.waiting = element("div", "elbo-waiting");
    this.box.append(this.heading, this.area, this.waiting);
    el.classList.add("elbo-chart-host");
    el.append(this.box);
    this.describe();
    const size = new ResizeObserver(() => this.fit());
    size.observe(this.box);
    signal.addEventListener("abort", () => size.disconnect());
    watchTheme(() => this.restyle(), signal);
    for (const [kind, handler] of Object.entries(this.pointers())) this.area.addEventListener(kind, handler, { signal });
    this.box.addEventListener("keydown", (event) => this.kind?.key?.(event), { signal });
    for (const name of ["summary", "height", "heading", "waiting"]) model.on(`change:${name}`, () => this.describe());
    model.on("change:params", () => this.reparametrise());
    model.on("change:labels", () => {
      this.kind?.relabel?.();
      this.plot && this.repaint();
    });
  }

  /** Build the view. Everything that came before is in the store and is painted at once. */
  async build() {
    this.tools = await this.road.load();
    await this.make();
    if (!this.closed) this.leave = this.road.attach(this.name, this);
  }

  async make() {
    this.dark = hostIsDark();
    this.box.classList.toggle("elbo-dark", this.dark);
    this.factor = enlargement(this.box);
    const spec = this.model.get("spec"), { tools, holder, dark, factor } = this;
    const plot = await VegaView.build(tools, spec, holder, dark, factor, (meta) => this.size(meta));
    if (this.closed) return plot.finalize();
    this.plot = plot;
    if (!this.kind) this.kind = spec.usermeta.card ? new Latent(this) : spec.usermeta.manifold ? new Manifold(this) : spec.usermeta.cells ? new Cells(this) : spec.usermeta.plain ? new Plain(this) : spec.usermeta.series ? new Lines(this) : new Bars(this);
    this.fit();
    this.reparametrise();
  }

  describe() {
    this.box.setAttribute("role", "img");
    this.box.setAttribute("aria-label", this.model.get("summary") || this.name);
    this.box.style.height = this.model.get("height");
    const words = this.model.get("heading") || (this.model.get("spec").usermeta?.title ?? "");
    if (this.heading.textContent !== words) this.heading.textContent = words;
    const waiting = this.model.get("waiting");
    if (this.waiting.textContent !== waiting) this.waiting.textContent = waiting;
    if (this.plot) this.vacate();
  }

  restyle() {
    const factor = enlargement(this.box);
    if (!this.plot || (this.dark === hostIsDark() && this.factor === factor)) return;
    this.plot.finalize();
    this.plot = null;
    requestAnimationFrame(() => { if (!this.closed) this.make(); }); // JupyterLab hides its page while it changes the theme
  }

  reparametrise() {
    this.params = this.model.get("params") ?? {};
    if (!this.plot) return;
    for (const [name, value] of Object.entries(this.params)) this.plot.signal(name, value);
    this.repaint();
  }

  /** The plot takes what the fixed frame leaves; a square one leaves the rest to the card. */
  size({ padding, square }) {
    const { clientWidth: w, clientHeight: h } = this.box;
    if (w < 60 || h < 60) return null;
    let [width, height] = [w - padding.left - padding.right, h - padding.top - padding.bottom];
    if (square) width = height = Math.min(width - 130, height);
    this.area.style.width = `${width + padding.left + padding.right}px`;
    return { width: Math.max(40, width), height: Math.max(40, height) };
  }

  fit() {
    this.restyle();
    const size = this.plot && this.size(this.plot.meta);
    if (!size) return;
    if (this.plot.resize(size.width, size.height) || this.stale) this.repaint();
    this.kind.fit?.();
  }

  /** Instead of empty axes a panel says what it waits for. */
  vacate() {
    const drawn = (name) => [...(this.store.lines[name]?.values() ?? [])].some((line) => line.size)
      || Object.values(this.store.clouds[name] ?? {}).some((column) => column.length);
    const filled = Object.entries(this.plot.meta.datasets).some(([name, { mode, beside }]) => mode !== "ends" && !beside && drawn(name));
    this.box.classList.toggle("elbo-empty", !filled && Boolean(this.waiting.textContent));
  }

  repaint() {
    this.paint(new Set(Object.keys(this.plot.meta.datasets)));
  }

  /** Paint the datasets that changed; called by the bus once per animation frame. */
  paint(dirty) {
    if (!this.plot) return Promise.resolve();
    this.stale = !this.box.clientWidth; // not displayed: painted when it is
    if (this.stale) return Promise.resolve();
    this.vacate();
    const before = this.holder.firstElementChild;
    this.kind.paint(dirty);
    for (const [name, how] of Object.entries(this.plot.meta.datasets)) {
      if (how.fields && dirty.has(name)) this.feedTable(name, how.fields, how.words);
    }
    this.kind.overlay();
    return this.plot.run().then(() => {
      if (before && before !== this.holder.firstElementChild) counters().rebuilds += 1;
    });
  }

  /** Numbers become tuples; `words` names a column whose numbers are places in the chart's list of labels. */
  feedTable(name, fields, words) {
    const labels = words ? (this.model.get("labels") ?? []) : [];
    const cloud = { ...this.store.clouds[name], ...this.store.statics[name] };
    const used = fields.filter((field) => cloud[field]), size = used.length ? Math.min(...used.map((field) => cloud[field].length)) : 0;
    this.plot.feed(name, [[0, size, (tuple, i) => {
      for (const field of fields) tuple[field] = cloud[field] ? cloud[field][i] : 0;
      if (words) tuple.word = labels[tuple[words]] ?? "";
      this.kind.dress?.(name, tuple, i, cloud);
    }]]);
  }

  note(message, buffers) {
    this.kind?.note?.(message, buffers);
  }

  zoomed(group) {
    if (this.plot?.meta.x.zoom === group) this.repaint();
  }

  send(content) {
    try {
      this.model.send(content);
    } catch { /* the kernel is gone; watch.js says so */ }
  }

  // pointer -------------------------------------------------------------------------------------------------------------------

  /** The pointer in pixels of the plot: the padding is the plot's origin. */
  place(event) {
    const { left, top } = this.area.getBoundingClientRect(), { padding } = this.plot.meta;
    const x = event.clientX - left - padding.left, y = event.clientY - top - padding.top;
    return { x, y, inside: x >= 0 && y >= 0 && x <= this.plot.width && y <= this.plot.height };
  }

  pointers() {
    const when = (act) => (event) => { if (this.plot?.width && this.kind) act(event, this.place(event)); };
    return {
      pointermove: when((event, at) => (at.inside || this.held ? this.kind.move(Math.min(Math.max(at.x, 0), this.plot.width), at.y, event)
        : this.kind.out())),
      pointerrawupdate: when((event, at) => { if (at.inside) this.kind.hasten?.(at.x, at.y, event); }),
      pointerleave: when(() => { if (!this.held) this.kind.out(); }),
      pointerdown: when((event, at) => {
        if (!at.inside || event.button !== 0) return;
        this.held = true;
        this.area.setPointerCapture(event.pointerId);
        this.kind.press?.(at.x, at.y, event);
      }),
      pointerup: when((event, at) => {
        if (!this.held) return;
        this.held = false;
        this.kind.release?.(Math.min(Math.max(at.x, 0), this.plot.width), at.y);
      }),
      dblclick: when(() => this.kind.zoom?.(null)),
    };
  }

  /** The overlay's context, cleared, with the plot's corner as origin. */
  pen() {
    const { padding } = this.plot.meta, { width, height } = this.plot;
    const context = cleared(this.glass, width + padding.left + padding.right, height + padding.top + padding.bottom);
    this.blank = false;
    context.translate(padding.left, padding.top);
    context.font = this.font;
    return context;
  }

  /** Nothing is to be drawn over the chart; glass that is clean already costs nothing. */
  wipe() {
    if (!this.blank) this.pen();
    this.blank = true;
  }

  get font() {
    return `${11 * this.factor}px system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif`;
  }

  /** A context that measures text and is never seen. */
  ruler() {
    this.measures ??= document.createElement("canvas").getContext("2d");
    this.measures.font = this.font;
    return this.measures;
  }

  ink(strength) {
    return this.dark ? `rgba(240,240,240,${strength})` : `rgba(31,31,31,${strength})`;
  }

  paper() {
    return this.dark ? "rgba(24,24,24,0.88)" : "rgba(255,255,255,0.88)";
  }

  close() {
    this.closed = true;
    this.leave?.();
    this.plot?.finalize();
    this.box.remove();
  }
}

Lines.prototype.out = function () {
  this.at = undefined;
  this.overlay();
};

export default {
  initialize({ model }) {
    hear(model);
  },
  async render({ model, el, host, signal }) {
    const panel = new Panel(model, el, await frameChannelOf(host, model), signal);
    signal.addEventListener("abort", () => panel.close());
    await panel.build();
  },
};
