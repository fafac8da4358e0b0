// The network, drawn: nodes and edges are known from the start, one array of weights comes with a frame.

import { Architecture } from "./architecture.js";
import { background, channels, ink } from "./colours.js";
import { cleared, element, enlargement, fitted, FONT, hostIsDark, SMALL, watchTheme } from "./elements.js";
import { ARC, BANK, DRAW, Graph, HEAD, IDENTITY, INPUT, LATENT, LINE, LOOP } from "./network_graph.js";
import { short } from "./numbers.js";
import { serveFiles } from "./panel_files.js";
import { tableOf } from "./panel_table.js";
import { PanelTitle } from "./panel_title.js";

/**
 * @import { FrameChannel } from "./bus.js"
 * @import { NetworkPart } from "./network_graph.js"
 * @import { ChartValues, Model, NetworkMeta, Pair, Shown } from "./shapes.d.ts"
 */

/** @type {Partial<Record<string, Pair>>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Diagram {
  /** @type {Graph | null} */
  graph = null;
  /** What is under the pointer. @type {NetworkPart | null} */
  over = null;
  /** What was clicked last. @type {NetworkPart | null} */
  chosen = null;
  dark = false;
  /** How much larger than usual it is drawn. */
  factor = 1;

  /**
   * @param {Model<ChartValues<NetworkMeta>>} model
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
    this.said = element("div", "elbo-live");
    this.said.setAttribute("role", "status");
    this.tools = new Architecture((name, value) => this.send({ kind: "reshape", name, value }));
    this.box.append(new PanelTitle(this.colours.title, signal).element, this.canvas, this.said, this.tools.element);
    this.box.tabIndex = 0;
    el.classList.add("elbo-chart-host");
    el.append(this.box);
    this.describe();
    const leave = channel.attach(this.name, this);
    const parts = () => ({ view: null, paper: background(hostIsDark()), table: () => tableOf(this.store) });
    serveFiles(this.box, this.name, parts, signal);
    const size = new ResizeObserver(() => this.draw());
    size.observe(this.box);
    watchTheme(() => this.draw(), signal);
    this.box.addEventListener("pointermove", (event) => this.point(this.under(event)), { signal });
    this.box.addEventListener("pointerleave", () => this.point(null), { signal });
    this.canvas.addEventListener("click", (event) => this.choose(this.under(event)), { signal });
    this.box.addEventListener("keydown", (event) => this.key(event), { signal });
    for (const name of ["summary", "height"]) model.on(`change:${name}`, () => this.describe());
    model.on("change:labels", () => this.draw());
    const offer = () => {
      if (this.tools.show(model.get("offers") ?? [])) this.draw();
    };
    model.on("change:offers", offer);
    offer();
    signal.addEventListener("abort", () => {
      size.disconnect();
      leave();
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
    const w = this.box.clientWidth, h = this.box.clientHeight - this.tools.element.offsetHeight;
    if (w < 60 || h < 60) return;
    this.dark = hostIsDark();
    this.box.classList.toggle("elbo-dark", this.dark);
    const graph = this.graph = Graph.of(this.store, this.model.get("labels"));
    if (!graph) return;
    const pen = cleared(this.canvas, w, h);
    this.factor = enlargement(this.box);
    graph.layOut(w, h, this.factor);
    this.drawEdges(pen, graph);
    this.drawNodes(pen, graph);
    this.drawWords(pen, graph);
  }

  /**
   * @param {number} value
   * @param {number} strength
   * @returns {string}
   */
  tint(value, strength) {
    const { positive, negative, dark } = this.colours, colour = value >= 0 ? positive : negative;
    const [r, g, b] = channels(this.dark ? dark[colour] : colour);
    return `rgba(${r},${g},${b},${strength})`;
  }

  /**
   * @param {number} strength
   * @returns {string}
   */
  ink(strength) {
    return ink(this.dark, strength);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Graph} graph
   */
  drawEdges(pen, graph) {
    for (let k = 0; k < graph.edges.kind.length; k++) this.drawEdge(pen, graph, k, false);
    if (this.over?.edge !== undefined) this.drawEdge(pen, graph, this.over.edge, true);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Graph} graph
   * @param {number} k
   * @param {boolean} bold
   */
  drawEdge(pen, graph, k, bold) {
    const { edges, radius } = graph, kind = edges.kind[k], value = graph.value(k);
    const size = kind === IDENTITY || kind === DRAW ? 0.5 : graph.size(k);
    pen.lineWidth = bold ? 3.5 : 0.3 + 2.6 * size ** 1.5;
    pen.strokeStyle = kind >= DRAW || kind === IDENTITY || kind === ARC
      ? this.ink(bold ? 1 : 0.25 + 0.5 * size)
      : this.tint(value, bold ? 1 : 0.04 + 0.85 * size ** 1.5);
    pen.setLineDash(kind === DRAW ? [2, 3] : kind === LINE && value < 0 ? [5, 2] : []);
    pen.beginPath();
    if (kind === ARC || kind === IDENTITY) {
      const [a, b, y, control] = graph.arc(k);
      pen.moveTo(a, y);
      pen.bezierCurveTo(a, control, b, control, b, y);
    } else {
      const [ax, ay] = graph.place(edges.source[k]), [bx, by] = graph.place(edges.target[k]);
      if (kind === LOOP) {
        pen.arc(ax + radius, ay - radius, 0.8 * radius, Math.PI - 0.3, 0.5 * Math.PI + 0.3);
      } else {
        pen.moveTo(ax, ay);
        pen.lineTo(bx, by);
      }
    }
    pen.stroke();
    pen.setLineDash([]);
    if (kind === IDENTITY) this.write(pen, "+", graph.arc(k)[1] - 2, graph.arc(k)[2] + 12, "right");
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Graph} graph
   */
  drawNodes(pen, graph) {
    const { nodes, radius: r } = graph;
    for (let k = 0; k < nodes.x.length; k++) {
      const [x, y] = graph.place(k),
        kind = nodes.kind[k],
        chosen = this.chosen?.node === k,
        over = this.over?.node === k;
      pen.beginPath();
      if (kind === INPUT || kind === BANK) pen.rect(x - 0.8 * r, y - 0.8 * r, 1.6 * r, 1.6 * r);
      else if (kind === HEAD) {
        for (const [dx, dy] of [[0, -1.5], [1.5, 0], [0, 1.5], [-1.5, 0], [0, -1.5]]) {
          pen.lineTo(x + dx * r, y + dy * r);
        }
      } else pen.arc(x, y, r, 0, 2 * Math.PI);
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

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {string} text
   * @param {number} x
   * @param {number} y
   * @param {CanvasTextAlign} align
   * @param {number} [strength]
   */
  write(pen, text, x, y, align, strength = 0.85) {
    pen.textAlign = align;
    pen.fillStyle = this.ink(strength);
    pen.fillText(text, x, y);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Graph} graph
   */
  drawWords(pen, graph) {
    const { columns, nodes, pitch, frame: { left, top, width, height } } = graph, count = columns.title.length;
    const line = 14 * this.factor, foot = top + height + graph.below + line;
    for (let c = 0; c < count; c++) {
      const x = left + (c / Math.max(1, count - 1)) * width,
        edge = c === 0 ? "left" : c === count - 1 ? "right" : "center";
      const at = edge === "left" ? 6 : edge === "right" ? left + width + 24 : x;
      pen.font = `600 ${SMALL * this.factor}px ${FONT}`;
      this.write(pen, graph.words(columns.title[c]), edge === "center" ? x : at, 26 + line - 4, edge);
      pen.font = `${SMALL * this.factor}px ${FONT}`;
      const note = graph.words(columns.note[c]), room = pitch * (edge === "center" ? 0.98 : 0.75);
      const words = [note, note.split(/,? /)[0]].find((each) => pen.measureText(each).width <= room); // its size, if not all of it
      if (words) this.write(pen, words, at, foot, edge, 0.7);
      const shown = nodes.column.filter((column) => column === c).length;
      if (columns.size[c] > shown) this.write(pen, "⋮", x, top + height / 2 + 4, "center");
    }
    pen.font = `${SMALL * this.factor}px ${FONT}`;
    this.write(pen, fitted(pen, this.readout(graph), width + 48), 6, foot + line, "left");
  }

  /**
   * What is under the pointer, in words and numbers.
   * @param {Graph} graph
   * @returns {string}
   */
  readout(graph) {
    const now = this.over ?? this.chosen;
    if (!now) {
      return graph.frame.width > 440
        ? "Blue: positive, dashed orange: negative. Point at a unit or a weight, or click it."
        : "Blue: positive, dashed orange: negative.";
    }
    const { nodes, edges, columns } = graph;
    if (now.node !== undefined) {
      const unit = `${graph.words(columns.title[nodes.column[now.node]])}, unit ${nodes.unit[now.node] + 1} of ${
        columns.size[nodes.column[now.node]]
      }`;
      return nodes.site[now.node] >= 0 ? `${unit}: click measures its gradient's variance` : unit;
    }
    const [kind, parameter] = [edges.kind[now.edge], edges.parameter[now.edge]];
    if (kind === IDENTITY) return "Identity: the layer before is added.";
    if (kind === DRAW) return "z is drawn: mean and log scale come from the encoder.";
    if (kind === ARC) {
      return `${graph.words(graph.parameters.name[parameter])}: root mean square ${short(graph.value(now.edge))}`;
    }
    return `${graph.weightName(parameter, edges.element[now.edge])} = ${short(graph.value(now.edge))}`;
  }

  // pointer and keys ------------------------------------------------------------------------------------------------------------

  /**
   * @param {MouseEvent} event
   * @returns {NetworkPart | null}
   */
  under(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return this.graph?.under(event.clientX - left, event.clientY - top) ?? null;
  }

  /** @param {NetworkPart | null} at */
  point(at) {
    if (at?.node === this.over?.node && at?.edge === this.over?.edge) return;
    this.over = at;
    this.box.style.cursor = at ? "pointer" : "";
    this.draw();
  }

  /**
   * Select: the parameter that belongs to a node or an edge, or the unit of a site of q.
   * @param {NetworkPart|null} at
   */
  choose(at) {
    this.chosen = at;
    this.draw();
    if (!at || !this.graph) return;
    const { nodes, edges, columns: { title }, parameters: { name } } = this.graph;
    const table = at.node !== undefined ? nodes : edges, k = at.node ?? at.edge;
    const node = at.node ?? edges.target[at.edge];
    const site = at.node === undefined ? -1 : nodes.site[at.node] - 2 * title.length - name.length;
    this.send({
      kind: "click",
      layer: nodes.column[node],
      unit: nodes.unit[node],
      parameter: table.parameter[k],
      element: table.element[k],
      site: Math.max(-1, site),
      columns: title.length,
      parameters: name.length,
    });
  }

  /** @param {object} content */
  send(content) {
    try {
      this.model.send(content);
    } catch { /* the kernel is gone; watch.js says so */ }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = STEPS[event.key], { graph } = this;
    if (event.target !== this.box || !graph || (!by && event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    if (event.key === "Enter") return void this.choose(this.over ?? null);
    if (!by) return void this.point(null);
    this.point({ node: this.over ? graph.neighbour(this.over.node ?? 0, by) : 0 });
    this.said.textContent = this.readout(graph);
  }
}

/**
 * The network's drawing in its place.
 * @param {Shown<ChartValues<NetworkMeta>>} shown
 * @param {FrameChannel} channel
 */
export function drawNetwork({ model, el, signal }, channel) {
  new Diagram(model, el, channel, signal);
}
