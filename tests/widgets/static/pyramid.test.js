import { DRAWN, Line, LINE_LIMIT, position, thinned } from "../../../widgets/static/pyramid.js";
import { equal, holds, test, uniform } from "./harness.js";

/** @param {number} count @param {number} seed */
function walk(count, seed) {
  const next = uniform(seed), xs = Float32Array.from({ length: count }, (_, k) => k);
  return { xs, ys: xs.map(() => next()) };
}

/** @param {number[]} xs @param {number[]} [ys] */
function line(xs, ys = xs) {
  const made = new Line(["x", "y"], "x", "y"), table = { x: Float32Array.from(xs), y: Float32Array.from(ys) };
  xs.forEach((_, row) => made.push(table, row));
  return made;
}

test("few rows are all kept", () => {
  const { xs, ys } = walk(200, 1), crowded = xs.map((x) => x ** 4); // nearly all of them in the first bucket
  equal(thinned(crowded, ys, 0, 200, 100), Array.from(xs));
});

test("thinned rows are in order, have both ends, the lowest and the highest, and are at most two a bucket and two", () => {
  for (const count of [201, 1000, 7777]) {
    const { xs, ys } = walk(count, count), rows = thinned(xs, ys, 0, count, 100);
    holds(rows.every((row, k) => k === 0 || row > rows[k - 1]), "rows are out of order");
    holds(rows[0] === 0 && rows.at(-1) === count - 1, "an end is missing");
    holds(rows.length <= 2 * 101 + 2, `${rows.length} rows`);
    const kept = rows.map((row) => ys[row]);
    equal([Math.min(...kept), Math.max(...kept)], [Math.min(...ys), Math.max(...ys)]);
  }
});

test("a line that grows keeps the rows of its full buckets while their width stays", () => {
  const { xs, ys } = walk(1000, 3), before = thinned(xs, ys, 0, 900, 100), after = thinned(xs, ys, 0, 1000, 100);
  const full = 16 * Math.floor(900 / 16); // 9 or 9.99 rows a bucket: 16 wide
  equal(after.filter((row) => row < full), before.filter((row) => row < full));
});

test("position is the first value that is not below, as a search from the left finds it", () => {
  const next = uniform(5), values = Float32Array.from({ length: 50 }, () => Math.round(20 * next())).sort();
  for (let value = -1; value < 22; value += 0.5) {
    const found = values.findIndex((each) => each >= value);
    equal(position(values, 50, value), found < 0 ? 50 : found);
  }
});

test("the nearest row has the smallest distance", () => {
  const xs = [1, 2, 4, 8, 16], made = line(xs);
  for (let value = -1; value < 20; value += 0.3) {
    const distances = xs.map((x) => Math.abs(x - value));
    equal(distances[made.nearest(value)], Math.min(...distances));
  }
  equal(line([]).nearest(3), -1);
});

test("a row at the same x replaces the one before", () => {
  const made = line([1, 2, 2], [5, 6, 7]);
  equal([made.size, Array.from(made.columns.y.subarray(0, 2))], [2, [5, 7]]);
});

test("a long line stays in bounded memory and keeps its extremes and its newest row", () => {
  const count = 20000, xs = Array.from({ length: count }, (_, k) => k);
  const ys = xs.map((k) => k === 7001 ? 99 : k === 12345 ? -99 : Math.sin(k));
  const made = line(xs, ys), kept = made.columns.y.subarray(0, made.size);
  holds(made.size <= LINE_LIMIT, `${made.size} rows`);
  equal([Math.min(...kept), Math.max(...kept), made.columns.x[made.size - 1]], [-99, 99, count - 1]);
});

test("a window is drawn with one neighbour on either side", () => {
  const made = line([0, 10, 20, 30, 40]);
  equal(made.drawn(12, 28), [1, 2, 3, 4].slice(0, 4));
  equal(made.drawn(NaN, NaN), [0, 1, 2, 3, 4]);
  holds(line(Array.from({ length: 3000 }, (_, k) => k)).drawn(NaN, NaN).length <= 2 * DRAWN + 4, "too many rows");
});

test("the last row up to a value is that of the largest x not above it", () => {
  const made = line([0, 2, 4, 8]);
  equal([-1, 0, 1, 2, 5, 8, 99].map((value) => made.last(value)), [-1, 0, 0, 1, 2, 3, 3]);
});
