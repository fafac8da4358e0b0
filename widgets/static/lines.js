// Panels with lines: which range the axes show, labels at the ends that do not overlap, zoom by dragging, values under the pointer.

import { fitted } from "./elements.js";
import { pointAt } from "./light.js";
import { roundUp, short } from "./numbers.js";
import { decades, settled } from "./ranges.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { Line } from "./pyramid.js"
 * @import { LinesMeta, Range } from "./shapes.d.ts"
 */

/** @typedef {{ key: number, line: Line, rows: number[], inside: number[] }} Drawn */

/** @type {Range} */
const NO_RANGE = [1, 2]; // while nothing is drawn
const LABEL_HEIGHT = 15;
const SWAPS = 0.6; // of its height: how far a label must be past the next one before they change places

/**
 * Push label centres apart so that each has its room, inside 0..height; from the top down in this order.
 * @param {number[]} centres
 * @param {number[]} rooms
 * @param {number} height
 * @param {number[]} [order] by height, unless the labels have had an order before
 * @returns {number[]}
 */
export function apart(
  centres,
  rooms,
  height,
  order = centres.map((_, i) => i).sort((i, j) => centres[i] - centres[j]),
) {
  const placed = [...centres];
  const squeeze = Math.min(1, height / Math.max(1, rooms.reduce((sum, room) => sum + room, 0)));
  /** @param {number} i */
  const half = (i) => (rooms[i] * squeeze) / 2;
  let least = 0;
  for (const i of order) {
    placed[i] = Math.max(placed[i], least + half(i));
    least = placed[i] + half(i);
  }
  let most = height;
  for (const i of [...order].reverse()) {
    placed[i] = Math.min(placed[i], most - half(i));
    most = placed[i] - half(i);
  }
  return placed;
}

/**
 * The order of labels from the top down. Two that had one keep it until they are clearly the other way round: curves that touch must
 * not make their names jump.
 * @param {number[]} keys
 * @param {number[]} centres
 * @param {number[]} before the keys in their earlier order
 * @param {number} slack how much clearly is
 * @returns {number[]} places in `keys`
 */
export function steadyOrder(keys, centres, before, slack) {
  const rank = keys.map((key) => before.indexOf(key)), order = keys.map((_, i) => i);
  order.sort((i, j) => centres[i] - centres[j]);
  for (let pass = 0; pass < order.length; pass++) {
    for (let n = 1; n < order.length; n++) {
      const [i, j] = [order[n - 1], order[n]], known = rank[i] >= 0 && rank[j] >= 0;
      if (known && rank[i] > rank[j] && centres[j] - centres[i] < slack) [order[n - 1], order[n]] = [j, i];
    }
  }
  return order;
}

/**
 * A label as one line, or as two where one is wider than its room.
 * @param {string} text
 * @param {number} room
 * @param {CanvasRenderingContext2D} context
 * @returns {string[]}
 */
export function wrapped(text, room, context) {
  /** @param {string} part */
  const fits = (part) => context.measureText(part).width <= room;
  const cuts = [...text.matchAll(/ /g)].map(({ index }) => index).reverse();
  const cut = fits(text) ? undefined : cuts.find((index) => index > 1 && fits(text.slice(0, index)));
  return cut === undefined ? [text] : [text.slice(0, cut), text.slice(cut + 1)];
}

export class Lines {
  /** What the axes show. @type {{ x: Range | null, y: Range | null }} */
  range = { x: null, y: null };
  /** What the data alone need of the axis of y. @type {Range | null} */
  needed = null;
  /** The keys of the labels from the top down. @type {number[]} */
  order = [];
  /** What is drawn: rows, and those of them inside the zoomed window. @type {Drawn[]} */
  drawn = [];
  /** Series that light, because their term or control is pointed at. @type {Set<number>} */
  lit = new Set();
  /** Where the curves' names are: series, middle and height. @type {{ key: number, at: number, room: number }[]} */
  names = [];
  /** Where the pointer is, and where a drag began. @type {number | undefined} */
  at;
  /** @type {number | undefined} */
  start;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
  }

  get meta() {
    return this.panel.plot.meta;
  }

  get series() {
    return this.meta.series ?? [];
  }

  /** How the lines are drawn. */
  get how() {
    return /** @type {LinesMeta} */ (this.meta.datasets.lines);
  }

  /** @returns {Range|null} */
  window() {
    return this.panel.channel.windows.get(this.meta.x.zoom ?? "") ?? null;
  }

  /**
   * @param {number} key
   * @returns {boolean}
   */
  visible(key) {
    const one = this.series[key];
    return Boolean(one) && (!one.when || Boolean(this.panel.params[one.when]));
  }

  /** Feed the lines, then set the ranges and labels that follow from what is drawn. */
  paint() {
    const { plot, store } = this.panel, { how } = this, log = this.meta.y.scale === "log";
    const [from, to] = this.window() ?? [NaN, NaN];
    this.drawn = [];
    for (const [key, line] of store.lines.lines ?? []) {
      if (this.visible(key) && line.size) {
        const rows = line.drawn(from, to), xs = line.columns[line.x];
        this.drawn.push({ key, line, rows, inside: rows.filter((row) => !(xs[row] < from || xs[row] > to)) });
      }
    }
    this.drawn.sort((a, b) => a.key - b.key);
    plot.feed(
      "lines",
      this.drawn.map(({ key, line, rows }) => [key, rows.length, (tuple, i) => {
        for (const name of line.names) tuple[name] = line.columns[name][rows[i]];
        if (log) {
          for (const name of [how.y, ...(how.band ?? [])]) tuple[name] = Math.max(Number(tuple[name]), 1e-30);
        }
      }]),
    );
    this.setRanges(how);
    this.label(how);
  }

  /** @param {LinesMeta} how */
  setRanges(how) {
    /** @type {Range} */
    const xs = [Infinity, -Infinity];
    /** @type {number[]} */
    const ys = [];
    /** @type {number[]} */
    const tops = [];
    const { open = Infinity } = how;
    for (const { line, inside: rows } of this.drawn) {
      if (!rows.length) continue;
      const x = line.columns[how.x], y = line.columns[how.y], top = how.band ? line.columns[how.band[1]] : y;
      xs[0] = Math.min(xs[0], x[rows[0]]);
      xs[1] = Math.max(xs[1], x[rows[rows.length - 1]]);
      for (const row of rows) {
        ys.push(y[row]);
        tops.push(top[row] >= open ? y[row] : top[row]);
      }
    }
    for (const value of this.panel.store.clouds.levels?.value ?? []) {
      if (ys.length) [ys, tops].forEach((list) => list.push(value)); // yardsticks are seen
    }
    if (!ys.length) Object.assign(this, { range: { x: null, y: null }, needed: null });
    const log = this.meta.y.scale === "log";
    const [first, last] = this.meta.x.zoom ? this.span() : xs;
    this.range.x = this.window() ??
      (first <= last ? this.wide(first, last) : this.meta.x.scale === "log" ? [1, 64] : [0, 100]);
    const held = this.panel.params.frozen && this.range.y;
    this.needed = ys.length ? settled(this.needed, ...this.tall(ys, tops, log), log) : log ? [0.01, 1] : [-1, 0];
    if (!held) this.range.y = log ? decades(this.needed) : this.needed;
    const { x, y } = this.range;
    for (const [name, value] of Object.entries({ xLow: x?.[0], xHigh: x?.[1], yLow: y?.[0], yHigh: y?.[1] })) {
      this.panel.plot.signal(name, value);
    }
    this.align();
  }

  /** The other charts whose zoom this one shares: their axes of x are one. */
  companions() {
    const all = [...this.panel.channel.charts.values()].flatMap((painters) => [...painters]);
    return all.filter((other) =>
      other.built?.meta.x.zoom && other.built.meta.x.zoom === this.meta.x.zoom && other.kind?.range
    );
  }

  /**
   * Lowest and highest x of all lines on the shared axis.
   * @returns {Range}
   */
  span() {
    /** @type {Range} */
    const xs = [Infinity, -Infinity];
    for (const { kind, store } of this.companions()) {
      for (const [key, line] of store.lines.lines ?? []) {
        if (!kind?.visible?.(key) || !line.size) continue;
        const column = line.columns[line.x];
        xs[0] = Math.min(xs[0], column[0]);
        xs[1] = Math.max(xs[1], column[line.size - 1]);
      }
    }
    return xs;
  }

  /** Take the companions along where this chart's data moved the shared axis. */
  align() {
    if (!this.meta.x.zoom) return;
    for (const other of this.companions()) {
      const here = this.range.x, there = other.kind?.range?.x;
      if (other.kind !== this && (there?.[0] !== here?.[0] || there?.[1] !== here?.[1])) {
        other.zoomed?.(this.meta.x.zoom);
      }
    }
  }

  /**
   * @param {number} low
   * @param {number} high
   * @returns {Range}
   */
  wide(low, high) {
    if (this.meta.x.scale === "log") return [low / 1.12, Math.max(high, low * 2) * 1.12];
    return [low < 0.1 * high ? Math.min(0, low) : low, roundUp(Math.max(high, 10))];
  }

  /**
   * Lowest and highest value to show; a long fall at the start must not flatten the rest.
   * @param {number[]} ys
   * @param {number[]} tops
   * @param {boolean} log
   * @returns {Range}
   */
  tall(ys, tops, log) {
    const order = Float64Array.from(ys).sort(), count = order.length;
    const high = Float64Array.from(tops).sort()[count - 1];
    let low = order[0];
    if (count < 3 && !log) { // what cannot vary yet does not fill the panel with digits
      const room = 0.05 * Math.max(1, Math.abs(high));
      return [low - room, high + room];
    }
    if (log) {
      low = order.find((value) => value > 0) ?? 0.01;
      return [low / 1.3, Math.max(Math.min(high, order[count - 1] * 4), low * 2)];
    }
    if (this.meta.y.robust && count > 60) {
      const early = order[Math.floor(0.05 * count)];
      if (high - low > 2.5 * (high - early)) low = early;
    }
    return [low, high];
  }

  /**
   * @param {"x"|"y"} axis
   * @param {number} value
   * @returns {number}
   */
  pixel(axis, value) {
    const f = this.meta[axis].scale === "log" ? Math.log : Number, [low, high] = (this.range[axis] ?? NO_RANGE).map(f);
    const part = (f(value) - low) / (high - low);
    return axis === "x" ? part * this.panel.plot.width : (1 - part) * this.panel.plot.height;
  }

  /**
   * @param {number} pixel
   * @returns {number}
   */
  value(pixel) {
    const log = this.meta.x.scale === "log", [low, high] = (this.range.x ?? NO_RANGE).map(log ? Math.log : Number);
    const found = low + (pixel / this.panel.plot.width) * (high - low);
    return log ? Math.exp(found) : found;
  }

  /** @param {LinesMeta} how */
  label(how) {
    if (!this.meta.datasets.ends) return; // a legend beside the chart has the names
    const { plot, params } = this.panel, ends = this.drawn.filter(({ inside }) => inside.length);
    /** @param {number} pixel */
    const clipped = (pixel) => Math.min(Math.max(pixel, 0), plot.height);
    const ruler = this.panel.ruler(),
      words = ends.map(({ key }) => {
        const { label } = this.series[key];
        const room = this.meta.padding.right - 8;
        return wrapped(params.active === key ? `▸ ${label}` : label, room, ruler).map((part) =>
          fitted(ruler, part, room)
        );
      });
    const tall = LABEL_HEIGHT * this.panel.factor, keys = ends.map(({ key }) => key);
    const centres = ends.map(({ line, inside }) =>
      clipped(this.pixel("y", line.columns[how.y][inside[inside.length - 1]]))
    );
    const order = steadyOrder(keys, centres, this.order, SWAPS * tall);
    this.order = order.map((i) => keys[i]);
    const places = apart(centres, words.map((lines) => lines.length * tall), plot.height, order);
    this.names = ends.map(({ key }, i) => ({ key, at: places[i], room: words[i].length * tall }));
    /** @param {number} i */
    const first = (i) => places[i] - ((words[i].length - 1) * tall) / 2; // its first line is at py
    plot.feed(
      "ends",
      ends.map(({ key }, i) => [key, 1, (tuple) => {
        Object.assign(tuple, {
          series: key,
          ink: this.series[key].ink,
          px: plot.width + 6,
          py: first(i),
          label: words[i],
        });
      }]),
    );
  }

  // pointer -------------------------------------------------------------------------------------------------------------------

  /** @param {number} x */
  move(x) {
    this.at = x;
    this.overlay();
  }

  out() {
    this.at = undefined;
    this.overlay();
  }

  /**
   * Outside the plot: a curve's name lights its terms and controls.
   * @param {number} x
   * @param {number} y
   */
  beside(x, y) {
    const { width } = this.panel.plot,
      named = this.names.find(({ at, room }) => x > width && Math.abs(y - at) <= room / 2),
      light = named && this.series[named.key].light;
    if (light || this.lit.size) pointAt(this.panel.box, light ? [light] : []);
  }

  /** @param {string[]} names what is lit now */
  light(names) {
    const before = this.lit.size;
    this.lit = new Set(this.series.flatMap(({ light }, key) => light && names.includes(light) ? [key] : []));
    if (before || this.lit.size) this.overlay();
  }

  /** @param {number} x */
  press(x) {
    this.start = this.meta.x.zoom ? x : undefined;
  }

  /** @param {number} x */
  release(x) {
    const start = this.start;
    this.start = undefined;
    if (start === undefined || Math.abs(x - start) < 6) return this.overlay();
    const [from, to] = [this.value(Math.min(start, x)), this.value(Math.max(start, x))];
    this.zoom([from, to]);
  }

  /** @param {Range|null} range */
  zoom(range) {
    const { channel } = this.panel, group = this.meta.x.zoom;
    if (!group) return;
    if (range) channel.windows.set(group, range);
    else channel.windows.delete(group);
    for (const painters of channel.charts.values()) for (const other of painters) other.zoomed?.(group);
    this.panel.send({ kind: "zoom", low: range?.[0] ?? null, high: range?.[1] ?? null });
  }

  /** Draw what belongs to the pointer: the dragged range, or a rule with the values at that step. */
  overlay() {
    const { plot } = this.panel;
    const lonely = this.drawn.filter(({ inside }) => inside.length === 1); // a line of one point would not be seen
    const lit = this.drawn.filter(({ key }) => this.lit.has(key)), cut = this.drawn.length ? this.cut : undefined;
    const nothing = !this.window() && !lonely.length && !lit.length && cut === undefined;
    if (nothing && (this.at === undefined || !this.drawn.length)) return this.panel.wipe();
    const context = this.panel.pen();
    if (cut !== undefined) this.curtain(context, cut);
    for (const one of lit) this.glow(context, one);
    for (const { key, line, inside } of lonely) this.dot(context, key, line, inside[0]);
    if (this.window()) this.write(context, plot.width - 4, plot.height - 6, "zoomed · double-click to see all");
    if (this.at === undefined || !this.drawn.length) return;
    context.fillStyle = context.strokeStyle = this.panel.ink(0.7);
    if (this.start !== undefined && Math.abs(this.at - this.start) >= 2) {
      context.globalAlpha = 0.15;
      context.fillRect(Math.min(this.start, this.at), 0, Math.abs(this.at - this.start), plot.height);
      context.globalAlpha = 1;
      return;
    }
    this.readout(context, this.at);
  }

  /** The step that replay shows, where it is not the newest one. */
  get cut() {
    const { cut = -1 } = this.panel.params;
    return this.meta.x.zoom && cut >= 0 ? cut : undefined;
  }

  /**
   * What comes after the replayed step fades; a rule and the values at that step.
   * @param {CanvasRenderingContext2D} context
   * @param {number} step
   */
  curtain(context, step) {
    const { width, height } = this.panel.plot, at = Math.min(Math.max(this.pixel("x", step), 0), width);
    context.globalAlpha = 0.72;
    context.fillStyle = this.panel.paper();
    context.fillRect(at, 0, width - at, height);
    context.globalAlpha = 1;
    context.fillStyle = this.panel.ink(0.7);
    context.fillRect(at - 1, 0, 2, height);
    for (const { key, line } of this.drawn) {
      const row = line.last(step);
      if (row >= 0) this.dot(context, key, line, row);
    }
    if (this.at !== undefined) return;
    const words = `step ${step.toLocaleString("en")}`, wide = context.measureText(words).width + 8;
    this.write(context, at > wide ? at - 6 : Math.min(width, at + wide), 12, words);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} at
   */
  readout(context, at) {
    const { plot } = this.panel, { how } = this, wanted = this.value(at);
    const found = this.drawn.map(({ key, line }) => {
      const row = line.nearest(wanted);
      return { key, line, row, x: line.columns[how.x][row] };
    });
    const { x } = found.reduce((best, one) => (Math.abs(one.x - wanted) < Math.abs(best.x - wanted) ? one : best));
    const px = this.pixel("x", x);
    context.fillRect(px, 0, 1, plot.height);
    const words = [[`${this.meta.x.word} ${short(x)}`, this.panel.ink(1)]];
    for (const { key, line, row } of found) {
      words.push([this.worded(line, row), this.series[key].ink]);
      this.dot(context, key, line, row);
    }
    const widths = words.map(([text]) => context.measureText(text).width + 10),
      total = widths.reduce((a, b) => a + b, 0);
    let left = Math.max(0, Math.min(px - total / 2, plot.width - total));
    context.fillStyle = this.panel.paper();
    context.fillRect(left - 2, 0, total, 16);
    words.forEach(([text, colour], i) => {
      context.fillStyle = colour;
      context.fillText(text, left + 3, 12);
      left += widths[i];
    });
  }

  /**
   * A broad stroke along a curve that lights.
   * @param {CanvasRenderingContext2D} context
   * @param {Drawn} one
   */
  glow(context, { key, line, inside }) {
    const xs = line.columns[this.how.x], ys = line.columns[this.how.y], { width, height } = this.panel.plot;
    context.save();
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    context.beginPath();
    for (const row of inside) context.lineTo(this.pixel("x", xs[row]), this.pixel("y", ys[row]));
    Object.assign(context, { strokeStyle: this.series[key].color, lineWidth: 7, globalAlpha: 0.4, lineJoin: "round" });
    context.stroke();
    context.restore();
  }

  /**
   * A value; where its band is open upwards, only its lower limit is known.
   * @param {Line} line
   * @param {number} row
   * @returns {string}
   */
  worded({ columns }, row) {
    const { y, band, open = Infinity } = this.how;
    return band && columns[band[1]][row] >= open ? `≥ ${short(columns[band[0]][row])}` : short(columns[y][row]);
  }

  /**
   * One value of a line as a dot in its colour.
   * @param {CanvasRenderingContext2D} context
   * @param {number} key
   * @param {Line} line
   * @param {number} row
   */
  dot(context, key, line, row) {
    const { how } = this, py = this.pixel("y", line.columns[how.y][row]);
    context.fillStyle = this.series[key].color;
    context.beginPath();
    context.arc(this.pixel("x", line.columns[how.x][row]), py, 3, 0, 7);
    if (py >= 0 && py <= this.panel.plot.height) context.fill();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} right
   * @param {number} bottom
   * @param {string} text
   */
  write(context, right, bottom, text) {
    const left = right - context.measureText(text).width;
    context.fillStyle = this.panel.paper();
    context.fillRect(left - 3, bottom - 11, right - left + 6, 15);
    context.fillStyle = this.panel.ink(0.75);
    context.fillText(text, left, bottom);
  }
}
