// Where the parts of the drawn network are: its graph, its places on the canvas, and what is under the pointer. (vega_view.js stands in front.)

const [UNIT, INPUT, BANK, HEAD, LATENT] = [0, 1, 2, 3, 4];
const [LINE, ARC, IDENTITY, LOOP, DRAW] = [0, 1, 2, 3, 4];
const NEAR_EDGE = 5; // pixels

class Graph {
  get graph() {
    const { nodes, edges, columns, parameters } = this.store.statics;
    return nodes && edges && columns && parameters ? { nodes, edges, columns, parameters } : null;
  }

  words(index) {
    return this.model.get("labels")[index] ?? "";
  }

  /** The name of a weight with its place in its array. */
  weightName(parameter, at) {
    const { parameters } = this.graph, width = parameters.width[parameter], name = this.words(parameters.name[parameter]);
    return width ? `${name}[${Math.floor(at / width)}, ${at % width}]` : `${name}[${at}]`;
  }

  value(edge) {
    return this.store.clouds.weights?.value?.[edge] ?? 0;
  }

  /** How strong an edge looks, in [0, 1): a half at twice the weight's first standard deviation. */
  size(edge) {
    const value = Math.abs(this.value(edge));
    return value / (value + this.graph.edges.scale[edge]);
  }

  place(k) {
    const { nodes } = this.graph, { left, top, width, height } = this.frame;
    return [left + nodes.x[k] * width, top + nodes.y[k] * height];
  }

  arc(edge) {
    const { edges, nodes } = this.graph, { left, top, width, height } = this.frame, below = edges.kind[edge] === IDENTITY;
    const [a, b] = [nodes.x[edges.source[edge]], nodes.x[edges.target[edge]]].map((x) => left + x * width);
    const y = below ? top + height + 1 : top - 1, reach = Math.min(20, 7 + 6 * Math.round((b - a) / this.pitch));
    return [a, b, y, below ? y + reach : y - reach];
  }

  under(event) {
    if (!this.graph || !this.frame) return null;
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const { nodes, edges } = this.graph;
    for (let k = 0; k < nodes.x.length; k++) {
      const [nx, ny] = this.place(k);
      if (Math.hypot(nx - x, ny - y) < this.radius + 3) return { node: k };
    }
    let best = NEAR_EDGE, found = null;
    for (let k = 0; k < edges.kind.length; k++) {
      const away = this.distance(k, x, y) - 2 * this.size(k); // strong ones are easier to hit
      if (away < best) [best, found] = [away, { edge: k }];
    }
    return found;
  }

  distance(k, x, y) {
    const { edges } = this.graph, kind = edges.kind[k];
    if (kind === ARC || kind === IDENTITY) {
      const [a, b, from, control] = this.arc(k), t = Math.min(1, Math.max(0, (x - a) / (b - a)));
      return Math.abs(y - (from + 3 * t * (1 - t) * (control - from))) + (x < a || x > b ? 9 : 0);
    }
    const [ax, ay] = this.place(edges.source[k]), [bx, by] = this.place(edges.target[k]);
    if (kind === LOOP) return Math.abs(Math.hypot(x - ax - this.radius, y - ay + this.radius) - 0.8 * this.radius);
    const length = (bx - ax) ** 2 + (by - ay) ** 2, t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    return Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y);
  }
}
