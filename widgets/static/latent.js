// The latent space under the pointer: what would the decoder draw here? A grid that was decoded before answers at once (bilinear),
// the exact decode follows (newest wins). A click pins a place, a second one makes a path; a drag selects the data inside.
// (latent_drawing.js adds what is drawn over the map.)

const NEAR = 9; // pixels
const ASK_EVERY = 33; // ms between two questions to the kernel
const LEAST = 12; // ms between two pictures drawn ahead of the browser's frame
const GIVE_UP = 600; // ms after which an answer is no longer waited for
const REST = 14; // pixels the pointer must leave a path's last pin before the path's picture makes room
const STROKE = 3; // pixels between two corners of a lasso
const NOBODY = new Set();

class Latent {
  constructor(panel) {
    this.panel = panel;
    this.palette = new Palette(panel);
    this.card = new Card(panel, { draw: () => this.drawFromQ(), release: () => this.letGo() });
    panel.box.tabIndex = 0;
    this.asked = this.answered = this.askedAt = this.seed = 0;
    this.pins = [];
    this.chosen = new Set();
    this.run = panel.params.run ?? 0;
  }

  get cloud() {
    return this.panel.store.clouds.cloud;
  }

  // what came from Python -----------------------------------------------------------------------------------------------------

  note(message, buffers) {
    if (message.kind === "grid") {
      this.card.setGrid(message, buffers[0]);
      this.card.table = null;
      if (message.names) this.card.setFeatures(message, buffers[1]);
      this.exact = null;
      this.show();
    } else if (message.kind === "strip") {
      if (message.walk === "path" && this.pins.length < 2) return; // an answer that came after it was let go
      if (message.walk === "dimension" && !(this.strip?.walk === "dimension")) this.pins = [];
      this.card.setStrip(message, ...buffers);
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
    this.domain = Array.isArray(params.domain) ? params.domain : [-3, 3, -3, 3];
    ["xLow", "xHigh", "yLow", "yHigh"].forEach((name, i) => plot.signal(name, this.domain[i]));
    this.known = store.statics.cloud;
    if (this.run !== (params.run ?? 0)) { // no other one: everything comes again after a page was hidden, too
      this.run = params.run ?? 0;
      this.forget();
    }
    this.relabel();
    const less = this.card.score(params.scores); // room for the picture
    if (less || this.at || this.pins.length || this.chosen.size || this.known !== before) this.show(); // the overview changes with the grid
  }

  /** Colour and strength of one point of the cloud. */
  dress(name, tuple, i, cloud) {
    if (name !== "cloud") return;
    tuple.color = this.palette.of((cloud.value ?? cloud.label)?.[i] ?? 0);
    tuple.alpha = !this.chosen.size ? 0.65 : this.chosen.has(i) ? 0.9 : 0.12;
  }

  show() {
    const exact = this.at && this.exact?.id === this.asked && this.at.key === this.askedKey ? this.exact.values : null;
    const pin = this.pins.length === 1 ? this.place(this.pins[0]) : null;
    this.card.buttons({ draw: pin?.row >= 0, release: this.pins.length || this.chosen.size || this.strip });
    const chosen = this.cloud?.x && this.panel.store.statics.cloud?.images ? this.chosen : NOBODY; // a run begins: they come again
    this.card.show(this.at ?? (this.strip || chosen.size ? null : pin), exact, chosen);
  }

  fit() {
    this.relabel();
    this.show();
  }

  // pointer and keys ----------------------------------------------------------------------------------------------------------

  pixel(x, y) {
    const { width, height } = this.panel.plot, [a, b, c, d] = this.domain;
    return [((x - a) / (b - a)) * width, (1 - (y - c) / (d - c)) * height];
  }

  point(px, py) {
    const { width, height } = this.panel.plot, [a, b, c, d] = this.domain;
    return [a + (px / width) * (b - a), c + (1 - py / height) * (d - c)];
  }

  /** Where a pin is now: a datum's moves with its mean. */
  place({ x, y, row }) {
    return row >= 0 && row < (this.cloud?.x?.length ?? 0) ? { x: this.cloud.x[row], y: this.cloud.y[row], row } : { x, y, row: -1 };
  }

  /** The pointer moved, told at once: `pointermove` waits for the browser's next frame, behind everything that paints. */
  hasten(px, py, event) {
    if (performance.now() - (this.aimedAt ?? 0) > LEAST) this.move(px, py, event);
  }

  move(px, py, event) {
    if (this.pointer?.x === px && this.pointer.y === py) return;
    this.pointer = { x: px, y: py };
    if (this.drag) return this.pull(px, py);
    if (this.still && Math.hypot(px - this.still.x, py - this.still.y) < REST) return;
    this.still = null;
    this.aimedAt = performance.now();
    this.aim(...this.point(px, py));
    if (!event?.timeStamp) return;
    const times = counters().hoverMs;
    times.push(performance.now() - event.timeStamp);
    if (times.length > 100) times.shift();
  }

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

  press(px, py, event) {
    this.drag = { path: [[px, py]], more: event?.shiftKey ?? false };
  }

  pull(px, py) {
    const [x, y] = this.drag.path.at(-1);
    if (Math.hypot(px - x, py - y) < STROKE) return;
    this.drag.path.push([px, py]);
    this.at = null;
    this.overlay();
  }

  release(px, py) {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (drag.path.length > 3) this.choose(this.inside(drag.path), drag.more);
    else this.pin(px, py);
    this.overlay();
  }

  /** Pin a place, or let go of the one that is pinned here; with two there is a path between them. */
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
    if (row >= 0) this.panel.send({ kind: "draw", row, seed: (this.seed += 1) });
  }

  /** Another run: rows and places of the one before mean nothing. */
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

  key(event) {
    const [a, b, c, d] = this.domain, now = this.at ?? (this.pins[0] && this.place(this.pins[0])) ?? { x: (a + b) / 2, y: (c + d) / 2 };
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
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

  /** At most one question is under way; the newest place is asked next. Near a datum, its own mean is asked. */
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
}
