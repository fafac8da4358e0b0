import { FrameChannel } from "../../../widgets/static/bus.js";
import { Store } from "../../../widgets/static/frames.js";
import { equal, holds, standIn, test } from "./harness.js";

/** @import { Frame, Message } from "../../../widgets/static/shapes.d.ts" */

/** A channel and what it says to the kernel. */
function channel() {
  /** @type {Record<string, unknown>[]} */
  const said = [];
  const made = new FrameChannel(
    standIn({ send: (/** @type {Record<string, unknown>} */ content) => said.push(content) }),
  );
  return { made, said };
}

/**
 * A chart that notes what it paints and hears.
 * @param {() => Promise<unknown>} [work]
 */
function painter(work = () => Promise.resolve()) {
  /** @type {string[][]} */
  const painted = [];
  /** @type {string[]} */
  const heard = [];
  const chart = {
    store: new Store(),
    /** @param {Set<string>} dirty */
    paint: (dirty) => {
      painted.push([...dirty]);
      return work();
    },
    /** @param {Message} message */
    note: (message) => {
      heard.push(message.kind);
    },
  };
  return { chart, painted, heard };
}

/** @param {number} frame @param {Partial<Frame>} [rest] @returns {Frame} */
const frame = (frame, rest) => ({ kind: "frame", frame, full: false, parts: [], messages: [], ...rest });

/** @param {string} chart @param {string} data @param {number} value @returns {[Frame["parts"][number], DataView<ArrayBuffer>]} */
const replaced = (chart, data, value) => [
  { op: "replace", chart, data, columns: [["x", "f4", [1], 0]] },
  new DataView(Float32Array.of(value).buffer),
];

const picture = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));

test("the first chart says that the page is ready, the last one that it is hidden", () => {
  const { made, said } = channel(), leave = [made.attach("a", painter().chart), made.attach("b", painter().chart)];
  equal(said.map(({ kind }) => kind), ["ready"]);
  leave[0]();
  equal(said.length, 1);
  leave[1]();
  equal(said.map(({ kind }) => kind), ["ready", "hidden"]);
});

test("a frame is painted once, by the charts it changes, and then acknowledged", async () => {
  const { made, said } = channel(), [one, other] = [painter(), painter()];
  made.attach("one", one.chart);
  made.attach("other", other.chart);
  const [part, buffer] = replaced("one", "bars", 7);
  made.receive(frame(1, { parts: [part] }), [buffer]);
  equal(said.length, 1); // not before it is painted
  await picture();
  equal([one.painted, other.painted], [[["bars"]], []]);
  equal(said.slice(1).map(({ kind, frame, idle }) => [kind, frame, idle]), [["ack", 1, false]]);
  equal(Array.from(made.store("one").clouds.bars?.x ?? []), [7]);
});

test("frames that come together are painted together; the newest is acknowledged", async () => {
  const { made, said } = channel(), { chart, painted } = painter();
  made.attach("one", chart);
  for (const number of [1, 2, 3]) {
    const [part, buffer] = replaced("one", `data${number}`, number);
    made.receive(frame(number, { parts: [part] }), [buffer]);
  }
  await picture();
  equal(painted, [["data1", "data2", "data3"]]);
  equal(said.slice(1).map(({ frame }) => frame), [3]);
});

test("while a chart paints, the next frame waits and nothing is acknowledged", async () => {
  /** @type {(value?: unknown) => void} */
  let finish = () => {};
  const { made, said } = channel(), { chart, painted } = painter(() => new Promise((go) => (finish = go)));
  made.attach("one", chart);
  for (const number of [1, 2]) {
    const [part, buffer] = replaced("one", "bars", number);
    made.receive(frame(number, { parts: [part] }), [buffer]);
    await picture();
  }
  equal([painted.length, said.length], [1, 1]);
  finish();
  await picture();
  await picture();
  equal(painted.length, 2);
});

test("a frame that is missing is noticed, and everything is asked for once", () => {
  const { made, said } = channel();
  made.receive(frame(1), []);
  made.receive(frame(3), []);
  made.receive(frame(4), []);
  equal(said.filter(({ kind }) => kind === "resync").length, 1);
  equal(made.last, 1);
});

test("a full frame replaces everything that was there before", () => {
  const { made } = channel();
  const [old, first] = replaced("one", "old", 1), [part, buffer] = replaced("one", "bars", 2);
  made.receive(frame(1, { parts: [old] }), [first]);
  made.receive(frame(9, { full: true, parts: [part] }), [buffer]);
  equal([Object.keys(made.store("one").clouds), made.last], [["bars"], 9]);
});

test("a page without charts acknowledges at once, as hidden, and each frame once", () => {
  const { made, said } = channel();
  made.receive(frame(1), []);
  made.schedule();
  equal(said.map(({ kind, frame, hidden }) => [kind, frame, hidden]), [["ack", 1, true]]);
});

test("a message reaches its chart; a chart that comes later hears the newest of each kind", () => {
  const { made } = channel(), early = painter(), late = painter();
  made.attach("latent", early.chart);
  /** @type {Message[]} */
  const messages = [
    { kind: "selection", chart: "latent" },
    { kind: "decoded", chart: "latent", id: 1 },
    { kind: "decoded", chart: "latent", id: 2 },
    { kind: "decoded", chart: "elsewhere", id: 3 },
  ];
  made.receive(frame(1, { messages: messages.map((message) => [message, []]) }), []);
  made.attach("latent", late.chart);
  equal([early.heard, late.heard], [["selection", "decoded", "decoded"], ["selection", "decoded"]]);
  equal(made.store("latent").notes.map(([message]) => message), [messages[0], messages[2]]);
});

test("what is no frame is passed over", () => {
  const { made, said } = channel();
  made.receive(null, []);
  made.receive({ kind: "pong", client: "me" }, []);
  equal([made.last, said.length], [0, 0]);
});

test("a chart that cannot paint keeps no other from it", async () => {
  const { made, said } = channel(), broken = painter(() => Promise.reject(new Error("no"))), whole = painter();
  made.attach("one", broken.chart);
  made.attach("two", whole.chart);
  const [part, buffer] = replaced("one", "bars", 1), [second] = replaced("two", "bars", 1);
  made.receive(frame(1, { parts: [part, second] }), [buffer]);
  await picture();
  equal([whole.painted.length, said.at(-1)?.kind], [1, "ack"]);
  holds(!made.waiting, "it waits for ever");
});
