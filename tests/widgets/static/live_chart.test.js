import { FrameChannel } from "../../../widgets/static/bus.js";
import { Panel } from "../../../widgets/static/live_chart.js";
import { equal, standIn, test } from "./harness.js";

/** @import { Part } from "../../../widgets/static/shapes.d.ts" */

/** Vega's view as far as a panel asks it, and the signals that were set. */
function vega() {
  /** @type {Record<string, unknown>} */
  const signals = {};
  const changes = { constructor: () => changes, insert: () => changes, remove: () => changes, reflow: () => changes };
  /** @type {Record<string, (...given: unknown[]) => unknown>} */
  const view = {
    insert: (name) => view.pulse?.(name, changes),
    change: () => view,
    signal: (name, value) => (signals[String(name)] = value),
    width: () => view,
    height: () => view,
    runAsync: () => Promise.resolve(view),
    finalize: () => {},
  };
  return { view, signals };
}

const META = {
  title: "ELBO",
  padding: { left: 60, right: 90, top: 30, bottom: 40 },
  dark: {},
  datasets: { lines: { mode: "lines", by: "series", x: "step", y: "value" }, ends: { mode: "ends" } },
  series: [{ label: "ELBO", color: "#0072B2", ink: "#005A8D", when: null }],
  x: { scale: "linear", zoom: "step", word: "step" },
  y: { scale: "linear" },
};

/** A page on which another chart came first, and a panel with a line that ends at a step. @param {number} last */
async function panel(last) {
  const channel = new FrameChannel(standIn({ send: () => {} })), { view, signals } = vega();
  channel.tools = Promise.resolve({ embed: () => Promise.resolve({ view: standIn(view) }) });
  channel.attach("network", standIn({ note: () => {}, paint: () => Promise.resolve() }));
  /** @type {Part} */
  const part = {
    op: "append",
    chart: "elbo",
    data: "lines",
    mode: { x: "step", y: "value", by: null },
    columns: [["step", "f4", [2], 0], ["value", "f4", [2], 8]],
  };
  channel.store("elbo").apply(part, Float32Array.of(0, last, -80, 20).buffer);
  /** @type {Record<string, unknown>} */
  const values = {
    name: "elbo",
    spec: { usermeta: META },
    params: {},
    labels: [],
    height: "250px",
    waiting: "Press Run.",
  };
  const model = { get: (/** @type {string} */ name) => values[name] ?? "", on: () => {}, send: () => {} };
  const el = document.createElement("div");
  el.style.width = "400px";
  document.body.append(el);
  const made = new Panel(standIn(model), el, channel, new AbortController().signal);
  Object.assign(made.box.style, { width: "400px", height: "250px" });
  await made.build();
  return { made, signals };
}

test("lines that were there before their panel are seen whole, also when no frame follows", async () => {
  const { signals } = await panel(2000);
  equal([signals.xLow, signals.xHigh], [0, 2000]);
});

test("the words of an empty panel are gone once something is drawn", async () => {
  const { made } = await panel(50);
  equal(made.box.classList.contains("elbo-empty"), false);
});
