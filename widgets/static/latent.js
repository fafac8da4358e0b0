// The latent space under the pointer: what would the decoder draw here? A grid that was decoded before answers at once (bilinear),
// the exact decode follows (newest wins). A click pins a place, a second one makes a path; a drag selects the data inside.

import { Card } from "./card.js";
import { counter } from "./counters.js";
import { bilinear, floatsOf, isVector, numbersOf } from "./decoded.js";
import { within } from "./lasso.js";
import { drawOverlay } from "./latent_drawing.js";
import { Palette } from "./palette.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { Columns, Message, Pair, Place, Tuple } from "./shapes.d.ts"
 */

const NEAR = 9; // pixels
const ASK_EVERY = 33; // ms between two questions to the kernel
const LEAST = 12; // ms between two pictures drawn ahead of the browser's frame
const GIVE_UP = 600; // ms after which an answer is no longer waited for
const REST = 14; // pixels the pointer must leave a path's last pin before the path's picture makes room
const STROKE = 3; // pixels between two corners of a lasso
/** @type {number[]} */
const HOME = [-3, 3, -3, 3]; // the ranges while no others are known
/** @type {Set<number>} */
const NOBODY = new Set();

/** @type {Partial<Record<string, Pair>>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @typedef {Place & { key: number }} Aim where the pointer is; every place has another key */

export class Latent {
  /** @type {Aim | null} */
  at = null;
  /** The pointer in pixels. @type {{ x: number, y: number } | null} */
  pointer = null;
  /** Where the pointer rests at the end of a path. @type {{ x: number, y: number } | null} */
  still = null;
  /** A lasso that is being drawn; with `more` it adds to the selection. @type {{ path: Pair[], more: boolean } | null} */
  drag = null;
  /** At most two. @type {Place[]} */
  pins = [];
  /** The rows that are selected. @type {Set<number>} */
  chosen = new Set();
  /** The ranges of x and y: low, high, low, high. @type {number[] | null} */
  domain = null;
  /** The fixed columns of the cloud that were painted last. @type {Columns | undefined} */
  known;
  /** The answer of the kernel to a question with this number. @type {{ id: number, values: Float32Array } | null} */
  exact = null;
  /** Numbers of the question that was asked and of the one that was answered last. */
  asked = 0;
  answered = 0;
  /** When the last question was asked, in ms, and the key of its place. */
  askedAt = 0;
  /** @type {number | undefined} */
  askedKey;
  /** When the pointer was followed last, in ms. */
  aimedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  later;
  seed = 0;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.palette = new Palette(panel);
    this.card = new Card(panel, { draw: () => this.drawFromQ(), release: () => this.letGo() });
    panel.box.tabIndex = 0;
    this.run = panel.params.run ?? 0;
  }

  get cloud() {
    return this.panel.store.clouds.cloud;
  }

  // what came from Python -----------------------------------------------------------------------------------------------------

  /**
   * @param {Message} message
   * @param {DataView<ArrayBuffer>[]} buffers
   */
  note(message, buffers) {
    if (message.kind === "grid") {
      this.card.setGrid(message, buffers[0]);
      this.card.table = null;
      if (message.names) this.card.setTable(message, buffers[1]);
      this.exact = null;
      this.show();
    } else if (message.kind === "strip") {
      if (message.walk === "path" && this.pins.length < 2) return; // an answer that came after it was let go
      if (message.walk === "dimension" && !(this.strip?.walk === "dimension")) this.pins = [];
      this.card.setStrip(message, buffers[0], buffers[1]);
      this.show();
      this.overlay();
    } else if (message.kind === "selection") {
      this.chosen = new Set(floatsOf(buffers[0]));
      if (this.panel.plot) this.panel.repaint();
      this.show();
    } else if (message.kind === "decoded" && message.id >= this.answered && this.card.grid) {
      this.answered = message.id;
      this.exact = { id: message.id, values: numbersOf(buffers[0], this.card.grid.size) };
      if (message.id === this.asked) this.show();
      this.ask();
    }
  }

  get strip() {
    return this.card.strip;
  }

  relabel() {
    this.palette.key(this.card.names, (i) => this.chooseClass(i));
  }

  paint() {
    const { plot, params, store } = this.panel, before = this.known;
    const domain = this.domain = Array.isArray(params.domain) ? params.domain : HOME;
    ["xLow", "xHigh", "yLow", "yHigh"].forEach((name, i) => plot.signal(name, domain[i]));
    this.known = store.statics.cloud;
    if (this.run !== (params.run ?? 0)) { // no other one: everything comes again after a page was hidden, too
      this.run = params.run ?? 0;
      this.forget();
    }
    this.relabel();
    const less = this.card.score(params.scores); // room for the picture
    if (less || this.at || this.pins.length || this.chosen.size || this.known !== before) this.show(); // the overview changes with the grid
  }

  /**
   * Colour and strength of one point of the cloud.
   * @param {string} name
   * @param {Tuple} tuple
   * @param {number} i
   * @param {Columns} cloud
   */
  dress(name, tuple, i, cloud) {
    if (name !== "cloud") return;
    tuple.color = this.palette.of((cloud.value ?? cloud.label)?.[i] ?? 0);
    tuple.alpha = !this.chosen.size ? 0.65 : this.chosen.has(i) ? 0.9 : 0.12;
  }

  show() {
    const exact = this.at && this.exact?.id === this.asked && this.at.key === this.askedKey ? this.exact.values : null;
    const pin = this.pins.length === 1 ? this.place(this.pins[0]) : null;
    this.card.buttons({
      draw: pin !== null && pin.row >= 0,
      release: this.pins.length > 0 || this.chosen.size > 0 || this.strip !== null,
    });
    const chosen = this.cloud?.x && this.panel.store.statics.cloud?.images ? this.chosen : NOBODY; // a run begins: they come again
    this.card.show(this.at ?? (this.strip || chosen.size ? null : pin), exact, chosen);
  }

  fit() {
    this.relabel();
    this.show();
  }

  // pointer and keys ----------------------------------------------------------------------------------------------------------

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Pair}
   */
  pixel(x, y) {
    const { width, height } = this.panel.plot, [a, b, c, d] = this.domain ?? HOME;
    return [((x - a) / (b - a)) * width, (1 - (y - c) / (d - c)) * height];
  }

  /**
   * @param {number} px
   * @param {number} py
   * @returns {Pair}
   */
  point(px, py) {
    const { width, height } = this.panel.plot, [a, b, c, d] = this.domain ?? HOME;
    return [a + (px / width) * (b - a), c + (1 - py / height) * (d - c)];
  }

  /**
   * Where a pin is now: a data point's pin moves with its mean.
   * @param {Place} pin
   * @returns {Place}
   */
  place({ x, y, row }) {
    const { cloud } = this;
    return cloud?.x && row >= 0 && row < cloud.x.length ? { x: cloud.x[row], y: cloud.y[row], row } : { x, y, row: -1 };
  }

  /**
   * The pointer moved, reported at once: `pointermove` waits for the browser's next frame, behind everything that paints.
   * @param {number} px
   * @param {number} py
   * @param {PointerEvent} event
   */
  hasten(px, py, event) {
    if (performance.now() - (this.aimedAt ?? 0) > LEAST) this.move(px, py, event);
  }

  /**
   * @param {number} px
   * @param {number} py
   * @param {PointerEvent} event
   */
  move(px, py, event) {
    if (this.pointer?.x === px && this.pointer.y === py) return;
    this.pointer = { x: px, y: py };
    if (this.drag) return this.pull(this.drag.path, px, py);
    if (this.still && Math.hypot(px - this.still.x, py - this.still.y) < REST) return;
    this.still = null;
    this.aimedAt = performance.now();
    this.aim(...this.point(px, py));
    if (!event?.timeStamp) return;
    const times = counter.hoverMs;
    times.push(performance.now() - event.timeStamp);
    if (times.length > 100) times.shift();
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  aim(x, y) {
    this.at = { x, y, row: this.nearest(x, y), key: (this.at?.key ?? this.askedKey ?? 0) + 1 };
    this.exact = null;
    this.show();
    this.overlay();
    this.ask();
  }

  out() {
    if (!this.at) return;
    this.at = this.pointer = this.still = null;
    this.exact = null;
    clearTimeout(this.later);
    this.panel.send({ kind: "leave" });
    this.show();
    this.overlay();
  }

  /**
   * @param {number} px
   * @param {number} py
   * @param {PointerEvent} event
   */
  press(px, py, event) {
    this.drag = { path: [[px, py]], more: event?.shiftKey ?? false };
  }

  /**
   * @param {Pair[]} path
   * @param {number} px
   * @param {number} py
   */
  pull(path, px, py) {
    const [x, y] = path[path.length - 1];
    if (Math.hypot(px - x, py - y) < STROKE) return;
    path.push([px, py]);
    this.at = null;
    this.overlay();
  }

  /**
   * @param {number} px
   * @param {number} py
   */
  release(px, py) {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (drag.path.length > 3) this.choose(this.inside(drag.path), drag.more);
    else this.pin(px, py);
    this.overlay();
  }

  /**
   * Pin a place, or release the one that is pinned here; with two there is a path between them.
   * @param {number} px
   * @param {number} py
   */
  pin(px, py) {
    const [x, y] = this.point(px, py), row = this.nearest(x, y);
    const here = this.pins.findIndex((pin) => {
      const { x: u, y: v } = this.place(pin), [qx, qy] = this.pixel(u, v);
      return Math.hypot(qx - px, qy - py) < NEAR;
    });
    const kept = this.pins.filter((_, k) => k !== here);
    this.pins = here >= 0 ? kept : kept.length < 2 ? [...kept, { x, y, row }] : [{ x, y, row }];
    this.card.strip = null;
    if (this.pins.length === 2) {
      this.at = null;
      this.still = { x: px, y: py };
      this.between();
    }
    this.tellPins();
  }

  tellPins() {
    this.panel.send({ kind: "pins", places: this.pins.flatMap(({ x, y, row }) => [x, y, row]) });
    this.show();
    this.overlay();
  }

  drawFromQ() {
    const row = this.pins.length === 1 ? this.pins[0].row : -1;
    if (row >= 0) this.panel.send({ kind: "draw", row, seed: this.seed += 1 });
  }

  /** Another run: rows and places of the previous one are meaningless. */
  forget() {
    this.pins = [];
    this.card.strip = this.at = null;
  }

  letGo() {
    const marked = this.chosen.size > 0;
    this.forget();
    this.tellPins();
    if (marked) this.choose([], false);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const [a, b, c, d] = this.domain ?? HOME,
      now = this.at ?? (this.pins[0] && this.place(this.pins[0])) ?? { x: (a + b) / 2, y: (c + d) / 2 };
    const by = STEPS[event.key];
    /** @param {number} from @param {number} step @param {number} low @param {number} high */
    const walk = (from, step, low, high) => Math.min(high, Math.max(low, from + (step * (high - low)) / 20));
    if (by) this.aim(walk(now.x, by[0], a, b), walk(now.y, by[1], c, d));
    else if (event.key === "Enter") this.pin(...this.pixel(now.x, now.y));
    else if (event.key === "s") this.drawFromQ();
    else if (event.key === "Escape") {
      this.out();
      this.letGo();
    } else return;
    event.preventDefault();
  }

  /** At most one request is pending; the newest place is requested next. Near a data point, its own mean is requested. */
  ask() {
    if (!this.at || this.at.key === this.askedKey) return;
    const now = performance.now(), open = this.asked > this.answered ? GIVE_UP - (now - this.askedAt) : 0;
    const wait = Math.max(ASK_EVERY - (now - this.askedAt), open);
    clearTimeout(this.later);
    if (wait > 0) {
      this.later = setTimeout(() => this.ask(), wait);
      return;
    }
    this.askedKey = this.at.key;
    this.askedAt = now;
    this.asked += 1;
    const { x, y } = this.place(this.at);
    this.panel.send({ kind: "hover", x, y, row: this.at.row, id: this.asked });
  }

  // which data ----------------------------------------------------------------------------------------------------------------

  /**
   * The row of the data point near a place, or -1.
   * @param {number} x
   * @param {number} y
   * @returns {number}
   */
  nearest(x, y) {
    const { cloud } = this;
    if (!cloud?.x) return -1;
    const { width, height } = this.panel.plot,
      [a, b, c, d] = this.domain ?? HOME,
      [kx, ky] = [width / (b - a), height / (d - c)];
    let best = NEAR * NEAR, row = -1;
    for (let i = 0; i < cloud.x.length; i++) {
      const distance = ((cloud.x[i] - x) * kx) ** 2 + ((cloud.y[i] - y) * ky) ** 2;
      if (distance < best) [best, row] = [distance, i];
    }
    return row;
  }

  /**
   * The rows inside a path of pixels.
   * @param {Pair[]} path
   * @returns {number[]}
   */
  inside(path) {
    const { cloud } = this, rows = [];
    for (let i = 0; cloud?.x && i < cloud.x.length; i++) {
      if (within(path, ...this.pixel(cloud.x[i], cloud.y[i]))) rows.push(i);
    }
    return rows;
  }

  /**
   * Select rows, in addition to those already selected if `more`.
   * @param {number[]} rows
   * @param {boolean} more
   */
  choose(rows, more) {
    this.chosen = new Set(more ? [...this.chosen, ...rows] : rows);
    this.panel.send({ kind: "lasso", rows: [...this.chosen] });
    this.panel.repaint();
    this.show();
  }

  /**
   * The key's chip of a class was pressed: select its data, or deselect it.
   * @param {number} k
   */
  chooseClass(k) {
    const values = this.cloud?.value ?? this.panel.store.statics.cloud?.label ?? [];
    /** @type {number[]} */
    const rows = [];
    values.forEach((value, i) => {
      if (value === k) rows.push(i);
    });
    const same = rows.length === this.chosen.size && rows.every((i) => this.chosen.has(i));
    this.choose(same ? [] : rows, false);
  }

  /** The path's stops from the grid, until the exact ones come: right away where the map is the whole latent space. */
  between() {
    const { params } = this.panel, { grid } = this.card;
    if (!grid || isVector(grid.shape) || (params.size ?? 0) > 2) return;
    const [from, to] = this.pins.map((pin) => this.place(pin));
    const stops = Array.from(
      { length: 8 },
      (_, k) => [from.x + (k / 7) * (to.x - from.x), from.y + (k / 7) * (to.y - from.y)],
    );
    const values = Float32Array.from(stops.flatMap(([x, y]) => [...bilinear(grid, x, y)]));
    this.card.strip = {
      walk: "path",
      count: 8,
      values,
      shape: grid.shape,
      places: Float32Array.from(stops.flat()),
    };
  }

  overlay() {
    drawOverlay(this);
  }
}
