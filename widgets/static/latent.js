// The latent space under the pointer: what would the decoder draw here? A grid that was decoded before answers at once (bilinear),
// the exact decode follows (newest wins), and near a datum its posterior ellipse and its reconstruction are shown.

const NEAR = 9; // pixels
const ASK_EVERY = 33; // ms between two questions to the kernel
const GIVE_UP = 600; // ms after which an answer is no longer waited for

/** Bytes of a message as numbers: uint8 pictures become 0..1, float32 stays. */
function numbersOf(buffer, size) {
  const bytes = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
  return bytes.byteLength === size ? Float32Array.from(new Uint8Array(bytes), (v) => v / 255) : new Float32Array(bytes);
}

/** The value of a grid of vectors (n × n, x fastest) at a place, interpolated between its four neighbours. */
function bilinear(grid, x, y) {
  const { n, low, high, size, values } = grid, out = new Float32Array(size);
  const place = (v, axis) => Math.min(n - 1.000001, Math.max(0, ((v - low[axis]) / (high[axis] - low[axis])) * (n - 1)));
  const [u, v] = [place(x, 0), place(y, 1)], [i, j] = [Math.floor(u), Math.floor(v)], [a, b] = [u - i, v - j];
  const corner = (di, dj) => ((j + dj) * n + i + di) * size;
  const [p, q, r, s] = [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)];
  for (let k = 0; k < size; k++) {
    out[k] = (1 - b) * ((1 - a) * values[p + k] + a * values[q + k]) + b * ((1 - a) * values[r + k] + a * values[s + k]);
  }
  return out;
}

class Latent {
  constructor(panel) {
    this.panel = panel;
    this.card = element("div", "elbo-card");
    this.words = element("div", "elbo-card-words");
    this.picture = element("canvas", "elbo-card-picture");
    this.names = element("div", "elbo-card-key");
    this.card.append(this.picture, this.words, this.names);
    panel.box.append(this.card);
    panel.box.classList.add("elbo-with-card");
    panel.box.tabIndex = 0;
    this.small = document.createElement("canvas");
    this.asked = this.answered = this.askedAt = 0;
    this.relabel();
  }

  // what came from Python -----------------------------------------------------------------------------------------------------

  note(message, buffers) {
    if (message.kind === "grid") {
      const size = message.shape.reduce((a, b) => a * b, 1), { n, low, high, shape } = message;
      this.grid = { n, low, high, shape, size, values: numbersOf(buffers[0], n * n * size) };
      this.exact = null;
      this.show();
    } else if (message.kind === "decoded" && message.id >= this.answered && this.grid) {
      this.answered = message.id;
      this.exact = { id: message.id, values: numbersOf(buffers[0], this.grid.size) };
      if (message.id === this.asked) this.show();
      this.ask();
    }
  }

  relabel() {
    const labels = this.panel.model.get("labels") ?? [], classes = this.panel.plot?.meta.classes ?? [];
    this.names.replaceChildren(...labels.slice(0, 10).map((text, i) => {
      const chip = element("span", "elbo-chip", text);
      chip.style.setProperty("--chip", classes[i]);
      return chip;
    }));
  }

  paint() {
    const { plot, params } = this.panel, domain = Array.isArray(params.domain) ? params.domain : [-3, 3, -3, 3];
    this.domain = domain;
    ["xLow", "xHigh", "yLow", "yHigh"].forEach((name, i) => plot.signal(name, domain[i]));
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

  move(px, py, event) {
    this.aim(...this.point(px, py));
    if (event?.timeStamp) {
      const times = counters().hoverMs;
      times.push(performance.now() - event.timeStamp);
      if (times.length > 100) times.shift();
    }
  }

  aim(x, y) {
    this.at = { x, y, row: this.nearest(x, y), key: (this.at?.key ?? 0) + 1 };
    this.exact = null;
    this.show();
    this.overlay();
    this.ask();
  }

  out() {
    if (!this.at) return;
    this.at = null;
    this.exact = null;
    this.panel.send({ kind: "leave" });
    this.show();
    this.overlay();
  }

  press(px, py) {
    const [x, y] = this.point(px, py);
    this.pinned = { x, y, row: this.nearest(x, y) };
    this.panel.send({ kind: "click", ...this.pinned });
  }

  key(event) {
    const [a, b, c, d] = this.domain, now = this.at ?? this.pinned ?? { x: (a + b) / 2, y: (c + d) / 2 };
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (by) this.aim(Math.min(b, Math.max(a, now.x + (by[0] * (b - a)) / 20)), Math.min(d, Math.max(c, now.y + (by[1] * (d - c)) / 20)));
    else if (event.key === "Enter") this.press(...this.pixel(now.x, now.y));
    else if (event.key === "Escape") this.out();
    else return;
    event.preventDefault();
  }

  /** The row of the datum near a place, or -1. */
  nearest(x, y) {
    const cloud = this.panel.store.clouds.cloud;
    if (!cloud?.x) return -1;
    const [px, py] = this.pixel(x, y);
    let best = NEAR * NEAR, row = -1;
    for (let i = 0; i < cloud.x.length; i++) {
      const [qx, qy] = this.pixel(cloud.x[i], cloud.y[i]), distance = (qx - px) ** 2 + (qy - py) ** 2;
      if (distance < best) [best, row] = [distance, i];
    }
    return row;
  }

  /** At most one question is under way; the newest place is asked next. */
  ask() {
    if (!this.at || this.at.key === this.askedKey) return;
    const now = performance.now(), open = this.asked > this.answered && now - this.askedAt < GIVE_UP;
    const wait = Math.max(ASK_EVERY - (now - this.askedAt), open ? GIVE_UP : 0);
    if (open || wait > 0) {
      clearTimeout(this.later);
      this.later = setTimeout(() => this.ask(), Math.max(1, wait));
      return;
    }
    this.askedKey = this.at.key;
    this.askedAt = now;
    this.asked += 1;
    const { x, y, row } = this.at;
    this.panel.send({ kind: "hover", x, y, row, id: this.asked });
  }

  // drawing -------------------------------------------------------------------------------------------------------------------

  overlay() {
    const context = this.panel.pen(), cloud = this.panel.store.clouds.cloud;
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
    if (where.row < 0 || !(where.row < (cloud?.x?.length ?? 0))) return;
    const [x, y] = [cloud.x[where.row], cloud.y[where.row]], [cx, cy] = this.pixel(x, y);
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(cx, cy, 5, 0, 7);
    context.stroke();
    if (!cloud.sx || !cloud.sy) return;
    const [ex, ey] = this.pixel(x + 2 * cloud.sx[where.row], y + 2 * cloud.sy[where.row]);
    context.beginPath();
    context.ellipse(cx, cy, Math.abs(ex - cx), Math.abs(ey - cy), 0, 0, 7);
    context.stroke();
    context.fillStyle = this.panel.ink(0.1);
    context.fill();
  }

  fit() {
    this.relabel();
    this.show();
  }

  /** Draw the card: the decode at the pointer, or a datum beside its reconstruction. */
  show() {
    const where = this.at ?? this.pinned, width = this.card.clientWidth - 8, height = Math.max(60, this.panel.box.clientHeight - 118);
    if (width < 40 || !this.grid) return;
    const context = cleared(this.picture, width, height);
    if (this.grid.shape.length === 1) return this.scatter(context, width, height, where);
    if (!where) return this.sheet(context, width, height);
    const cloud = this.panel.store.clouds.cloud, images = this.panel.store.statics.cloud?.images;
    const datum = where.row >= 0 && images && cloud && where.row < cloud.x.length;
    const place = datum ? [cloud.x[where.row], cloud.y[where.row]] : [where.x, where.y];
    const values = this.at && this.exact?.id === this.asked ? this.exact.values : bilinear(this.grid, ...place);
    if (datum) {
      const size = this.grid.size, x = Float32Array.from(images.subarray(where.row * size, (where.row + 1) * size), (v) => v / 255);
      const side = Math.min(width, (height - 22) / 2);
      this.digit(context, x, (width - side) / 2, 0, side, "x");
      this.digit(context, values, (width - side) / 2, side + 11, side, "reconstruction");
    } else this.digit(context, values, (width - Math.min(width, height - 11)) / 2, 0, Math.min(width, height - 11), "decode(z)");
    this.words.textContent = `z = (${short(place[0])}, ${short(place[1])})${datum ? " · ellipse: ±2 sd of q" : ""}`;
  }

  /** Nobody points anywhere: what the decoder draws all over the map. */
  sheet(context, width, height) {
    const { n, size, values, shape } = this.grid, side = Math.min(width, height), across = Math.min(n, 7), step = side / across;
    context.imageSmoothingEnabled = false;
    for (let j = 0; j < across; j++) {
      for (let i = 0; i < across; i++) {
        const pick = (k) => Math.round(((k + 0.5) * (n - 1)) / across), at = (pick(across - 1 - j) * n + pick(i)) * size;
        this.raster(values.subarray(at, at + size), shape);
        const unit = Math.max(1, Math.floor((step - 1) / Math.max(...shape))); // whole pixels stay crisp
        context.drawImage(this.small, Math.round(i * step), Math.round(j * step), unit * shape[1], unit * shape[0]);
      }
    }
    this.words.textContent = "What the decoder draws over this map. Point at it.";
  }

  raster(values, [rows, columns]) {
    const pixels = new ImageData(columns, rows), base = this.panel.dark ? 24 : 255, gain = this.panel.dark ? 216 : -235;
    for (let i = 0; i < values.length; i++) {
      pixels.data.fill(base + gain * Math.min(1, Math.max(0, values[i])), 4 * i, 4 * i + 3);
      pixels.data[4 * i + 3] = 255;
    }
    Object.assign(this.small, { width: columns, height: rows });
    this.small.getContext("2d").putImageData(pixels, 0, 0);
  }

  digit(context, values, left, top, side, name) {
    const [rows, columns] = this.grid.shape, unit = Math.max(1, Math.floor(side / Math.max(rows, columns)));
    this.raster(values, this.grid.shape);
    context.imageSmoothingEnabled = false;
    const x = Math.round(left + (side - unit * columns) / 2);
    context.drawImage(this.small, x, top, unit * columns, unit * rows);
    context.strokeStyle = this.panel.ink(0.35);
    context.strokeRect(x - 0.5, top + 0.5, unit * columns + 1, unit * rows);
    context.font = "10px system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif";
    context.fillStyle = this.panel.ink(0.75);
    context.fillText(name, x, top + unit * rows + 10);
  }

  /** Nobody points anywhere: where the decoder puts the points of the grid. */
  middles(context, dot) {
    const { values } = this.grid;
    context.fillStyle = this.panel.dark ? "#EE7D27" : "#D55E00";
    for (let i = 0; i + 1 < values.length; i += 2) dot(values[i], values[i + 1], 2);
    this.words.textContent = "Grey: data. Orange: what the decoder makes of the map. Point at it.";
  }

  /** Data in the plane: the cloud as a small scatter, the decoded point as a cross. */
  scatter(context, width, height, where) {
    const points = this.panel.store.statics.cloud?.images ?? new Float32Array(0), side = Math.min(width, height);
    const reach = Math.max(1e-6, ...points.map(Math.abs)) * 1.08, to = (v) => (side / 2) * (1 + v / reach);
    const dot = (x, y, size) => context.fillRect(to(x) - size / 2, side - to(y) - size / 2, size, size);
    context.strokeStyle = this.panel.ink(0.3);
    context.strokeRect(0.5, 0.5, side - 1, side - 1);
    context.fillStyle = this.panel.ink(0.3);
    for (let i = 0; i + 1 < points.length; i += 2) dot(points[i], points[i + 1], 2);
    if (!where) return this.middles(context, dot);
    const values = this.at && this.exact?.id === this.asked ? this.exact.values : bilinear(this.grid, where.x, where.y);
    context.fillStyle = this.panel.dark ? "#EE7D27" : "#D55E00";
    dot(values[0], values[1], 8);
    if (where.row >= 0) {
      context.strokeStyle = this.panel.ink(0.9);
      context.strokeRect(to(points[2 * where.row]) - 4, side - to(points[2 * where.row + 1]) - 4, 8, 8);
    }
    this.words.textContent = `z = (${short(where.x)}, ${short(where.y)}) → (${short(values[0])}, ${short(values[1])})`;
  }
}
