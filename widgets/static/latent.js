// The latent space under the pointer: what would the decoder draw here? A grid that was decoded before answers at once (bilinear),
// the exact decode follows (newest wins), and near a datum its posterior ellipse and its reconstruction are shown.

const NEAR = 9; // pixels
const ASK_EVERY = 33; // ms between two questions to the kernel
const LEAST = 12; // ms between two pictures drawn ahead of the browser's frame
const GIVE_UP = 600; // ms after which an answer is no longer waited for

class Latent {
  constructor(panel) {
    this.panel = panel;
    this.card = new Card(panel);
    panel.box.tabIndex = 0;
    this.asked = this.answered = this.askedAt = 0;
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
      this.card.setStrip(message, buffers[0]);
      this.pinned = null;
      this.show();
      this.overlay();
    } else if (message.kind === "decoded" && message.id >= this.answered && this.card.grid) {
      this.answered = message.id;
      this.exact = { id: message.id, values: numbersOf(buffers[0], this.card.grid.size) };
      if (message.id === this.asked) this.show();
      this.ask();
    }
  }

  relabel() {
    this.card.relabel();
  }

  paint() {
    const { plot, params, store } = this.panel, before = this.known;
    this.domain = Array.isArray(params.domain) ? params.domain : [-3, 3, -3, 3];
    ["xLow", "xHigh", "yLow", "yHigh"].forEach((name, i) => plot.signal(name, this.domain[i]));
    this.known = store.statics.cloud;
    if (this.at || this.pinned || this.known !== before) this.show(); // the overview changes with the grid
  }

  show() {
    const exact = this.at && this.exact?.id === this.asked && this.at.key === this.askedKey ? this.exact.values : null;
    this.card.show(this.at ?? this.pinned, exact);
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

  /** The pointer moved, told at once: `pointermove` waits for the browser's next frame, behind everything that paints. */
  hasten(px, py, event) {
    if (performance.now() - (this.aimedAt ?? 0) > LEAST) this.move(px, py, event);
  }

  move(px, py, event) {
    if (this.pointer?.x === px && this.pointer.y === py) return;
    this.pointer = { x: px, y: py };
    this.aimedAt = performance.now();
    this.aim(...this.point(px, py));
    if (!event?.timeStamp) return;
    const times = counters().hoverMs;
    times.push(performance.now() - event.timeStamp);
    if (times.length > 100) times.shift();
  }

  aim(x, y) {
    this.card.strip = null;
    this.at = { x, y, row: this.nearest(x, y), key: (this.at?.key ?? this.askedKey ?? 0) + 1 };
    this.exact = null;
    this.show();
    this.overlay();
    this.ask();
  }

  out() {
    if (!this.at) return;
    this.at = this.pointer = null;
    this.exact = null;
    clearTimeout(this.later);
    this.panel.send({ kind: "leave" });
    this.show();
    this.overlay();
  }

  /** Pin a place, or let go of the one that is pinned here. */
  press(px, py) {
    const [x, y] = this.point(px, py), [qx, qy] = this.pinned ? this.pixel(this.pinned.x, this.pinned.y) : [NaN, NaN];
    if (Math.hypot(qx - px, qy - py) < NEAR) {
      this.pinned = null;
      this.panel.send({ kind: "click", x: null, y: null, row: -1 });
    } else {
      this.pinned = { x, y, row: this.nearest(x, y) };
      this.panel.send({ kind: "click", ...this.pinned });
    }
    this.show();
    this.overlay();
  }

  key(event) {
    const [a, b, c, d] = this.domain, now = this.at ?? this.pinned ?? { x: (a + b) / 2, y: (c + d) / 2 };
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const walk = (from, step, low, high) => Math.min(high, Math.max(low, from + (step * (high - low)) / 20));
    if (by) this.aim(walk(now.x, by[0], a, b), walk(now.y, by[1], c, d));
    else if (event.key === "Enter") this.press(...this.pixel(now.x, now.y));
    else if (event.key === "Escape") this.out();
    else return;
    event.preventDefault();
  }

  /** The row of the datum near a place, or -1. */
  nearest(x, y) {
    const cloud = this.panel.store.clouds.cloud;
    if (!cloud?.x) return -1;
    const { width, height } = this.panel.plot, [a, b, c, d] = this.domain, [kx, ky] = [width / (b - a), height / (d - c)];
    let best = NEAR * NEAR, row = -1;
    for (let i = 0; i < cloud.x.length; i++) {
      const distance = ((cloud.x[i] - x) * kx) ** 2 + ((cloud.y[i] - y) * ky) ** 2;
      if (distance < best) [best, row] = [distance, i];
    }
    return row;
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
    const { row } = this.at, cloud = this.panel.store.clouds.cloud;
    const [x, y] = row >= 0 ? [cloud.x[row], cloud.y[row]] : [this.at.x, this.at.y];
    this.panel.send({ kind: "hover", x, y, row, id: this.asked });
  }

  // drawing -------------------------------------------------------------------------------------------------------------------

  overlay() {
    const context = this.panel.pen(), cloud = this.panel.store.clouds.cloud;
    this.titles(context);
    const where = this.at ?? this.pinned;
    if (!where || !this.domain) return;
    const [px, py] = this.pixel(where.x, where.y);
    context.strokeStyle = this.panel.ink(0.8);
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(px + 3 * dx, py + 3 * dy);
      context.lineTo(px + 9 * dx, py + 9 * dy);
    }
    context.stroke();
    if (where.row >= 0 && where.row < (cloud?.x?.length ?? 0)) this.posterior(context, cloud, where.row);
  }

  /** A ring around a datum's mean, and the ellipse of two standard deviations of its posterior. */
  posterior(context, cloud, row) {
    const [x, y] = [cloud.x[row], cloud.y[row]], [cx, cy] = this.pixel(x, y);
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(cx, cy, 5, 0, 7);
    context.stroke();
    if (!cloud.sx || !cloud.sy) return;
    const [ex, ey] = this.pixel(x + 2 * cloud.sx[row], y + 2 * cloud.sy[row]);
    context.beginPath();
    context.ellipse(cx, cy, Math.abs(ex - cx), Math.abs(ey - cy), 0, 0, 7);
    context.stroke();
    context.fillStyle = this.panel.ink(0.1);
    context.fill();
  }

  titles(context) {
    const { plot, params, factor } = this.panel, [a, b] = params.axes ?? [1, 2];
    context.fillStyle = this.panel.ink(0.8);
    context.textAlign = "center";
    context.fillText(`z${subscript(a)}`, plot.width / 2, plot.height + 31 * factor);
    context.fillText(`z${subscript(b)}`, -40 * factor, plot.height / 2);
    context.textAlign = "left";
  }
}
