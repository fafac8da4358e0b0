// One step for one data point, shown in four stages: sample ε, form z, the gradient of each draw and their mean, update.

import { background, channels, ink } from "./colours.js";
import { cleared, contextOf, element, enlargement, FONT, hostIsDark, SMALL, watchTheme } from "./elements.js";
import { pointAt } from "./light.js";
import { lowered, mixed, rounded, short } from "./numbers.js";
import { serveFiles } from "./panel_files.js";
import { tableOf } from "./panel_table.js";
import { PanelTitle } from "./panel_title.js";
import { latentName, stageAt, stageNumbers, STAGES, stepKey } from "./step_words.js";

/**
 * @import { FrameChannel } from "./bus.js"
 * @import { Step } from "./step_words.js"
 * @import { ChartValues, Column, Columns, Model, Pair, Shown, StepMeta } from "./shapes.d.ts"
 */

/**
 * A step at one moment: how far the movement of its stage is, how far ε has become z, and what of ε is seen.
 * @typedef {{ stage: number, part: number, formed: number, widest: number } & Step} Shot
 */

export class OneStep {
  dark = false;
  /** How much larger than usual it is drawn. */
  factor = 1;
  /** When the step began to be shown, and how long that takes, in ms. */
  begin = 0;
  length = 0;
  playing = false;
  gone = false;
  /** Where the plane is, and where the words begin, in pixels. */
  frame = { left: 0, top: 0, side: 0, right: 0 };
  /** The stage that is shown now; none before the first step. */
  now = -1;
  /** The formulas and numbers of the step, stage by stage. @type {HTMLElement[]} */
  rows = [];

  /**
   * @param {Model<ChartValues<StepMeta>>} model
   * @param {HTMLElement} el
   * @param {FrameChannel} channel
   * @param {AbortSignal} signal
   */
  constructor(model, el, channel, signal) {
    this.model = model;
    this.name = model.get("name");
    this.colours = model.get("spec").usermeta;
    this.store = channel.store(this.name);
    this.box = element("div", "elbo-chart elbo-diagram");
    this.canvas = element("canvas", "elbo-vega");
    this.shade = document.createElement("canvas");
    this.pen = contextOf(this.canvas);
    this.title = new PanelTitle(this.colours.title, signal);
    this.words = element("div", "elbo-step-words");
    this.box.append(this.title.element, this.canvas, this.words);
    el.classList.add("elbo-chart-host");
    el.append(this.box);
    this.box.setAttribute("role", "img");
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.describe();
    const leave = channel.attach(this.name, this);
    const parts = () => ({ view: null, paper: background(hostIsDark()), table: () => tableOf(this.store) });
    serveFiles(this.box, this.name, parts, signal);
    const size = new ResizeObserver(() => this.draw());
    size.observe(this.box);
    watchTheme(() => {
      this.spell();
      this.draw();
    }, signal);
    for (const name of ["summary", "height"]) model.on(`change:${name}`, () => this.describe());
    model.on("change:labels", () => {
      this.spell();
      this.draw();
    });
    signal.addEventListener("abort", () => {
      size.disconnect();
      this.gone = true;
      leave();
      this.box.remove();
    });
  }

  describe() {
    this.box.setAttribute("aria-label", this.model.get("summary") || this.colours.title);
    this.box.style.height = this.model.get("height");
  }

  note() {}

  /**
   * A new step is shown from its beginning; one without a duration, or under reduced motion, is shown whole.
   * @param {Set<string>} dirty
   * @returns {Promise<void>}
   */
  paint(dirty) {
    const { about } = this.store.clouds;
    if (dirty.has("about") && about) {
      this.begin = performance.now();
      this.length = this.still.matches ? 0 : 1000 * about.seconds[0];
      this.spell();
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

  draw() {
    const { clientWidth: w, clientHeight: h } = this.box, { about, q, draws } = this.store.clouds;
    this.dark = hostIsDark();
    this.box.classList.toggle("elbo-dark", this.dark);
    if (w < 60 || h < 60) return;
    this.factor = enlargement(this.box);
    this.pen = cleared(this.canvas, w, h);
    this.pen.lineJoin = "round";
    if (!about || !q || !draws?.x?.length) {
      this.write(12, h / 2, "Press Step: one optimiser step is drawn here, draw by draw.", 0.8);
      return;
    }
    const words = Math.min(226 * this.factor, w * 0.46), left = 46 * this.factor, top = 30 * this.factor;
    const side = Math.max(40, Math.min(h - top - 36 * this.factor, w - left - words - 10));
    const [stage, part] = stageAt(performance.now() - this.begin, this.length);
    this.frame = { left, top, side, right: left + side + 14 };
    this.title.write(`${this.colours.title}${about.row[0] < 0 ? "" : ` · data point ${about.row[0]}`}`);
    const shot = { about, q, draws, stage, part, formed: [0, part][stage] ?? 1, widest: widest(draws) };
    this.plane(shot);
    this.explain(shot);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} text
   * @param {number} alpha
   * @param {boolean} [bold]
   * @returns {number}
   */
  write(x, y, text, alpha, bold = false) {
    this.pen.font = `${bold ? "600 " : ""}${SMALL * this.factor}px ${FONT}`;
    this.pen.fillStyle = this.ink(alpha);
    this.pen.fillText(text, x, y);
    return this.pen.measureText(text).width;
  }

  /**
   * @param {"draw" | "posterior" | "q"} name
   * @returns {string}
   */
  colour(name) {
    const colour = this.colours[name];
    return this.dark ? (this.colours.dark[colour] ?? colour) : colour;
  }

  /**
   * @param {number} alpha
   * @returns {string}
   */
  ink(alpha) {
    return ink(this.dark, alpha);
  }

  /** Write the step's formulas and numbers, and the key of the picture. */
  spell() {
    const { about, q, draws } = this.store.clouds;
    if (!about || !q || !draws?.x?.length) return;
    this.dark = hostIsDark();
    const [gradient = ""] = this.model.get("labels"), formulas = this.colours.stages[latentName(about)];
    this.rows = stageNumbers({ about, q, draws }).map((numbers, k) => {
      const row = element("div", "elbo-step");
      row.innerHTML = (k === 2 ? [formulas[k], gradient] : [formulas[k]]).map((math) => `<div>${math}</div>`).join(""); // made by the lab itself, never from what a person wrote
      row.append(...numbers.map((words) => element("div", "elbo-step-number", words)));
      return row;
    });
    const key = element("div", "elbo-step-key");
    for (const [name, words] of stepKey(about, Boolean(this.store.clouds.density?.value?.length))) {
      const row = element("div", "", words.slice(1)), sign = element("span", "", words[0]);
      sign.style.color = name ? this.colour(name) : this.ink(1);
      row.prepend(sign);
      key.append(row);
    }
    this.words.replaceChildren(...this.rows, key);
    this.now = -1;
  }

  /**
   * The stage that is shown now stands out, here and in the lab's formula and form.
   * @param {Shot} shot
   */
  explain({ stage }) {
    Object.assign(this.words.style, { left: `${this.frame.right}px`, fontSize: `${SMALL * this.factor}px` });
    if (this.now === stage) return;
    const playing = this.length > 0 && (stage < STAGES || this.now >= 0);
    this.now = stage;
    this.rows.forEach((row, k) => row.classList.toggle("elbo-now", stage === k));
    this.words.classList.toggle("elbo-whole", stage === STAGES);
    if (playing) pointAt(this.box, this.playing ? (this.colours.lights[stage] ?? []) : []);
  }

  // the plane -------------------------------------------------------------------------------------------------------------------

  /**
   * Pixels of a place in z, of a place in ε, and of the positions between them in the second stage.
   * @param {Shot} shot
   * @param {Pair} z
   * @param {Pair} e
   * @returns {Pair}
   */
  place({ about, q, formed, widest }, z, e) {
    const { left, top, side } = this.frame;
    /** @param {number} value @param {number} middle @param {number} noise */
    const at = (value, middle, noise) => mixed(noise / widest, (value - middle) / about.reach[0], formed);
    return [left + (side / 2) * (1 + at(z[0], q.x[0], e[0])), top + (side / 2) * (1 - at(z[1], q.y[0], e[1]))];
  }

  /** @param {Shot} shot */
  plane(shot) {
    const { pen } = this, { left, top, side } = this.frame, { about, q, draws, stage, part, formed } = shot;
    const moved = !about.made[0] || stage < 3 ? 0 : stage === 3 ? part : 1;
    const unit = side / 2 / about.reach[0];
    pen.save();
    pen.beginPath();
    pen.rect(left, top, side, side);
    pen.clip();
    this.posterior(formed);
    /** @param {number} x @param {number} y @param {number} sx @param {number} sy @param {number[]} dash */
    const round = (x, y, sx, sy, dash) => {
      const [px, py] = this.place(shot, [x, y], [0, 0]), flat = side / shot.widest; // two standard deviations of ε
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
    /** @param {string} name */
    const now = (name) => mixed(q[name][0], q[`${name}2`][0], moved);
    round(now("x"), now("y"), now("sx"), now("sy"), []);
    this.arrows(shot);
    pen.fillStyle = this.colour("draw");
    for (let b = 0; b < draws.x.length; b++) {
      const [px, py] = this.place(shot, [draws.x[b], draws.y[b]], [draws.ex[b], draws.ey[b]]);
      pen.beginPath();
      pen.arc(px, py, 3.5 * this.factor, 0, 7);
      pen.fill();
    }
    pen.restore();
    this.axes(shot);
  }

  /**
   * p(z | x) of this data point as a shade under the draws.
   * @param {number} formed
   */
  posterior(formed) {
    const values = this.store.clouds.density?.value,
      { left, top, side } = this.frame,
      n = Math.round(Math.sqrt(values?.length ?? 0));
    if (!values || !n || !formed) return;
    const pixels = new ImageData(n, n), [r, g, b] = channels(this.colour("posterior"));
    for (let k = 0; k < n * n; k++) {
      pixels.data.set([r, g, b, 120 * values[(n - 1 - Math.floor(k / n)) * n + (k % n)]], 4 * k);
    }
    Object.assign(this.shade, { width: n, height: n });
    contextOf(this.shade).putImageData(pixels, 0, 0);
    this.pen.globalAlpha = formed;
    this.pen.imageSmoothingEnabled = true;
    const cell = side / (n - 1); // values are at the middles of the cells, the outer ones on the frame
    this.pen.drawImage(this.shade, left - cell / 2, top - cell / 2, side + cell, side + cell);
    this.pen.globalAlpha = 1;
  }

  /**
   * G_b of μ at every draw, and their mean at μ, all to one scale.
   * @param {Shot} shot
   */
  arrows(shot) {
    const { stage, part, q, draws } = shot, { side } = this.frame;
    if (stage < 2) return;
    const grown = stage === 2 ? part : 1;
    const sizes = Array.from(draws.gx, (gx, b) => Math.hypot(gx, draws.gy[b])),
      longest = Math.max(...sizes, Math.hypot(q.gx[0], q.gy[0]), 1e-30);
    const scale = (0.36 * side * grown) / longest;
    this.pen.strokeStyle = this.pen.fillStyle = this.colour("draw");
    for (let b = 0; b < sizes.length; b++) {
      const from = this.place(shot, [draws.x[b], draws.y[b]], [draws.ex[b], draws.ey[b]]);
      this.arrow(from, draws.gx[b] * scale, -draws.gy[b] * scale, 1.3);
    }
    this.pen.strokeStyle = this.pen.fillStyle = this.ink(0.95);
    this.arrow(this.place(shot, [q.x[0], q.y[0]], [0, 0]), q.gx[0] * scale, -q.gy[0] * scale, 2.6);
  }

  /**
   * @param {Pair} from
   * @param {number} dx
   * @param {number} dy
   * @param {number} width
   */
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

  /** @param {Shot} shot */
  axes({ about, q, formed, widest }) {
    const { pen, factor } = this, { left, top, side } = this.frame, early = formed < 0.5;
    pen.strokeStyle = this.ink(0.4);
    pen.lineWidth = 1;
    pen.strokeRect(left + 0.5, top + 0.5, side - 1, side - 1);
    const reach = early ? widest : about.reach[0],
      middle = early ? [0, 0] : [q.x[0], q.y[0]],
      letter = early ? "ε" : latentName(about);
    const step = rounded(reach / 1.5);
    /** @param {number} from */
    const ticks = (from) => Array.from({ length: 5 }, (_, k) => (Math.round(from / step) + k - 2) * step);
    /** @param {number} value @param {number} from */
    const seen = (value, from) => 0.5 + (value - from) / (2 * reach);
    pen.textAlign = "center";
    for (const value of ticks(middle[0])) {
      const at = seen(value, middle[0]);
      if (at > 0.06 && at < 0.94) this.write(left + at * side, top + side + 14 * factor, short(value), 0.7);
    }
    const [, , ...names] = this.model.get("labels");
    /** @param {number} k @param {Column} axis */
    const name = (k, axis) => (!early && names[k]) || `${letter}${lowered(axis[0])}`;
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

  /**
   * A word along the vertical axis.
   * @param {number} x
   * @param {number} y
   * @param {string} text
   */
  upright(x, y, text) {
    this.pen.save();
    this.pen.translate(x, y);
    this.pen.rotate(-Math.PI / 2);
    this.pen.textAlign = "center";
    this.write(0, 0, text, 0.9);
    this.pen.restore();
  }
}

/**
 * The range of ε that is seen: at least three standard deviations, and all draws.
 * @param {Columns} draws
 * @returns {number}
 */
function widest({ ex, ey }) {
  return Math.max(3, ...ex.map((v) => 1.15 * Math.abs(v)), ...ey.map((v) => 1.15 * Math.abs(v)));
}

/**
 * The steps' drawing in its place; its panel waits for the other charts' tools, so that all appear together.
 * @param {Shown<ChartValues<StepMeta>>} shown
 * @param {FrameChannel} channel
 * @returns {Promise<void>}
 */
export async function drawStep({ model, el, signal }, channel) {
  await channel.load();
  new OneStep(model, el, channel, signal);
}
