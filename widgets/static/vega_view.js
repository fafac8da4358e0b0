// A Vega view that is built once and then only fed: tuples are rewritten in place and flow again.

const counters = () => globalThis.__elboCounter ?? { views: 0, rebuilds: 0, hoverMs: [] };

/** An element with a class and plain text. */
function element(kind, name, text) {
  const made = document.createElement(kind);
  made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Whether the host is dark: Jupyter says so, otherwise the system does. */
function hostIsDark() {
  const said = document.body.dataset.jpThemeLight;
  return said ? said === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const THUMBNAIL = 190; // pixels of height below which a panel stays as it is at a projector

/** How much larger type and lines are drawn: at a projector, and there not in the small panels beside a large one. */
function enlargement(box) {
  const { clientHeight: height } = box;
  return box.closest(".elbo-projector") && !(height && height < THUMBNAIL) ? 1.4 : 1;
}

/** Call back when the host turns dark or light. */
function watchTheme(callback, signal) {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", callback);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    query.removeEventListener("change", callback);
  });
}

/** A copy of a specification with every colour replaced by its dark partner. */
function recoloured(part, colours) {
  if (typeof part === "string") return part.replace(/#[0-9A-Fa-f]{6}/g, (colour) => colours[colour] ?? colour); // expressions too
  if (Array.isArray(part)) return part.map((item) => recoloured(item, colours));
  if (part && typeof part === "object") {
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, recoloured(item, colours)]));
  }
  return part;
}

const SIZED = /^(font|labelFont|titleFont)Size$|^(min|max)Extent$|^labelLimit$|^dx$|^(title|label)?[pP]adding$|^offset$/;

/** A copy of a specification for a lecture room: larger type, wider lines, and the room they need. */
function enlarged(part, factor, key = "") {
  const whole = key === "padding" || key === "strokeWidth";
  if (typeof part === "number") return whole || SIZED.test(key) ? Math.round(10 * part * factor) / 10 : part;
  if (Array.isArray(part)) return part.map((item) => enlarged(item, factor));
  if (part && typeof part === "object") {
    return Object.fromEntries(Object.entries(part).map(([name, item]) => [name, enlarged(item, factor, whole ? key : name)]));
  }
  return part;
}

/** A canvas that is sharp on any screen; returns its context in CSS pixels, cleared. */
function cleared(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    Object.assign(canvas, { width: w, height: h });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Short numbers with a true minus sign. */
function short(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 0.001 || size >= 1e5) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}

/** Vega's changeset(), which the bundle does not name: a view makes one whenever something is inserted, so catch that one. */
function changesetOf(view, dataset) {
  let caught;
  view.pulse = (_, changes) => ((caught = changes), view);
  view.insert(dataset, []);
  delete view.pulse;
  return caught.constructor;
}

const FINITE = "isFinite(+";

/** Vega-Lite asks of every coordinate of every tuple whether it is a finite number; what the bus brings is, and asking costs a third. */
function trusting(vega) {
  for (const mark of vega.marks ?? []) {
    trusting(mark);
    const channels = mark.encode?.update ?? {};
    if (channels.defined?.signal?.includes(FINITE)) delete channels.defined;
    for (const [name, rules] of Object.entries(channels)) {
      if (Array.isArray(rules)) channels[name] = rules.filter(({ test }) => !test?.includes(FINITE));
    }
  }
  return vega;
}

class VegaView {
  /** Compile a specification and build its view; expressions are interpreted, so that no page needs unsafe-eval. */
  static async build(tools, { usermeta, ...spec }, holder, dark, factor, sizeFor) {
    const dressed = (part) => enlarged(dark ? recoloured(part, usermeta.dark) : part, factor);
    const meta = { ...dressed(usermeta), padding: enlarged(usermeta.padding, factor, "padding") };
    const size = sizeFor(meta) ?? { width: 300, height: 150 }, shown = { ...dressed(spec), ...size };
    const { view } = await tools.embed(holder, shown, {
      mode: "vega-lite", ast: true, actions: false, renderer: "canvas", defaultStyle: false, tooltip: false, logLevel: 1,
      patch: trusting,
    });
    return new VegaView(view, meta, size);
  }

  constructor(view, meta, { width, height }) {
    Object.assign(this, { view, meta, width, height });
    this.changeset = changesetOf(view, Object.keys(meta.datasets)[0]);
    this.pools = new Map(); // dataset → series → tuples
    this.signals = {};
    counters().views += 1;
  }

  /** Set a signal if the view has it and its value is new. */
  signal(name, value) {
    if (this.signals[name] === value) return;
    this.signals[name] = value;
    try {
      this.view.signal(name, value);
    } catch { /* a parameter that only the browser's own drawing uses */ }
  }

  resize(width, height) {
    if (this.width === width && this.height === height) return false;
    Object.assign(this, { width, height });
    this.view.width(width).height(height);
    return true;
  }

  /** Make the tuples of a dataset equal to groups [key, count, write(tuple, i)], reusing the objects that are there. */
  feed(name, groups) {
    const pools = this.pools.get(name) ?? new Map(), fresh = [], surplus = [], seen = new Set();
    this.pools.set(name, pools);
    for (const [key, count, write] of groups) {
      const pool = pools.get(key) ?? [];
      pools.set(key, pool);
      seen.add(key);
      while (pool.length > count) surplus.push(pool.pop());
      while (pool.length < count) {
        const tuple = {};
        pool.push(tuple);
        fresh.push(tuple);
      }
      for (let i = 0; i < count; i++) write(pool[i], i);
    }
    for (const [key, pool] of pools) {
      if (!seen.has(key)) surplus.push(...pool.splice(0));
    }
    const change = this.changeset();
    if (fresh.length) change.insert(fresh);
    if (surplus.length) change.remove(surplus);
    this.view.change(name, change.reflow());
  }

  run() {
    return this.view.runAsync();
  }

  finalize() {
    this.view.finalize();
    counters().views -= 1;
  }
}
