// The decode card: what the decoder makes of a place of the latent space, drawn on a canvas of its own beside the map.

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const CARD_FONT = "system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Bytes of a message as numbers: uint8 pictures become 0..1, float32 stays. */
function numbersOf(buffer, size) {
  const bytes = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
  return bytes.byteLength === size ? asNumbers(new Uint8Array(bytes)) : new Float32Array(bytes);
}

/** Floats of a message. */
const floatsOf = (buffer) => new Float32Array(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength));

/** Pictures of the data come as bytes, points of the plane as numbers. */
function asNumbers(values) {
  return values instanceof Uint8Array ? Float32Array.from(values, (v) => v / 255) : values;
}

const KEYS = {
  draw: ["draws", "Draw from this data point's q(z) and decode (key s)"],
  release: ["✕", "Let go of pins, walk and selection (Escape)"],
};
const SCORES = [
  ["ARI", "Adjusted Rand index: k-means with as many clusters as labels, against the labels; 1 the same, 0 chance"],
  ["NMI", "Normalised mutual information between those clusters and the labels, from 0 to 1"],
  ["sil.", "Silhouette of the labels: is a data point nearer to its own label than to the next? −1 to 1"],
];
/** Whether a datum is neither a picture nor a point of the plane. */
const isVector = (shape) => shape.length === 2 && shape[0] === 1;

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
  constructor(panel, acts) {
    this.panel = panel;
    this.box = element("div", "elbo-card");
    this.words = element("div", "elbo-card-words");
    this.picture = element("canvas", "elbo-card-picture");
    this.names = element("div", "elbo-card-key");
    this.scores = element("div", "elbo-card-scores");
    this.tools = element("div", "elbo-card-tools");
    this.keys = Object.fromEntries(Object.entries(KEYS).map(([name, [text, help]]) => {
      const key = element("button", "", text);
      Object.assign(key, { type: "button", title: help, hidden: true });
      key.addEventListener("click", acts[name]);
      this.tools.append(key);
      return [name, key];
    }));
    this.foot = element("div", "elbo-card-foot");
    this.foot.append(this.names, this.scores);
    this.box.append(this.picture, this.words, this.tools, this.foot);
    panel.box.append(this.box);
    this.small = document.createElement("canvas");
  }

  /** Which of the keys are of use now. */
  buttons(useful) {
    for (const [name, key] of Object.entries(this.keys)) key.hidden = !useful[name];
  }

  /** How well the embedding separates the labels; what the words mean is told on hover. Whether they take another height now. */
  score(values) {
    const now = JSON.stringify(values ?? []);
    if (now === this.scored) return false;
    const before = this.foot.offsetHeight;
    this.scored = now;
    this.scores.replaceChildren(...(values ?? []).map((value, k) => {
      const one = element("span", "", `${SCORES[k][0]} ${value.toFixed(2).replace("-", "−")}`);
      one.title = SCORES[k][1];
      return one;
    }));
    return this.foot.offsetHeight !== before;
  }

  setGrid(message, buffer) {
    const size = message.shape.reduce((a, b) => a * b, 1), { n, low, high, shape } = message;
    this.grid = { n, low, high, shape, size, values: numbersOf(buffer, n * n * size) };
  }

  setStrip({ count, dimension, shape, walk }, values, places) {
    const size = count * shape.reduce((a, b) => a * b, 1);
    this.strip = { count, dimension, shape, walk, values: numbersOf(values, size), places: floatsOf(places) };
  }

  get path() {
    const { walk, dimension } = this.strip;
    if (walk === "path") return "from A to B, straight in z";
    return walk === "draws" ? "draws from this data point's q(z)" : `z${subscript(dimension + 1)} goes from −3 to 3, the others stay at 0`;
  }

  get colour() {
    return this.panel.dark ? "#EE7D27" : "#D55E00";
  }

  /** Draw a place {x, y, row} with its exact decode if that is there already; without a place, a walk, the selection, or an overview. */
  show(where, exact, chosen) {
    this.names.style.display = this.table?.markers.length && !where && !this.strip && !chosen.size ? "none" : ""; // the markers name the classes
    const width = this.box.clientWidth - 8, below = this.words.offsetHeight + this.tools.offsetHeight + this.foot.offsetHeight;
    const height = Math.max(50, this.panel.box.clientHeight - Math.max(88, below + 44));
    if (width < 40 || !this.grid) return;
    const context = cleared(this.picture, width, height), { shape, size } = this.grid;
    const decode = (x, y) => exact ?? bilinear(this.grid, x, y);
    if (this.panel.store.statics.bones) this.arms(context, width, height, where, decode);
    else if (this.table) this.features(context, width, height, where, decode, chosen);
    else if (shape.length === 1 && size === 2) this.scatter(context, width, height, where, decode, chosen);
    else if (where) this.digits(context, width, height, where, decode);
    else if (this.strip) this.traversal(context, width, height);
    else if (chosen.size) this.average(context, width, height, chosen);
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
}
