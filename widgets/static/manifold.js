// The latent plane as the decoder bends it. Data in the plane: the regular grid of z as bent lines over the data; pictures: what is
// decoded at every node, on paper that is tinted by how much the decoder magnifies there; other data: the tint alone.

import { isVector } from "./decoded.js";
import { contextOf, element } from "./elements.js";
import { titles } from "./latent_drawing.js";
import { short } from "./numbers.js";
import { Palette, SHADES } from "./palette.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { Column, Columns, Pair, Tuple } from "./shapes.d.ts"
 */

export class Manifold {
  /** The ranges of x and y that the data need: low, high, low, high. @type {number[]} */
  limits = [-1, 1, -1, 1];
  /** The column of the data for which they were set. @type {Column | undefined} */
  known;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.palette = new Palette(panel);
    this.small = document.createElement("canvas");
    this.words = element("div", "elbo-manifold-words");
    panel.box.append(this.words);
  }

  get grid() {
    return this.panel.store.clouds.grid;
  }

  get flat() {
    return this.grid?.decoded?.width === 2;
  }

  paint() {
    const { plot, params } = this.panel;
    if (this.flat) this.frame();
    const limits = this.flat ? this.limits : (params.domain ?? [-3, 3, -3, 3]);
    ["xLow", "xHigh", "yLow", "yHigh"].forEach((name, i) => plot.signal(name, limits[i]));
    this.say();
  }

  /** The range of the data, a little wider; it stays. */
  frame() {
    const { x, y } = this.panel.store.statics.data ?? {};
    if (!x || this.known === x) return;
    this.known = x;
    const reach = 1.25 * Math.max(...[...x, ...y].map(Math.abs), 1e-6);
    this.limits = [-reach, reach, -reach, reach];
  }

  say() {
    const { factor } = this.panel.params,
      bounds = factor ? ` areas ${short(factor[0])} to ${short(factor[1])} times` : "";
    const pictures = this.grid && !isVector(this.shape)
      ? "What the decoder makes of a regular grid of z"
      : "How the decoder magnifies the plane of z, and where the data are";
    const what = this.flat ? "The regular grid of z, as the decoder bends it over the data" : pictures;
    this.words.replaceChildren(element("div", "", `${what}.`));
    if (!factor) return;
    const bar = element("div", "elbo-scale"), ends = element("div", "elbo-scale-ends");
    bar.style.background = `linear-gradient(to right, ${
      [0, 0.25, 0.5, 0.75, 1].map((part) => this.tint(part)).join(",")
    })`;
    ends.append(element("span", "", short(factor[0])), element("span", "", short(factor[1])));
    this.words.append(element("div", "elbo-scale-name", "√det JᵀJ: one area of z becomes so many of x"), bar, ends);
    this.panel.box.setAttribute("aria-label", `${what};${bounds} as large.`);
  }

  /**
   * From pale, where little is made of much z, to strong.
   * @param {number} part
   * @returns {string}
   */
  tint(part) {
    return this.flat ? this.palette.scale[Math.round(part * (SHADES - 1))] : this.paper(part).css;
  }

  /**
   * @param {number} part
   * @returns {{ mixed: number[], css: string }}
   */
  paper(part) {
    const [from, to] = this.panel.dark ? [[24, 24, 24], [120, 66, 10]] : [[255, 255, 255], [255, 186, 110]];
    const mixed = from.map((low, c) => Math.round(low + part * (to[c] - low)));
    return { mixed, css: `rgb(${mixed.join(",")})` };
  }

  /**
   * @param {string} _name
   * @param {Tuple} tuple
   * @param {number} i
   * @param {Columns} cloud
   */
  dress(_name, tuple, i, cloud) {
    tuple.color = this.palette.of(cloud.label?.[i] ?? 0);
    tuple.alpha = 0.35;
  }

  fit() {
    this.overlay();
  }

  relabel() {}

  move() {}

  out() {}

  overlay() {
    if (!this.panel.built) return;
    const context = this.panel.pen(), { grid } = this, { side = 0 } = this.panel.params;
    context.fillStyle = this.panel.ink(0.8);
    if (!grid?.shade || grid.shade.length !== side * side) {
      return context.fillText("It is drawn as soon as a run looks at it.", 8, 20);
    }
    if (this.flat) return this.lines(context, grid, side);
    this.tiles(context, grid, side, isVector(this.shape) ? null : this.shape);
    if (isVector(this.shape)) this.data(context);
    titles(this.panel, context);
  }

  /** Rows and columns of one picture; anything that is not a picture is a vector. */
  get shape() {
    const shape = this.panel.params.shape;
    return Array.isArray(shape) && shape.length === 2 ? shape : [1, this.grid?.decoded.width ?? 0];
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Columns} grid
   * @param {number} side
   */
  lines(context, { shade, decoded }, side) {
    const { width, height } = this.panel.plot, [a, b, c, d] = this.limits;
    /**
     * @param {number} k
     * @returns {Pair}
     */
    const at = (k) => [((decoded[2 * k] - a) / (b - a)) * width, (1 - (decoded[2 * k + 1] - c) / (d - c)) * height];
    context.save();
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    context.lineWidth = 1.2;
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const k = row * side + column;
        for (const other of [column + 1 < side ? k + 1 : -1, row + 1 < side ? k + side : -1]) {
          if (other < 0) continue;
          context.strokeStyle = this.tint((shade[k] + shade[other]) / 2);
          context.beginPath();
          context.moveTo(...at(k));
          context.lineTo(...at(other));
          context.stroke();
        }
      }
    }
    context.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Columns} grid
   * @param {number} side
   * @param {number[]|null} shape
   */
  tiles(context, { shade, decoded }, side, shape) {
    const { width, height } = this.panel.plot, [wide, tall] = [width / side, height / side], size = decoded.width ?? 0;
    for (let k = 0; k < side * side; k++) {
      const column = k % side,
        row = side - 1 - Math.floor(k / side),
        left = Math.round(column * wide),
        top = Math.round(row * tall);
      const { css, mixed } = this.paper(shade[k]);
      context.fillStyle = css;
      context.fillRect(left, top, Math.ceil(wide), Math.ceil(tall));
      if (!shape) continue;
      const pixels = new ImageData(shape[1], shape[0]), ink = this.panel.dark ? 240 : 20;
      for (let i = 0; i < size; i++) {
        const value = Math.min(1, Math.max(0, decoded[k * size + i] / 255));
        mixed.forEach((low, c) => {
          pixels.data[4 * i + c] = low + value * (ink - low);
        });
        pixels.data[4 * i + 3] = 255;
      }
      Object.assign(this.small, { width: shape[1], height: shape[0] });
      contextOf(this.small).putImageData(pixels, 0, 0);
      context.imageSmoothingEnabled = true;
      context.drawImage(this.small, left + 1, top + 1, Math.round(wide) - 2, Math.round(tall) - 2);
    }
  }

  /**
   * The data of the map of the latent space, in the same plane.
   * @param {CanvasRenderingContext2D} context
   */
  data(context) {
    const { clouds } = this.panel.channel.store("latent"), { cloud } = clouds, { width, height } = this.panel.plot;
    const [a, b, c, d] = this.panel.params.domain ?? [-3, 3, -3, 3];
    context.fillStyle = this.panel.ink(0.55);
    for (let i = 0; cloud?.x && i < cloud.x.length; i++) {
      const x = ((cloud.x[i] - a) / (b - a)) * width, y = (1 - (cloud.y[i] - c) / (d - c)) * height;
      if (x > 0 && y > 0 && x < width && y < height) context.fillRect(x - 1, y - 1, 2, 2);
    }
  }
}
