import {
  curvePath,
  extent,
  figure,
  filtered,
  sorted,
  sparkPath,
  tall,
  titleOf,
  untickable,
} from "../../../widgets/static/run_rows.js";
import { equal, holds, test } from "./harness.js";

/** @import { RunRow } from "../../../widgets/static/shapes.d.ts" */

/**
 * @param {string} id
 * @param {Partial<RunRow>} [more]
 * @returns {RunRow}
 */
const row = (id, more) => ({
  id,
  name: "",
  scene: "Gradient noise",
  changes: "",
  measure: "digits",
  seed: 7,
  step: 100,
  stop: 200,
  score: -1,
  spark: [0, 100],
  when: "",
  date: "2026-12-01",
  pinned: false,
  fault: "",
  ...more,
});
/** @param {RunRow[]} rows */
const ids = (rows) => rows.map(({ id }) => id).join("");

test("rows are sorted by numbers, by words with numbers, and by the time of the start", () => {
  const rows = [
    row("a", { score: -90, changes: "B 16" }),
    row("b", { score: -100, changes: "B 2" }),
    row("c", { score: 5, changes: "B 8" }),
  ];
  equal(ids(sorted(rows, "score", true)), "cab");
  equal(ids(sorted(rows, "score", false)), "bac");
  equal(ids(sorted(rows, "run", false)), "bca");
  equal(ids(sorted(rows, "when", true)), "cba");
  equal(ids(rows), "abc");
});

test("the start's time is told to a fraction of a second, in hexadecimal digits", () => {
  const rows = [row("20261201-121717-9fd2"), row("20261201-121717-11ab"), row("20261201-121717-2e58")];
  const newest = sorted(rows, "when", true).map(({ id }) => id.slice(-4));
  equal(newest.join(" "), "9fd2 2e58 11ab");
});

test("pinned rows stay on top and rows without a value at the end, in either direction", () => {
  const rows = [row("a", { score: null }), row("b", { score: -2 }), row("c", { score: -9, pinned: true }), row("d")];
  equal(ids(sorted(rows, "score", true)), "cdba");
  equal(ids(sorted(rows, "score", false)), "cbda");
});

test("equal rows keep their order", () => {
  const rows = [row("b"), row("a"), row("c")];
  equal(ids(sorted(rows, "seed", true)), "bac");
  equal(ids(sorted(rows, "seed", false)), "bac");
});

test("a filter wants every word, anywhere", () => {
  const rows = [row("a", { changes: "B 1 → 8, score" }), row("b", { name: "My Score" }), row("c", { seed: 12 })];
  equal(ids(filtered(rows, "")), "abc");
  equal(ids(filtered(rows, "  SCORE ")), "ab");
  equal(ids(filtered(rows, "score gradient")), "ab");
  equal(ids(filtered(rows, "seed 12")), "c");
  equal(ids(filtered(rows, "2026-12")), "abc");
  equal(ids(filtered(rows, "nothing")), "");
});

test("a score has its digits, its thousands apart and a true minus sign", () => {
  equal([-98.404, -1234.5, 0].map((value) => figure(value, 2)), ["−98.40", "−1,234.50", "0.00"]);
  equal([figure(null, 2), figure(NaN, 2), figure(2000, 0)], ["–", "–", "2,000"]);
});

test("a run is called by its name, else by its scene, else by its date", () => {
  equal([row("a", { name: "mine" }), row("b"), row("c", { scene: "" })].map(titleOf), [
    "mine",
    "Gradient noise",
    "2026-12-01",
  ]);
});

test("only runs of the same data can be drawn beside the current one, three at most", () => {
  equal(untickable(row("a"), "digits", []), "");
  equal(untickable(row("a"), "", ["x"]), "");
  holds(untickable(row("a"), "moons", []).includes("not comparable"), "other data");
  holds(untickable(row("a", { spark: [] }), "digits", []).includes("no curve"), "no curve");
  holds(untickable(row("a"), "digits", ["x", "y", "z"]).includes("Untick"), "a fourth");
  equal(untickable(row("a", { fault: "damaged" }), "digits", []), "damaged");
  equal(untickable(row("a"), "moons", ["a"]), "");
});

test("a small curve goes from its first height to its last", () => {
  equal(sparkPath([0, 50, 100], 10, 20), "M0.0 20.0L5.0 10.0L10.0 0.0");
  equal(sparkPath([], 10, 20), "");
});

test("curves that are compared share their ranges, and what leaves the box is cut", () => {
  equal(extent([[[1, 5], [3, 2]], [[2, 9]]], 0), [1, 3]);
  equal(extent([[]], 1), null);
  equal(tall([[]]), null);
  const [low, high] =
    tall([[[0, -1e6], .../** @type {[number, number][]} */ (Array.from({ length: 99 }, (_, k) => [k, k]))]]) ??
      [NaN, NaN];
  holds(low > -10 && high > 98 && high < 110, `${low} to ${high}`);
  const box = { width: 100, height: 10, x: /** @type {[number, number]} */ ([0, 10]) };
  equal(curvePath([[0, -50], [10, 1]], { ...box, y: [0, 1] }), "M0.0 10.0L100.0 0.0");
  equal(curvePath([[5, 10]], { ...box, y: [1, 100], log: true }), "M50.0 5.0");
});
