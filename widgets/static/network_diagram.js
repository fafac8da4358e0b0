// The network, drawn: nodes and edges are known from the start, one array of weights comes with a frame.
// (vega_view.js and network_graph.js stand in front.)

const DIAGRAM_FONT = "system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif";

class Diagram extends Graph {
  constructor(model, el, road, signal) {
    super();
    Object.assign(this, { model, road, name: model.get("name"), colours: model.get("spec").usermeta });
    this.store = road.store(this.name);
    this.box = element("div", "elbo-chart elbo-diagram");
    this.canvas = element("canvas", "elbo-vega");
    this.said = element("div", "elbo-live");
    this.said.setAttribute("role", "status");
    this.box.append(element("div", "elbo-title", this.colours.title), this.canvas, this.said);
    this.box.tabIndex = 0;
    el.classList.add("elbo-chart-host");
    el.append(this.box);
    this.describe();
    this.leave = road.attach(this.name, this);
    const size = new ResizeObserver(() => this.draw());
    size.observe(this.box);
    watchTheme(() => this.draw(), signal);
    const listen = (kind, act) => this.box.addEventListener(kind, act, { signal });
    listen("pointermove", (event) => this.point(this.under(event)));
    listen("pointerleave", () => this.point(null));
    listen("click", (event) => this.choose(this.under(event)));
    listen("keydown", (event) => this.key(event));
    for (const name of ["summary", "height"]) model.on(`change:${name}`, () => this.describe());
    model.on("change:labels", () => this.draw());
    signal.addEventListener("abort", () => {
      size.disconnect();
      this.leave();
      this.box.remove();
    });
  }

  describe() {
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-roledescription", "network diagram; arrow keys walk over its units, Enter selects one");
    this.box.setAttribute("aria-label", this.model.get("summary") || this.colours.title);
    this.box.style.height = this.model.get("height");
  }

  note() {}

  paint() {
    this.draw();
    return Promise.resolve();
  }

  // drawing ---------------------------------------------------------------------------------------------------------------------

  draw() {
    const { clientWidth: w, clientHeight: h } = this.box;
    this.dark = hostIsDark();
    this.box.classList.toggle("elbo-dark", this.dark);
    if (w < 60 || h < 60 || !this.graph) return;
    const pen = cleared(this.canvas, w, h), { columns, edges } = this.graph, count = columns.title.length;
    this.factor = enlargement(this.box);
    const kinds = new Set(edges.kind), above = kinds.has(ARC) ? 16 : 0, below = kinds.has(IDENTITY) ? 16 : 0;
    const line = 14 * this.factor;
    this.frame = { left: 30, top: 28 + line + above, width: w - 60, height: h - 28 - 3 * line - above - below - 8 };
    this.below = below;
    this.pitch = this.frame.width / Math.max(1, count - 1);
    this.radius = Math.max(2.5, Math.min(7 * this.factor, this.pitch / 5, this.frame.height / 30));
    this.drawEdges(pen);
    this.drawNodes(pen);
    this.drawWords(pen, count);
  }

  tint(value, strength) {
    const [plus, minus] = [this.colours.positive, this.colours.negative].map((one) => (this.dark ? this.colours.dark[one] : one));
    const hex = value >= 0 ? plus : minus, [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${r},${g},${b},${strength})`;
  }

  ink(strength) {
    return this.dark ? `rgba(240,240,240,${strength})` : `rgba(31,31,31,${strength})`;
  }

  drawEdges(pen) {
    const { edges } = this.graph;
    for (let k = 0; k < edges.kind.length; k++) this.drawEdge(pen, k, false);
    if (this.over?.edge !== undefined) this.drawEdge(pen, this.over.edge, true);
  }

  drawEdge(pen, k, bold) {
    const { edges } = this.graph, kind = edges.kind[k], value = this.value(k);
    const size = kind === IDENTITY || kind === DRAW ? 0.5 : this.size(k);
    pen.lineWidth = bold ? 3.5 : 0.3 + 2.6 * size ** 1.5;
    pen.strokeStyle = kind >= DRAW || kind === IDENTITY || kind === ARC ? this.ink(bold ? 1 : 0.25 + 0.5 * size) : this.tint(value, bold ? 1 : 0.04 + 0.85 * size ** 1.5);
    pen.setLineDash(kind === DRAW ? [2, 3] : kind === LINE && value < 0 ? [5, 2] : []);
    pen.beginPath();
    if (kind === ARC || kind === IDENTITY) {
      const [a, b, y, control] = this.arc(k);
      pen.moveTo(a, y);
      pen.bezierCurveTo(a, control, b, control, b, y);
    } else {
      const [ax, ay] = this.place(edges.source[k]), [bx, by] = this.place(edges.target[k]);
      if (kind === LOOP) pen.arc(ax + this.radius, ay - this.radius, 0.8 * this.radius, Math.PI - 0.3, 0.5 * Math.PI + 0.3);
      else {
        pen.moveTo(ax, ay);
        pen.lineTo(bx, by);
      }
    }
    pen.stroke();
    pen.setLineDash([]);
    if (kind === IDENTITY) this.write(pen, "+", this.arc(k)[1] - 2, this.arc(k)[2] + 12, "right");
  }

  drawNodes(pen) {
    const { nodes } = this.graph, r = this.radius;
    for (let k = 0; k < nodes.x.length; k++) {
      const [x, y] = this.place(k), kind = nodes.kind[k], chosen = this.chosen?.node === k, over = this.over?.node === k;
      pen.beginPath();
      if (kind === INPUT || kind === BANK) pen.rect(x - 0.8 * r, y - 0.8 * r, 1.6 * r, 1.6 * r);
      else if (kind === HEAD) for (const [dx, dy] of [[0, -1.5], [1.5, 0], [0, 1.5], [-1.5, 0], [0, -1.5]]) pen.lineTo(x + dx * r, y + dy * r);
      else pen.arc(x, y, r, 0, 2 * Math.PI);
      pen.fillStyle = chosen ? this.tint(1, 1) : this.dark ? "#2b2b2b" : "#ffffff";
      pen.fill();
      pen.lineWidth = over || chosen ? 2.5 : 1.2;
      pen.strokeStyle = this.ink(over || chosen ? 1 : 0.75);
      pen.stroke();
      if (kind === LATENT) {
        pen.beginPath();
        pen.arc(x, y, 0.5 * r, 0, 2 * Math.PI);
        pen.stroke();
      }
    }
  }

  write(pen, text, x, y, align, strength = 0.85) {
    pen.textAlign = align;
    pen.fillStyle = this.ink(strength);
    pen.fillText(text, x, y);
  }

  drawWords(pen, count) {
    const { columns, nodes } = this.graph, { left, top, width, height } = this.frame, line = 14 * this.factor;
    const foot = top + height + this.below + line;
    for (let c = 0; c < count; c++) {
      const x = left + (c / Math.max(1, count - 1)) * width, edge = c === 0 ? "left" : c === count - 1 ? "right" : "center";
      const at = edge === "left" ? 6 : edge === "right" ? left + width + 24 : x;
      pen.font = `600 ${12 * this.factor}px ${DIAGRAM_FONT}`;
      this.write(pen, this.words(columns.title[c]), edge === "center" ? x : at, 26 + line - 4, edge);
      pen.font = `${Math.min(10.5, Math.max(8, this.pitch / 6)) * this.factor}px ${DIAGRAM_FONT}`;
      const short = this.words(columns.note[c]), room = this.pitch * (edge === "center" ? 0.98 : 0.75);
      this.write(pen, fitted(pen, short, room), at, foot, edge, 0.7);
      const shown = nodes.column.filter((column) => column === c).length;
      if (columns.size[c] > shown) this.write(pen, "⋮", x, top + height / 2 + 4, "center");
    }
    pen.font = `${11 * this.factor}px ${DIAGRAM_FONT}`;
    this.write(pen, fitted(pen, this.readout(), width + 40), 6, foot + line, "left");
  }

  /** What is under the pointer, in words and numbers. */
  readout() {
    const now = this.over ?? this.chosen;
    if (!now) return "Blue: positive, dashed orange: negative. Point at a unit or a weight, or click it.";
    const { nodes, edges, columns } = this.graph;
    if (now.node !== undefined) {
      const unit = `${this.words(columns.title[nodes.column[now.node]])}, unit ${nodes.unit[now.node] + 1} of ${columns.size[nodes.column[now.node]]}`;
      return nodes.site[now.node] >= 0 ? `${unit}: click measures its gradient in panel B` : unit;
    }
    const [kind, parameter] = [edges.kind[now.edge], edges.parameter[now.edge]];
    if (kind === IDENTITY) return "Identity: the layer before is added.";
    if (kind === DRAW) return "z is drawn: mean and log scale come from the encoder.";
    if (kind === ARC) return `${this.words(this.graph.parameters.name[parameter])}: root mean square ${short(this.value(now.edge))}`;
    return `${this.weightName(parameter, edges.element[now.edge])} = ${short(this.value(now.edge))}`;
  }

  // pointer and keys ------------------------------------------------------------------------------------------------------------

  point(at) {
    if (at?.node === this.over?.node && at?.edge === this.over?.edge) return;
    this.over = at;
    this.box.style.cursor = at ? "pointer" : "";
    this.draw();
  }

  /** Select: the parameter that belongs to a node or an edge, or the unit of a site of q. */
  choose(at) {
    this.chosen = at;
    this.draw();
    if (!at) return;
    const { nodes, edges, columns } = this.graph, table = at.node !== undefined ? nodes : edges, k = at.node ?? at.edge;
    const layer = at.node !== undefined ? nodes.column[k] : nodes.column[edges.target[k]];
    const unit = at.node !== undefined ? nodes.unit[k] : nodes.unit[edges.target[k]];
    const site = at.node !== undefined ? nodes.site[k] - 2 * columns.title.length - this.graph.parameters.name.length : -1;
    try {
      const [count, parameters] = [columns.title.length, this.graph.parameters.name.length];
      this.model.send({
        kind: "click", layer, unit, parameter: table.parameter[k], element: table.element[k], site: Math.max(-1, site), columns: count, parameters,
      });
    } catch { /* the kernel is gone; watch.js says so */ }
  }

  key(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!this.graph || (!by && event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    if (event.key === "Enter") return void this.choose(this.over ?? null);
    if (event.key === "Escape") return void this.point(null);
    const { nodes } = this.graph, now = this.over?.node ?? 0;
    let best = Infinity, found = now;
    for (let k = 0; k < nodes.x.length; k++) {
      const [dx, dy] = [nodes.column[k] - nodes.column[now], nodes.y[k] - nodes.y[now]];
      const fits = by[0] ? dx === by[0] : dx === 0 && dy * by[1] > 0;
      if (fits && Math.abs(dy) < best) [best, found] = [Math.abs(dy), k];
    }
    this.point({ node: this.over ? found : 0 });
    this.said.textContent = this.readout();
  }
}

/** A text cut to a width, with a sign that it was cut. */
function fitted(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && pen.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}

export default {
  initialize({ model }) {
    hear(model);
  },
  async render({ model, el, host, signal }) {
    new Diagram(model, el, await frameChannelOf(host, model), signal);
  },
};
