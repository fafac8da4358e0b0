// One step for one datum, told in four stages: sample ε, form z, the gradient of each draw and their mean, update.
// (vega_view.js and step_words.js stand in front of this text.)

class OneStep extends StepWords {
  constructor(model, el, road, signal) {
    super();
    Object.assign(this, { model, el, road, name: model.get("name"), colours: model.get("spec").usermeta });
    this.store = road.store(this.name);
    this.box = element("div", "elbo-chart elbo-diagram");
    this.canvas = element("canvas", "elbo-vega");
    this.shade = document.createElement("canvas");
    this.title = element("div", "elbo-title", this.colours.title);
    this.box.append(this.title, this.canvas);
    el.classList.add("elbo-chart-host");
    el.append(this.box);
    this.box.setAttribute("role", "img");
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.describe();
    this.leave = road.attach(this.name, this);
    const size = new ResizeObserver(() => this.draw());
    size.observe(this.box);
    watchTheme(() => this.draw(), signal);
    for (const name of ["summary", "height"]) model.on(`change:${name}`, () => this.describe());
    model.on("change:labels", () => this.draw());
    signal.addEventListener("abort", () => {
      size.disconnect();
      this.gone = true;
      this.leave();
      this.box.remove();
    });
  }

  describe() {
    this.box.setAttribute("aria-label", this.model.get("summary") || this.colours.title);
    this.box.style.height = this.model.get("height");
  }

  note() {}

  /** A new step is told from its beginning; one without a duration, or under reduced motion, is shown whole. */
  paint(dirty) {
    const { about } = this.store.clouds;
    if (dirty.has("about") && about) {
      this.begin = performance.now();
      this.length = this.still.matches ? 0 : 1000 * about.seconds[0];
      if (this.length) this.play();
    }
    this.draw();
    return Promise.resolve();
  }

  play() {
    if (this.playing) return;
    this.playing = true;
    const tick = () => {
      this.playing = !this.gone && performance.now() - this.begin < this.length;
      this.draw();
      if (this.playing) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  /** The stage and how far its movement is; stage 4 is the whole picture. */
  now() {
    if (!this.length) return [STAGES, 1];
    const at = Math.min(STAGES - 1e-6, ((performance.now() - this.begin) / this.length) * STAGES);
    const part = Math.min(1, (at % 1) / TWEEN);
    return [Math.floor(at), part * part * (3 - 2 * part)];
  }

  draw() {
    const { clientWidth: w, clientHeight: h } = this.box, { about, q, draws } = this.store.clouds;
    this.dark = hostIsDark();
    this.box.classList.toggle("elbo-dark", this.dark);
    if (w < 60 || h < 60) return;
    this.factor = enlargement(this.box);
    const pen = (this.pen = cleared(this.canvas, w, h)), line = (this.line = 15 * this.factor);
    pen.lineJoin = "round";
    this.write(0, 0, "", 1); // sets the font
    if (!about || !q || !draws?.x?.length) return this.write(12, h / 2, "Press Step: one optimiser step is drawn here, draw by draw.", 0.8);
    const words = Math.min(176 * this.factor, w * 0.42), left = 46 * this.factor, top = 30 * this.factor;
    const side = Math.max(40, Math.min(h - top - 36 * this.factor, w - left - words - 10)), [stage, part] = this.now();
    this.frame = { left, top, side, right: left + side + 14 };
    this.title.textContent = `${this.colours.title}${about.row[0] < 0 ? "" : ` · data point ${about.row[0]}`}`;
    this.told = { about, q, draws, stage, part };
    this.plane();
    this.explain(h - line * 1.1);
  }

  // the plane -------------------------------------------------------------------------------------------------------------------

  /** Pixels of a place in z, of a place in ε, and of what lies between them in the second stage. */
  place(z, e, formed) {
    const { left, top, side } = this.frame, { about, q, draws } = this.told;
    const widest = (this.widest = Math.max(3, ...draws.ex.map((v) => 1.15 * Math.abs(v)), ...draws.ey.map((v) => 1.15 * Math.abs(v))));
    const at = (value, middle, noise) => mixed(noise / widest, (value - middle) / about.reach[0], formed);
    return [left + (side / 2) * (1 + at(z[0], q.x[0], e[0])), top + (side / 2) * (1 - at(z[1], q.y[0], e[1]))];
  }

  plane() {
    const { pen } = this, { left, top, side } = this.frame, { about, q, draws, stage, part } = this.told;
    const formed = stage === 0 ? 0 : stage === 1 ? part : 1, moved = !about.made[0] || stage < 3 ? 0 : stage === 3 ? part : 1;
    const unit = side / 2 / about.reach[0];
    pen.save();
    pen.beginPath();
    pen.rect(left, top, side, side);
    pen.clip();
    this.posterior(formed);
    const round = (x, y, sx, sy, dash) => {
      const [px, py] = this.place([x, y], [0, 0], formed), flat = side / this.widest; // two standard deviations of ε
      pen.setLineDash(dash);
      pen.beginPath();
      pen.ellipse(px, py, mixed(flat, 2 * sx * unit, formed), mixed(flat, 2 * sy * unit, formed), 0, 0, 7);
      pen.stroke();
      pen.setLineDash([]);
    };
    pen.lineWidth = 1.5;
    pen.strokeStyle = this.ink(0.45);
    if (moved) round(q.x[0], q.y[0], q.sx[0], q.sy[0], [3, 3]);
    pen.strokeStyle = this.colour("q");
    const now = (name) => mixed(q[name][0], q[`${name}2`][0], moved);
    round(now("x"), now("y"), now("sx"), now("sy"), []);
    this.arrows(stage, part, formed);
    pen.fillStyle = this.colour("draw");
    for (let b = 0; b < draws.x.length; b++) {
      const [px, py] = this.place([draws.x[b], draws.y[b]], [draws.ex[b], draws.ey[b]], formed);
      pen.beginPath();
      pen.arc(px, py, 3.5 * this.factor, 0, 7);
      pen.fill();
    }
    pen.restore();
    this.axes(formed);
  }

  /** p(z | x) of this datum as a shade under the draws. */
  posterior(formed) {
    const values = this.store.clouds.density?.value, { left, top, side } = this.frame, n = Math.round(Math.sqrt(values?.length ?? 0));
    if (!n || !formed) return;
    const pixels = new ImageData(n, n), [r, g, b] = [1, 3, 5].map((at) => parseInt(this.colour("posterior").slice(at, at + 2), 16));
    for (let k = 0; k < n * n; k++) pixels.data.set([r, g, b, 120 * values[(n - 1 - Math.floor(k / n)) * n + (k % n)]], 4 * k);
    Object.assign(this.shade, { width: n, height: n });
    this.shade.getContext("2d").putImageData(pixels, 0, 0);
    this.pen.globalAlpha = formed;
    this.pen.imageSmoothingEnabled = true;
    const cell = side / (n - 1); // values stand at the middles of the cells, the outer ones on the frame
    this.pen.drawImage(this.shade, left - cell / 2, top - cell / 2, side + cell, side + cell);
    this.pen.globalAlpha = 1;
  }

  /** G_b of μ at every draw, and their mean at μ, all to one scale. */
  arrows(stage, part, formed) {
    if (stage < 2) return;
    const { q, draws } = this.told, { side } = this.frame, grown = stage === 2 ? part : 1;
    const sizes = Array.from(draws.gx, (gx, b) => Math.hypot(gx, draws.gy[b])), longest = Math.max(...sizes, Math.hypot(q.gx[0], q.gy[0]), 1e-30);
    const scale = (0.36 * side * grown) / longest;
    this.pen.strokeStyle = this.pen.fillStyle = this.colour("draw");
    for (let b = 0; b < sizes.length; b++) {
      const from = this.place([draws.x[b], draws.y[b]], [draws.ex[b], draws.ey[b]], formed);
      this.arrow(from, draws.gx[b] * scale, -draws.gy[b] * scale, 1.3);
    }
    this.pen.strokeStyle = this.pen.fillStyle = this.ink(0.95);
    this.arrow(this.place([q.x[0], q.y[0]], [0, 0], formed), q.gx[0] * scale, -q.gy[0] * scale, 2.6);
  }

  arrow([x, y], dx, dy, width) {
    const { pen } = this, size = Math.hypot(dx, dy), head = Math.min(size, (3 + 2 * width) * this.factor);
    pen.lineWidth = width * this.factor;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x + dx, y + dy);
    pen.stroke();
    if (size < 2) return;
    const [ux, uy] = [(dx / size) * head, (dy / size) * head];
    pen.beginPath();
    pen.moveTo(x + dx, y + dy);
    pen.lineTo(x + dx - ux - 0.5 * uy, y + dy - uy + 0.5 * ux);
    pen.lineTo(x + dx - ux + 0.5 * uy, y + dy - uy - 0.5 * ux);
    pen.fill();
  }

  axes(formed) {
    const { pen, factor } = this, { left, top, side } = this.frame, { about, q } = this.told, early = formed < 0.5;
    pen.strokeStyle = this.ink(0.4);
    pen.lineWidth = 1;
    pen.strokeRect(left + 0.5, top + 0.5, side - 1, side - 1);
    const reach = early ? this.widest : about.reach[0], middle = early ? [0, 0] : [q.x[0], q.y[0]], letter = early ? "ε" : about.row[0] < 0 ? "w" : "z";
    const step = rounded(reach / 1.5), ticks = (from) => Array.from({ length: 5 }, (_, k) => (Math.round(from / step) + k - 2) * step);
    const seen = (value, from) => 0.5 + (value - from) / (2 * reach);
    pen.textAlign = "center";
    for (const value of ticks(middle[0])) {
      const at = seen(value, middle[0]);
      if (at > 0.06 && at < 0.94) this.write(left + at * side, top + side + 14 * factor, short(value), 0.7);
    }
    const [, , ...names] = this.model.get("labels"), name = (k, axis) => (!early && names[k]) || `${letter}${lowered(axis[0])}`;
    this.write(left + side / 2, top + side + 29 * factor, name(0, about.first), 0.9);
    pen.textAlign = "right";
    for (const value of ticks(middle[1])) {
      const at = seen(value, middle[1]);
      if (at > 0.04 && at < 0.9) this.write(left - 4, top + (1 - at) * side + 4, short(value), 0.7);
    }
    if (early || !names[1]) this.write(left - 4, top + 9 * factor, name(1, about.second), 0.9);
    else this.upright(left - 34 * factor, top + side / 2, names[1]);
    pen.textAlign = "left";
  }

  /** A word along the vertical axis. */
  upright(x, y, text) {
    this.pen.save();
    this.pen.translate(x, y);
    this.pen.rotate(-Math.PI / 2);
    this.pen.textAlign = "center";
    this.write(0, 0, text, 0.9);
    this.pen.restore();
  }
}

export default {
  initialize({ model }) {
    hear(model);
  },
  async render({ model, el, host, signal }) {
    const road = await frameChannelOf(host, model);
    await road.load();
    new OneStep(model, el, road, signal);
  },
};
