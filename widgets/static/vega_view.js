// A Vega view that is built once and then only fed: tuples are rewritten in place and flow again.

import { counter } from "./counters.js";

/**
 * @import { Changeset, ChartMeta, Group, Marks, Padding, Size, Specification, Tuple, VegaTools, View } from "./shapes.d.ts"
 */

/**
 * A copy of a specification with every colour replaced by its dark partner.
 * @param {unknown} part
 * @param {Record<string, string>} colours
 * @returns {unknown}
 */
export function recoloured(part, colours) {
  if (typeof part === "string") return part.replace(/#[0-9A-Fa-f]{6}/g, (colour) => colours[colour] ?? colour); // expressions too
  if (Array.isArray(part)) return part.map((item) => recoloured(item, colours));
  if (part && typeof part === "object") {
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, recoloured(item, colours)]));
  }
  return part;
}

const SIZED =
  /^(font|labelFont|titleFont)Size$|^(min|max)Extent$|^labelLimit$|^dx$|^(title|label)?[pP]adding$|^offset$/;

/**
 * A copy of a specification for a lecture room: larger type, wider lines, and the room they need.
 * @param {unknown} part
 * @param {number} factor
 * @param {string} [key]
 * @returns {unknown}
 */
export function enlarged(part, factor, key = "") {
  const whole = key === "padding" || key === "strokeWidth";
  if (typeof part === "number") return whole || SIZED.test(key) ? Math.round(10 * part * factor) / 10 : part;
  if (Array.isArray(part)) return part.map((item) => enlarged(item, factor));
  if (part && typeof part === "object") {
    return Object.fromEntries(
      Object.entries(part).map(([name, item]) => [name, enlarged(item, factor, whole ? key : name)]),
    );
  }
  return part;
}

/**
 * Vega's changeset(), which the bundle does not export: a view makes one whenever something is inserted, so catch that one.
 * @param {View} view
 * @param {string} dataset
 * @returns {() => Changeset}
 */
export function changesetOf(view, dataset) {
  /** @type {Changeset[]} */
  const caught = [];
  view.pulse = (_, changes) => {
    caught.push(changes);
    return view;
  };
  view.insert(dataset, []);
  delete view.pulse;
  return /** @type {() => Changeset} */ (caught[0].constructor);
}

const FINITE = "isFinite(+";

/**
 * Vega-Lite tests whether every coordinate of every tuple is finite; the bus's numbers are, and the test costs a third of the time.
 * @template {Marks} Specified
 * @param {Specified} vega
 * @returns {Specified}
 */
export function trusting(vega) {
  for (const mark of vega.marks ?? []) {
    trusting(mark);
    const channels = mark.encode?.update ?? {}, { defined } = channels;
    if (defined && !Array.isArray(defined) && defined.signal?.includes(FINITE)) delete channels.defined;
    for (const [name, rules] of Object.entries(channels)) {
      if (Array.isArray(rules)) channels[name] = rules.filter(({ test }) => !test?.includes(FINITE));
    }
  }
  return vega;
}

export class VegaView {
  /** The tuples of every dataset, by their group. @type {Map<string, Map<number, Tuple[]>>} */
  pools = new Map();
  /** @type {Record<string, unknown>} */
  signals = {};

  /**
   * Compile a specification and build its view; expressions are interpreted, so that no page needs unsafe-eval.
   * @param {VegaTools} tools
   * @param {Specification} specification
   * @param {HTMLElement} holder
   * @param {boolean} dark
   * @param {number} factor how much larger than usual it is drawn
   * @param {(meta: ChartMeta) => Size | null} sizeFor
   * @returns {Promise<VegaView>}
   */
  static async build(tools, { usermeta, ...spec }, holder, dark, factor, sizeFor) {
    /** @param {object} part */
    const dressed = (part) => enlarged(dark ? recoloured(part, usermeta.dark) : part, factor);
    const padding = /** @type {Padding} */ (enlarged(usermeta.padding, factor, "padding"));
    const meta = { .../** @type {ChartMeta} */ (dressed(usermeta)), padding };
    const size = sizeFor(meta) ?? { width: 300, height: 150 },
      shown = { .../** @type {object} */ (dressed(spec)), ...size };
    const { view } = await tools.embed(holder, shown, {
      mode: "vega-lite",
      ast: true,
      actions: false,
      renderer: "canvas",
      defaultStyle: false,
      tooltip: false,
      logLevel: 1,
      patch: trusting,
    });
    return new VegaView(view, meta, size);
  }

  /**
   * @param {View} view
   * @param {ChartMeta} meta
   * @param {Size} size
   */
  constructor(view, meta, { width, height }) {
    this.view = view;
    this.meta = meta;
    this.width = width;
    this.height = height;
    this.changeset = changesetOf(view, Object.keys(meta.datasets)[0]);
    counter.views += 1;
  }

  /**
   * Set a signal if the view has it and its value is new.
   * @param {string} name
   * @param {number|boolean|number[]|undefined} value
   */
  signal(name, value) {
    if (this.signals[name] === value) return;
    this.signals[name] = value;
    try {
      this.view.signal(name, value);
    } catch { /* a parameter that only the browser's own drawing uses */ }
  }

  /**
   * @param {number} width
   * @param {number} height
   * @returns {boolean}
   */
  resize(width, height) {
    if (this.width === width && this.height === height) return false;
    Object.assign(this, { width, height });
    this.view.width(width).height(height);
    return true;
  }

  /**
   * Make the tuples of a dataset equal to groups [key, count, write(tuple, i)], reusing the objects that are there.
   * @param {string} name
   * @param {Group[]} groups
   */
  feed(name, groups) {
    const pools = this.pools.get(name) ?? new Map(), seen = new Set();
    /** @type {Tuple[]} */
    const fresh = [];
    /** @type {Tuple[]} */
    const surplus = [];
    this.pools.set(name, pools);
    for (const [key, count, write] of groups) {
      /** @type {Tuple[]} */
      const pool = pools.get(key) ?? [];
      pools.set(key, pool);
      seen.add(key);
      if (pool.length > count) surplus.push(...pool.splice(count));
      while (pool.length < count) {
        /** @type {Tuple} */
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
    counter.views -= 1;
  }
}
