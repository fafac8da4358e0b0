import { changesetOf, enlarged, recoloured, trusting, VegaView } from "../../../widgets/static/vega_view.js";
import { equal, holds, standIn, test } from "./harness.js";

/** @import { Group, Tuple, View } from "../../../widgets/static/shapes.d.ts" */

/** A changeset as Vega's: its constructor makes one. */
function changes() {
  const made = {
    /** @type {Tuple[]} */
    added: [],
    /** @type {Tuple[]} */
    removed: [],
    constructor: changes,
    /** @param {Tuple[]} tuples */
    insert(tuples) {
      made.added.push(...tuples);
      return made;
    },
    /** @param {Tuple[]} tuples */
    remove(tuples) {
      made.removed.push(...tuples);
      return made;
    },
    reflow: () => made,
  };
  return made;
}

/** A view that holds its tuples. */
function view() {
  /** @type {Set<Tuple>} */
  const tuples = new Set();
  /** @type {unknown[][]} */
  const signals = [];
  const made = {
    tuples,
    signals,
    /** @type {View["pulse"]} */
    pulse: undefined,
    /** @param {string} name @param {Tuple[]} added */
    insert(name, added) {
      made.pulse?.(name, changes().insert(added));
      return made;
    },
    /** @param {string} _ @param {ReturnType<typeof changes>} change */
    change(_, { added, removed }) {
      added.forEach((tuple) => tuples.add(tuple));
      removed.forEach((tuple) => tuples.delete(tuple));
      return made;
    },
    /** @param {unknown[]} signal */
    signal: (...signal) => signals.push(signal),
    width: () => made,
    height: () => made,
  };
  return made;
}

const META = {
  title: "",
  padding: { left: 0, right: 0, top: 0, bottom: 0 },
  dark: {},
  datasets: { lines: { mode: "lines" } },
  x: {},
  y: {},
};

function fed() {
  const behind = view();
  return { behind, plot: new VegaView(standIn(behind), standIn(META), { width: 300, height: 150 }) };
}

/** @param {number} key @param {number[]} values @returns {Group} */
const group = (
  key,
  values,
) => [key, values.length, (tuple, i) => Object.assign(tuple, { series: key, value: values[i] })];

test("after it is fed, a view has the tuples of all groups and no others", () => {
  const { behind, plot } = fed();
  for (const groups of [[[0, [1, 2, 3]], [1, [4]]], [[0, [5]], [1, [6, 7]]], [[1, [8]]], []]) {
    const wanted = /** @type {[number, number[]][]} */ (groups);
    plot.feed("lines", wanted.map(([key, values]) => group(key, values)));
    const found = [...behind.tuples].map(({ series, value }) => `${series}:${value}`).sort();
    equal(found, wanted.flatMap(([key, values]) => values.map((value) => `${key}:${value}`)).sort());
  }
});

test("tuples that stay are the same objects", () => {
  const { behind, plot } = fed();
  plot.feed("lines", [group(0, [1, 2, 3])]);
  const before = new Set(behind.tuples);
  plot.feed("lines", [group(0, [7, 8])]);
  holds([...behind.tuples].every((tuple) => before.has(tuple)), "a tuple was made again");
});

test("a signal is set when its value is new; one that the view does not have is passed over", () => {
  const { behind, plot } = fed();
  plot.signal("xLow", 1);
  plot.signal("xLow", 1);
  plot.signal("xLow", 2);
  equal(behind.signals, [["xLow", 1], ["xLow", 2]]);
  behind.signal = () => {
    throw new Error("Unrecognized signal name");
  };
  plot.signal("principal", 1);
});

test("a view's own changeset is caught without a trace", () => {
  const behind = view(), make = changesetOf(standIn(behind), "lines");
  equal([make === /** @type {unknown} */ (changes), "pulse" in behind], [true, false]);
});

test("every colour gets its dark partner, in expressions too, and nothing else changes", () => {
  const spec = {
    mark: { color: "#0072B2" },
    text: "datum.x ? '#0072b2' : '#0072B2'",
    list: ["#FFFFFF", 3, null, true],
  };
  equal(recoloured(spec, { "#0072B2": "#58B5EA" }), {
    mark: { color: "#58B5EA" },
    text: "datum.x ? '#0072b2' : '#58B5EA'",
    list: ["#FFFFFF", 3, null, true],
  });
});

test("type, lines and padding grow at a projector, data and ranges do not", () => {
  const spec = {
    fontSize: 10,
    labelFontSize: 10,
    strokeWidth: 1.5,
    padding: { left: 20 },
    dx: -4,
    value: 10,
    domain: [0, 10],
    width: 200,
  };
  equal(enlarged(spec, 1.4), {
    ...spec,
    fontSize: 14,
    labelFontSize: 14,
    strokeWidth: 2.1,
    padding: { left: 28 },
    dx: -5.6,
  });
  equal(enlarged(spec, 1), spec);
});

test("a stroke width that depends on a condition grows in all its parts", () => {
  equal(enlarged({ strokeWidth: { condition: { test: "a", value: 3 }, value: 1 } }, 2), {
    strokeWidth: { condition: { test: "a", value: 6 }, value: 2 },
  });
});

test("questions for finite numbers are taken out, all else stays", () => {
  const update = {
    x: [{ test: '!isValid(datum["x"]) || !isFinite(+datum["x"])', value: 0 }, { scale: "x", field: "x" }],
    defined: { signal: 'isValid(datum["x"]) && isFinite(+datum["x"])' },
    fill: { value: "red" },
  };
  const kept = { x: [{ scale: "x", field: "x" }], fill: { value: "red" } };
  equal(trusting({ marks: [{ marks: [{ encode: { update } }] }] }), {
    marks: [{ marks: [{ encode: { update: kept } }] }],
  });
});
