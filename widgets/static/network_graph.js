// The drawn network: its units and weights, where they are on the canvas, and what is at a place of it.

/**
 * @import { Store } from "./frames.js"
 * @import { Columns, Numbers, Pair } from "./shapes.d.ts"
 */

// kinds of nodes; 0 is an ordinary unit
export const INPUT = 1;
export const BANK = 2;
export const HEAD = 3;
export const LATENT = 4;
// kinds of edges
export const LINE = 0;
export const ARC = 1;
export const IDENTITY = 2;
export const LOOP = 3;
export const DRAW = 4;

const NEAR_EDGE = 5; // pixels

/**
 * Names in these tables are places in the list of labels.
 * @typedef {object} Tables
 * @property {Columns} nodes x and y in 0..1, kind, column, unit, site, parameter, element
 * @property {Columns} edges source, target, kind, scale, parameter, element
 * @property {Columns} columns title, note, size
 * @property {Columns} parameters name, width
 */
/** @typedef {{ node: number, edge?: undefined } | { edge: number, node?: undefined }} NetworkPart a unit or a weight */

export class Graph {
  /** Where the nodes are, in pixels of the canvas. */
  frame = { left: 0, top: 0, width: 0, height: 0 };
  /** Room for what is drawn below the nodes. */
  below = 0;
  /** From one column of nodes to the next. */
  pitch = 0;
  /** Of a node; 0 before it is laid out. */
  radius = 0;

  /**
   * What a chart has been sent as a graph, once all its tables are there.
   * @param {Store} store
   * @param {string[]} labels
   * @returns {Graph | null}
   */
  static of({ statics, clouds }, labels) {
    const { nodes, edges, columns, parameters } = statics;
    if (!nodes || !edges || !columns || !parameters) return null;
    return new Graph({ nodes, edges, columns, parameters }, clouds.weights?.value ?? [], labels);
  }

  /**
   * @param {Tables} tables
   * @param {Numbers} weights of every edge
   * @param {string[]} labels
   */
  constructor({ nodes, edges, columns, parameters }, weights, labels) {
    this.nodes = nodes;
    this.edges = edges;
    this.columns = columns;
    this.parameters = parameters;
    this.weights = weights;
    this.labels = labels;
  }

  /**
   * Find room on a canvas: titles above, notes and a line of words below.
   * @param {number} width
   * @param {number} height
   * @param {number} factor how much larger than usual it is drawn
   */
  layOut(width, height, factor) {
    const kinds = new Set(this.edges.kind), above = kinds.has(ARC) ? 16 : 0, line = 14 * factor;
    this.below = kinds.has(IDENTITY) ? 16 : 0;
    this.frame = {
      left: 30,
      top: 28 + line + above,
      width: width - 60,
      height: height - 28 - 3 * line - above - this.below - 8,
    };
    this.pitch = this.frame.width / Math.max(1, this.columns.title.length - 1);
    this.radius = Math.max(2.5, Math.min(7 * factor, this.pitch / 5, this.frame.height / 30));
  }

  /**
   * @param {number} index
   * @returns {string}
   */
  words(index) {
    return this.labels[index] ?? "";
  }

  /**
   * The name of a weight with its place in its array.
   * @param {number} parameter
   * @param {number} at
   * @returns {string}
   */
  weightName(parameter, at) {
    const width = this.parameters.width[parameter], name = this.words(this.parameters.name[parameter]);
    return width ? `${name}[${Math.floor(at / width)}, ${at % width}]` : `${name}[${at}]`;
  }

  /**
   * @param {number} edge
   * @returns {number}
   */
  value(edge) {
    return this.weights[edge] ?? 0;
  }

  /**
   * How strong an edge looks, |w| / (|w| + scale) in [0, 1): a half at its scale.
   * @param {number} edge
   * @returns {number}
   */
  size(edge) {
    const value = Math.abs(this.value(edge));
    return value / (value + this.edges.scale[edge]);
  }

  /**
   * @param {number} node
   * @returns {Pair}
   */
  place(node) {
    const { left, top, width, height } = this.frame;
    return [left + this.nodes.x[node] * width, top + this.nodes.y[node] * height];
  }

  /**
   * Ends, height and control height of the curve of an edge that goes around the nodes.
   * @param {number} edge
   * @returns {[from: number, to: number, y: number, control: number]}
   */
  arc(edge) {
    const { edges, nodes } = this, { left, top, width, height } = this.frame, below = edges.kind[edge] === IDENTITY;
    const [a, b] = [nodes.x[edges.source[edge]], nodes.x[edges.target[edge]]].map((x) => left + x * width);
    const y = below ? top + height + 1 : top - 1, reach = Math.min(20, 7 + 6 * Math.round((b - a) / this.pitch));
    return [a, b, y, below ? y + reach : y - reach];
  }

  /**
   * The node at a place of the canvas, or the nearest edge; strong ones are easier to hit.
   * @param {number} x
   * @param {number} y
   * @returns {NetworkPart | null}
   */
  under(x, y) {
    if (!this.radius) return null;
    for (let node = 0; node < this.nodes.x.length; node++) {
      const [nx, ny] = this.place(node);
      if (Math.hypot(nx - x, ny - y) < this.radius + 3) return { node };
    }
    let best = NEAR_EDGE, found = null;
    for (let edge = 0; edge < this.edges.kind.length; edge++) {
      const away = this.distance(edge, x, y) - 2 * this.size(edge);
      if (away < best) [best, found] = [away, { edge }];
    }
    return found;
  }

  /**
   * From a place of the canvas to an edge.
   * @param {number} edge
   * @param {number} x
   * @param {number} y
   * @returns {number}
   */
  distance(edge, x, y) {
    const { edges, radius } = this, kind = edges.kind[edge];
    if (kind === ARC || kind === IDENTITY) {
      const [a, b, from, control] = this.arc(edge), t = Math.min(1, Math.max(0, (x - a) / (b - a)));
      return Math.abs(y - (from + 3 * t * (1 - t) * (control - from))) + (x < a || x > b ? 9 : 0);
    }
    const [ax, ay] = this.place(edges.source[edge]), [bx, by] = this.place(edges.target[edge]);
    if (kind === LOOP) return Math.abs(Math.hypot(x - ax - radius, y - ay + radius) - 0.8 * radius);
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    return Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y);
  }

  /**
   * The nearest unit of the next column, or of the same column, in a direction; the same unit where there is none.
   * @param {number} node
   * @param {Pair} direction one of (±1, 0) and (0, ±1)
   * @returns {number}
   */
  neighbour(node, [right, down]) {
    const { nodes } = this;
    let best = Infinity, found = node;
    for (let k = 0; k < nodes.x.length; k++) {
      const dx = nodes.column[k] - nodes.column[node], dy = nodes.y[k] - nodes.y[node];
      const fits = right ? dx === right : dx === 0 && dy * down > 0;
      if (fits && Math.abs(dy) < best) [best, found] = [Math.abs(dy), k];
    }
    return found;
  }
}
