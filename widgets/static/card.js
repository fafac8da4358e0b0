// The decode card: what the decoder makes of a place of the latent space, drawn on a canvas of its own beside the map.

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const CARD_FONT = "system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Bytes of a message as numbers: uint8 pictures become 0..1, float32 stays. */
function numbersOf(buffer, size) {
  const bytes = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
  return bytes.byteLength === size ? asNumbers(new Uint8Array(bytes)) : new Float32Array(bytes);
}

/** Pictures of the data come as bytes, points of the plane as numbers. */
function asNumbers(values) {
  return values instanceof Uint8Array ? Float32Array.from(values, (v) => v / 255) : values;
}

const subscript = (k) => String(k).replace(/\d/g, (digit) => SUBSCRIPTS[digit]);

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

class Card {
  constructor(panel) {
    this.panel = panel;
    this.box = element("div", "elbo-card");
    this.words = element("div", "elbo-card-words");
    this.picture = element("canvas", "elbo-card-picture");
    this.names = element("div", "elbo-card-key");
    this.box.append(this.picture, this.words, this.names);
    panel.box.append(this.box);
    this.small = document.createElement("canvas");
  }

  relabel() {
    const labels = this.panel.model.get("labels") ?? [], classes = this.panel.plot?.meta.classes ?? [];
    this.names.replaceChildren(...labels.slice(0, 10).map((text, i) => {
      const chip = element("span", "elbo-chip", text);
      chip.style.setProperty("--chip", classes[i]);
      return chip;
    }));
  }

  setGrid(message, buffer) {
    const size = message.shape.reduce((a, b) => a * b, 1), { n, low, high, shape } = message;
    this.grid = { n, low, high, shape, size, values: numbersOf(buffer, n * n * size) };
  }

  setStrip({ count, dimension, shape }, buffer) {
    this.strip = { count, dimension, values: numbersOf(buffer, count * shape.reduce((a, b) => a * b, 1)) };
  }

  get colour() {
    return this.panel.dark ? "#EE7D27" : "#D55E00";
  }

  /** Draw a place {x, y, row} with its exact decode if that is there already; without a place, draw an overview. */
  show(where, exact) {
    this.names.style.display = this.table?.markers.length && !where && !this.strip ? "none" : ""; // the markers name the classes
    const width = this.box.clientWidth - 8, below = this.words.offsetHeight + this.names.offsetHeight;
    const height = Math.max(50, this.panel.box.clientHeight - Math.max(88, below + 44));
    if (width < 40 || !this.grid) return;
    const context = cleared(this.picture, width, height), { shape, size } = this.grid;
    const decode = (x, y) => exact ?? bilinear(this.grid, x, y);
    if (this.table) this.features(context, width, height, where, decode);
    else if (shape.length === 1) this[size === 2 ? "scatter" : "profile"](context, width, height, where, decode);
    else if (where) this.digits(context, width, height, where, decode);
    else if (this.strip) this.traversal(context, width, height);
    else this.sheet(context, width, height);
  }

  /** The decode at the pointer, or a datum beside its reconstruction. */
  digits(context, width, height, where, decode) {
    const { clouds, statics } = this.panel.store, { cloud } = clouds, images = statics.cloud?.images, { size } = this.grid;
    const datum = where.row >= 0 && images && cloud && where.row < cloud.x.length;
    const place = datum ? [cloud.x[where.row], cloud.y[where.row]] : [where.x, where.y], values = decode(...place);
    if (datum) {
      const side = Math.min(width, (height - 22) / 2), left = (width - side) / 2;
      this.digit(context, asNumbers(images.subarray(where.row * size, (where.row + 1) * size)), left, 0, side, "x");
      this.digit(context, values, left, side + 11, side, "reconstruction");
    } else {
      const side = Math.min(width, height - 11);
      this.digit(context, values, (width - side) / 2, 0, side, "decode(z)");
    }
    this.words.textContent = `z = (${short(place[0])}, ${short(place[1])})${datum ? " · ellipse: ±2 sd of q" : ""}`;
  }

  digit(context, values, left, top, side, name) {
    const [rows, columns] = this.grid.shape, unit = Math.max(1, Math.floor(side / Math.max(rows, columns)));
    const x = Math.round(left + (side - unit * columns) / 2);
    this.raster(context, values, x, top, unit);
    context.strokeStyle = this.panel.ink(0.35);
    context.strokeRect(x - 0.5, top + 0.5, unit * columns + 1, unit * rows);
    context.font = `${10 * Math.sqrt(this.panel.factor)}px ${CARD_FONT}`;
    context.fillStyle = this.panel.ink(0.75);
    context.fillText(name, x, top + unit * rows + 10);
  }

  /** One picture in whole pixels, so that it stays crisp. */
  raster(context, values, left, top, unit) {
    const [rows, columns] = this.grid.shape, pixels = new ImageData(columns, rows);
    const [base, gain] = this.panel.dark ? [24, 216] : [255, -235];
    for (let i = 0; i < rows * columns; i++) {
      pixels.data.fill(base + gain * Math.min(1, Math.max(0, values[i])), 4 * i, 4 * i + 3);
      pixels.data[4 * i + 3] = 255;
    }
    Object.assign(this.small, { width: columns, height: rows });
    this.small.getContext("2d").putImageData(pixels, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.small, Math.round(left), Math.round(top), unit * columns, unit * rows);
  }

  /** Pictures in rows of `across`. */
  tiles(context, width, height, across, pictures) {
    const step = Math.min(width, height) / across, unit = Math.max(1, Math.floor((step - 1) / Math.max(...this.grid.shape)));
    pictures.forEach((values, k) => this.raster(context, values, (k % across) * step, Math.floor(k / across) * step, unit));
  }

  /** Nobody points anywhere: what the decoder draws all over the map. */
  sheet(context, width, height) {
    const { n, size, values } = this.grid, across = Math.min(n, 7), pick = (k) => Math.round(((k + 0.5) * (n - 1)) / across);
    const pictures = Array.from({ length: across * across }, (_, k) => {
      const at = (pick(across - 1 - Math.floor(k / across)) * n + pick(k % across)) * size;
      return values.subarray(at, at + size);
    });
    this.tiles(context, width, height, across, pictures);
    this.words.textContent = "What the decoder draws over this map. Point at it.";
  }

  /** One dimension walks from low to high, the others stay. */
  traversal(context, width, height) {
    const { values, count, dimension } = this.strip, { size } = this.grid;
    const pictures = Array.from({ length: count }, (_, k) => values.subarray(k * size, (k + 1) * size));
    this.tiles(context, width, height, Math.ceil(Math.sqrt(count)), pictures);
    this.words.textContent = `z${subscript(dimension + 1)} goes from low to high, the others stay.`;
  }

  /** Data in the plane: the cloud as a small scatter; the decoded point, or what the decoder makes of the whole grid. */
  scatter(context, width, height, where, decode) {
    const points = asNumbers(this.panel.store.statics.cloud?.images ?? new Float32Array(0)), { values } = this.grid;
    const side = Math.min(width, height), reach = Math.max(1e-6, ...points.map(Math.abs)) * 1.08;
    const to = (v) => (side / 2) * (1 + v / reach);
    const dots = (xy, dot) => {
      for (let i = 0; i + 1 < xy.length; i += 2) context.fillRect(to(xy[i]) - dot / 2, side - to(xy[i + 1]) - dot / 2, dot, dot);
    };
    context.strokeStyle = this.panel.ink(0.3);
    context.strokeRect(0.5, 0.5, side - 1, side - 1);
    context.fillStyle = this.panel.ink(0.3);
    dots(points, 2);
    context.fillStyle = this.colour;
    if (!where) {
      dots(this.strip?.values ?? values, this.strip ? 5 : 2);
      const path = this.strip && `z${subscript(this.strip.dimension + 1)} goes from low to high, the others stay`;
      this.words.textContent = `Grey: data. Orange: ${path || "what the decoder makes of the map"}. Point at it.`;
      return;
    }
    const decoded = decode(where.x, where.y);
    dots(decoded, 8);
    context.strokeStyle = this.panel.ink(0.9);
    if (where.row >= 0) context.strokeRect(to(points[2 * where.row]) - 4, side - to(points[2 * where.row + 1]) - 4, 8, 8);
    this.words.textContent = `z = (${short(where.x)}, ${short(where.y)}) → (${short(decoded[0])}, ${short(decoded[1])})`;
  }

  /** Data that are neither pictures nor points: the decoded vector as bars. */
  profile(context, width, height, where, decode) {
    const values = where ? decode(where.x, where.y) : new Float32Array(0);
    const reach = Math.max(1e-6, ...values.map(Math.abs)), step = height / Math.max(1, values.length);
    context.fillStyle = this.colour;
    values.forEach((value, k) => context.fillRect(width / 2, k * step, (value / reach) * (width / 2), Math.max(1, step - 1)));
    this.words.textContent = where ? `decode(z) by feature, largest ${short(reach)}` : "Point at the map.";
  }
}
