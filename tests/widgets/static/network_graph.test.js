import { ARC, Graph, IDENTITY, LINE } from "../../../widgets/static/network_graph.js";
import { fitted } from "../../../widgets/static/elements.js";
import { Store } from "../../../widgets/static/frames.js";
import { close, equal, holds, standIn, test } from "./harness.js";

/** @param {number[]} values */
const column = (...values) => Float32Array.from(values);

// two inputs, two hidden units, one output; the last two edges go around the nodes
const TABLES = {
  nodes: { x: column(0, 0, 0.5, 0.5, 1), y: column(0, 1, 0, 1, 0.5), column: column(0, 0, 1, 1, 2) },
  edges: {
    source: column(0, 1, 0, 1, 2, 3, 0, 2),
    target: column(2, 2, 3, 3, 4, 4, 4, 4),
    kind: column(LINE, LINE, LINE, LINE, LINE, LINE, ARC, IDENTITY),
    scale: column(1, 1, 1, 1, 2, 2, 1, 1),
  },
  columns: { title: column(0, 1, 2), note: column(0, 1, 2), size: column(2, 2, 1) },
  parameters: { name: column(0, 1), width: column(2, 0) },
};

/** @param {number[]} [weights] */
function graph(weights = []) {
  const made = new Graph(TABLES, weights, ["W", "b", "out"]);
  made.layOut(600, 300, 1);
  return made;
}

test("all nodes are on the canvas, the outer ones at its margins, columns evenly apart", () => {
  const made = graph(), places = [0, 1, 2, 3, 4].map((k) => made.place(k));
  holds(places.every(([x, y]) => x > 0 && x < 600 && y > 0 && y < 300), "a node is outside");
  close([places[0][0], places[4][0]], [30, 570]);
  close(places[2][0] - places[0][0], made.pitch);
  close(places[4][1], (places[0][1] + places[1][1]) / 2);
});

test("at a node's place is the node, at the middle of an edge the edge, elsewhere nothing", () => {
  const made = graph(Array(8).fill(0));
  for (let node = 0; node < 5; node++) equal(made.under(...made.place(node)), { node });
  for (const edge of [0, 3, 4, 5]) {
    const [ax, ay] = made.place(TABLES.edges.source[edge]), [bx, by] = made.place(TABLES.edges.target[edge]);
    equal(made.under(ax + 0.3 * (bx - ax), ay + 0.3 * (by - ay)), { edge });
  }
  equal(made.under(5, 295), null);
});

test("before it is laid out nothing is anywhere", () => {
  equal(new Graph(TABLES, [], []).under(0, 0), null);
});

test("the distance to an edge is none on it and the height above it beside it", () => {
  const made = graph(), [ax, ay] = made.place(0), [bx] = made.place(2);
  close([made.distance(0, (ax + bx) / 2, ay), made.distance(0, (ax + bx) / 2, ay + 20)], [0, 20], 1e-4);
  close(made.distance(0, ax - 12, ay), 12, 1e-4); // beyond its end
});

test("an edge looks half as strong at its scale, and ever stronger below 1", () => {
  const sizes = [0, 2, -2, 20, 2000].map((weight) => graph([0, 0, 0, 0, weight]).size(4));
  close(sizes.slice(0, 3), [0, 0.5, 0.5]);
  holds(sizes[2] < sizes[3] && sizes[3] < sizes[4] && sizes[4] < 1, `${sizes}`);
});

test("arcs go above the nodes, identities below", () => {
  const made = graph(),
    [, , above, higher] = made.arc(6),
    [, , under, lower] = made.arc(7),
    { top, height } = made.frame;
  holds(higher < above && above < top && lower > under && under > top + height, "they cross the nodes");
});

test("a weight is named by its place row by row, a vector's by one number", () => {
  equal([graph().weightName(0, 5), graph().weightName(1, 5)], ["W[2, 1]", "b[5]"]);
});

test("arrow keys go to the nearest unit and back, and stay at the border", () => {
  const made = graph();
  equal([made.neighbour(0, [1, 0]), made.neighbour(2, [-1, 0]), made.neighbour(0, [0, 1])], [2, 0, 1]);
  equal([made.neighbour(0, [-1, 0]), made.neighbour(0, [0, -1]), made.neighbour(4, [1, 0])], [0, 0, 4]);
});

test("a graph is there once all its tables are", () => {
  const store = new Store();
  equal(Graph.of(store, []), null);
  for (const missing of Object.keys(TABLES)) {
    const some = standIn(Object.fromEntries(Object.entries(TABLES).filter(([name]) => name !== missing)));
    equal(Graph.of(Object.assign(new Store(), { statics: some }), []), null);
  }
  Object.assign(store.statics, TABLES);
  equal(Graph.of(store, [])?.value(3), 0);
  store.clouds.weights = { value: column(1, 2, 3, 4) };
  equal(Graph.of(store, [])?.value(3), 4);
});

test("a text that is too long is cut to its room, with a sign", () => {
  const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  const text = "a layer of many units", room = pen.measureText(text).width;
  equal(fitted(pen, text, room), text);
  const cut = fitted(pen, text, room / 2);
  holds(cut.endsWith("…") && text.startsWith(cut.slice(0, -1)) && pen.measureText(cut).width <= room / 2, cut);
});
