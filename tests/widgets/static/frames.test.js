import { columnsOf, Store } from "../../../widgets/static/frames.js";
import { equal, test } from "./harness.js";

const DATA = new Uint8Array([1, 2, 3, 4, 5, 6, 0, 0, ...new Uint8Array(Float32Array.of(0.5, -1).buffer)]).buffer;

test("columns are views of the frame's bytes, with the length of a row where they are tables", () => {
  const { images, x } = columnsOf([["images", "u1", [2, 3], 0], ["x", "f4", [2], 8]], DATA);
  equal([Array.from(images), images.width, Array.from(x), x.width], [[1, 2, 3, 4, 5, 6], 3, [0.5, -1], undefined]);
  equal(x.buffer === DATA, true);
});

test("a table without rows has a width of none", () => {
  equal(columnsOf([["images", "u1", [0, 784], 0]], DATA).images.length, 0);
});

/** @param {number[]} values */
const packed = (...values) => Float32Array.from(values).buffer;

test("rows are appended to the line of their series", () => {
  const store = new Store();
  /** @type {import("../../../widgets/static/shapes.d.ts").Part} */
  const part = {
    op: "append",
    chart: "elbo",
    data: "lines",
    mode: { x: "step", y: "value", by: "series" },
    columns: [["step", "f4", [3], 0], ["value", "f4", [3], 12], ["series", "f4", [3], 24]],
  };
  store.apply(part, packed(1, 1, 2, 10, 20, 11, 0, 1, 0));
  store.apply(part, packed(3, 4, 2, 12, 13, 21, 0, 0, 1));
  const { lines } = store.lines,
    value = (/** @type {number} */ key) => {
      const line = lines?.get(key);
      return Array.from(line?.columns.value.subarray(0, line.size) ?? []);
    };
  equal([value(0), value(1)], [[10, 11, 12, 13], [20, 21]]);
});

test("a dataset is replaced, fixed and cleared, and is to be painted each time", () => {
  const store = new Store(), columns = { chart: "kl", data: "bars", columns: [["x", "f4", [1], 0]] };
  for (const op of ["replace", "static", "clear"]) {
    store.dirty.clear();
    const part = /** @type {import("../../../widgets/static/shapes.d.ts").Part} */ (/** @type {unknown} */ ({
      ...columns,
      op,
    }));
    store.apply(part, packed(7));
    equal([...store.dirty], ["bars"]);
    const here = (/** @type {Record<string, unknown>} */ kind) => "bars" in kind;
    equal([here(store.clouds), here(store.statics)], [op !== "clear", op === "static"]);
  }
});

test("after a reset nothing is there, and what was there is to be painted", () => {
  const store = new Store();
  store.apply({ op: "replace", chart: "kl", data: "bars", columns: [["x", "f4", [1], 0]] }, packed(7));
  store.apply({ op: "static", chart: "kl", data: "cloud", columns: [] }, packed());
  store.dirty.clear();
  store.reset();
  equal([store.clouds, store.statics, store.lines, [...store.dirty].sort()], [{}, {}, {}, ["bars", "cloud"]]);
});
