import { bilinear, floatsOf, isVector, numbersOf, pathOf } from "../../../widgets/static/decoded.js";
import { close, equal, test, uniform } from "./harness.js";

/** @param {(x: number, y: number) => number[]} f @param {number} n */
function gridOf(f, n) {
  const values = Array.from(
    { length: n * n },
    (_, k) => f(-3 + 6 * (k % n) / (n - 1), -1 + 4 * Math.floor(k / n) / (n - 1)),
  );
  return { n, low: [-3, -1], high: [3, 3], shape: [2], size: 2, values: Float32Array.from(values.flat()) };
}

test("between the places of a grid a bilinear function is exact", () => {
  /** @param {number} x @param {number} y */
  const f = (x, y) => [2 * x - y + 0.5 * x * y, 1 - x];
  const grid = gridOf(f, 5), next = uniform(7);
  for (let k = 0; k < 100; k++) {
    const x = -3 + 6 * next(), y = -1 + 4 * next();
    close(bilinear(grid, x, y), f(x, y), 1e-5);
  }
});

test("outside the grid the value is that of its border", () => {
  const grid = gridOf((x, y) => [x, y], 5);
  close(bilinear(grid, -9, 9), [-3, 3], 1e-5);
});

test("one byte a number is a picture from 0 to 1, four are floats, wherever they begin in the buffer", () => {
  const bytes = new Uint8Array([9, 9, 9, 9, 0, 51, 255, 102]), floats = Float32Array.of(7, 0.5, -2);
  close(numbersOf(new DataView(bytes.buffer, 4), 4), [0, 0.2, 1, 0.4]);
  equal(numbersOf(new DataView(floats.buffer, 4), 4), [0.5, -2]);
  equal(floatsOf(new DataView(floats.buffer, 8)), [-2]);
});

test("a table's row is a vector; a picture and a point of the plane are not", () => {
  equal([[1, 30], [28, 28], [2]].map(isVector), [true, false, false]);
});

test("a walk is named by what changes along it", () => {
  const strip = { count: 3, shape: [2], values: new Float32Array(0), places: new Float32Array(0) };
  equal(pathOf({ ...strip, walk: "dimension", dimension: 11 }), "z₁₂ goes from −3 to 3, the others stay at 0");
});
