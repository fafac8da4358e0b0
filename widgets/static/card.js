// The decode card: what the decoder makes of a place of the latent space, drawn on its own canvas next to the map.

import { arms } from "./arm.js";
import { average, digits, overview, scatter, traversal } from "./card_pictures.js";
import { bilinear, floatsOf, numbersOf } from "./decoded.js";
import { cleared, element } from "./elements.js";
import { features } from "./features.js";

/**
 * @import { Panel } from "./live_chart.js"
 * @import { FeatureTable, Grid, GridMessage, Place, Sheet, Strip, StripMessage } from "./shapes.d.ts"
 */
/** @typedef {"draw" | "release"} KeyName */

/** @type {Record<KeyName, [text: string, help: string]>} */
const KEYS = {
  draw: ["draws", "Draw from this data point's q(z) and decode (key s)"],
  release: ["✕", "Let go of pins, walk and selection (Escape)"],
};
const SCORES = [
  ["ARI", "Adjusted Rand index: k-means with as many clusters as labels, against the labels; 1 the same, 0 chance"],
  ["NMI", "Normalised mutual information between those clusters and the labels, from 0 to 1"],
  ["silhouette", "Silhouette of the labels: is a data point nearer to its own label than to the next? −1 to 1"],
];

/** @param {number[]} shape */
const product = (shape) => shape.reduce((a, b) => a * b, 1);

export class Card {
  /** @type {Grid | null} */
  grid = null;
  /** @type {Strip | null} */
  strip = null;
  /** @type {(FeatureTable & { observed: Float32Array }) | null} */
  table = null;
  /** What is written as the scores now. */
  scored = "";

  /**
   * @param {Panel} panel
   * @param {Record<KeyName, () => void>} acts
   */
  constructor(panel, acts) {
    this.panel = panel;
    this.box = element("div", "elbo-card");
    this.words = element("div", "elbo-card-words");
    this.picture = element("canvas", "elbo-card-picture");
    this.names = element("div", "elbo-card-key");
    this.scores = element("div", "elbo-card-scores");
    this.tools = element("div", "elbo-card-tools");
    this.keys = { draw: this.button("draw", acts.draw), release: this.button("release", acts.release) };
    this.tools.append(this.keys.draw, this.keys.release);
    this.foot = element("div", "elbo-card-foot");
    this.foot.append(this.names, this.scores);
    this.box.append(this.picture, this.words, this.tools, this.foot);
    panel.box.append(this.box);
    this.small = document.createElement("canvas");
  }

  /**
   * @param {KeyName} name
   * @param {() => void} act
   */
  button(name, act) {
    const [text, help] = KEYS[name], key = element("button", "", text);
    Object.assign(key, { type: "button", title: help, hidden: true });
    key.addEventListener("click", act);
    return key;
  }

  /**
   * Which of the keys are of use now.
   * @param {Record<KeyName, boolean>} useful
   */
  buttons(useful) {
    this.keys.draw.hidden = !useful.draw;
    this.keys.release.hidden = !useful.release;
  }

  /**
   * How well the embedding separates the labels; what the words mean is shown on hover. Returns whether their height has changed.
   * @param {number[] | undefined} values
   * @returns {boolean}
   */
  score(values) {
    const now = JSON.stringify(values ?? []), buttons = this.scores.children;
    if (now === this.scored) return false;
    const before = this.foot.offsetHeight, wanted = values ?? [];
    this.scored = now;
    while (buttons.length > wanted.length) buttons[buttons.length - 1].remove();
    wanted.forEach((value, k) => { // a button stays while its number changes: it may be pressed
      const one = buttons[k] ?? this.scores.appendChild(this.scoreButton(k));
      one.textContent = `${SCORES[k][0]} ${value.toFixed(2).replace("-", "−")}`;
    });
    return this.foot.offsetHeight !== before;
  }

  /**
   * @param {number} k
   * @returns {HTMLButtonElement}
   */
  scoreButton(k) {
    const one = element("button", "elbo-score");
    Object.assign(one, { type: "button", title: SCORES[k][1] });
    one.addEventListener("click", () => this.words.textContent = `${SCORES[k][1]}.`); // where nothing hovers
    return one;
  }

  /**
   * @param {GridMessage} message
   * @param {DataView<ArrayBuffer>} buffer
   */
  setGrid({ n, low, high, shape }, buffer) {
    const size = product(shape);
    this.grid = { n, low, high, shape, size, values: numbersOf(buffer, n * n * size) };
  }

  /**
   * @param {FeatureTable} features
   * @param {DataView<ArrayBuffer>} buffer
   */
  setTable({ names, counts, average, spread, least, markers }, buffer) {
    this.table = { names, counts, average, spread, least, markers, observed: numbersOf(buffer, -1) };
  }

  /**
   * @param {StripMessage} message
   * @param {DataView<ArrayBuffer>} values
   * @param {DataView<ArrayBuffer>} places
   */
  setStrip({ count, dimension, shape, walk }, values, places) {
    const size = count * product(shape);
    this.strip = { count, dimension, shape, walk, values: numbersOf(values, size), places: floatsOf(places) };
  }

  get colour() {
    return this.panel.dark ? "#EE7D27" : "#D55E00";
  }

  /**
   * Draw a place with its exact decode if that is there already; without a place, a walk, the selection, or an overview.
   * @param {Place | null} where
   * @param {Float32Array | null} exact
   * @param {Set<number>} chosen
   */
  show(where, exact, chosen) {
    const { table, grid, strip } = this, { bones } = this.panel.store.statics;
    const pictured = Boolean(where) && !table && !bones && grid?.shape.length === 2; // it takes the key's room
    const marked = table?.markers.length && !where && !strip && !chosen.size; // the markers name the classes
    this.names.style.display = marked || pictured ? "none" : "";
    const width = this.box.clientWidth - 8;
    const below = this.words.offsetHeight + this.tools.offsetHeight + this.foot.offsetHeight;
    const height = Math.max(50, this.box.clientHeight - Math.max(pictured ? 0 : 88, below + 44));
    if (width < 40 || !grid) return;
    const context = cleared(this.picture, width, height);
    /** @type {Sheet} */
    const sheet = {
      context,
      width,
      height,
      grid,
      strip,
      where,
      chosen,
      decode: (x, y) => exact ?? bilinear(grid, x, y),
    };
    if (bones) arms(this, sheet, bones);
    else if (table) features(this, sheet, table);
    else if (grid.shape.length === 1 && grid.size === 2) scatter(this, sheet);
    else if (where) digits(this, sheet, where);
    else if (strip) traversal(this, sheet, strip);
    else if (chosen.size) average(this, sheet);
    else overview(this, sheet);
  }
}
