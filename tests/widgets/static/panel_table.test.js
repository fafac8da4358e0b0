import { Store } from "../../../widgets/static/frames.js";
import { tableOf } from "../../../widgets/static/panel_table.js";
import { Line } from "../../../widgets/static/pyramid.js";
import { equal, standIn, test } from "./harness.js";

test("a table has every point of every line once, with the label of its series", () => {
  const store = new Store(), line = new Line(["step", "value", "series"], "step", "value");
  const table = { step: Float32Array.of(1, 2), value: Float32Array.of(0.1, -3), series: Float32Array.of(1, 1) };
  line.push(table, 0);
  line.push(table, 1);
  store.lines.lines = new Map([[1, line]]);
  equal(
    tableOf(store, [standIn({ label: "score" }), standIn({ label: 'path, "only"' })]),
    'dataset,step,value,series\r\nlines,1,0.1,"path, ""only"""\r\nlines,2,-3,"path, ""only"""\r\n',
  );
});

test("a cloud joins its fixed columns by row, and pictures are left out", () => {
  const store = new Store(), images = Object.assign(new Uint8Array(8), { width: 4 });
  store.clouds.cloud = { x: Float32Array.of(0.5, NaN) };
  store.statics.cloud = { label: Float32Array.of(3, 4), images };
  equal(tableOf(store), "dataset,x,label\r\ncloud,0.5,3\r\ncloud,,4\r\n");
});
