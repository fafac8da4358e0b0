import { Legend, refusal, sections } from "../../../widgets/static/estimator_legend.js";
import { equal, holds, standIn, test } from "./harness.js";

/** @import { LegendRow, LegendValues, Model } from "../../../widgets/static/shapes.d.ts" */

/**
 * @param {string} name
 * @param {Partial<LegendRow>} [more]
 * @returns {LegendRow}
 */
function row(name, more = {}) {
  const look = { color: "#0072B2", ink: "#0072B2", dash: [1, 0] };
  const words = {
    label: name,
    notes: [],
    reason: "",
    help: "It works.",
    formula: `<math><mi>${name}</mi></math>`,
    light: `estimator-${name}`,
    source: "One 2020",
  };
  return { name, group: name < "m" ? "first" : "second", never: false, fixed: false, ...look, ...words, ...more };
}

const ROWS = [row("a"), row("b"), row("n"), row("z", { never: true, reason: "It is for binary latents." })];

/** A legend on the page, what it sends, and a way to play the kernel. */
function legend() {
  /** @type {Record<string, unknown>} */
  const values = { rows: ROWS, multiples: {}, ticked: ["a", "b"], active: "b", measure: "variance" };
  Object.assign(values, { measures: [["variance", "variance"], ["seconds", "time"]], most: 3, dark: {} });
  /** @type {Record<string, (() => void)[]>} */
  const heard = {};
  /** @type {object[]} */
  const sent = [];
  /** @type {Model<LegendValues>} */
  const model = standIn({
    get: (/** @type {string} */ name) => values[name],
    on: (/** @type {string} */ kind, /** @type {() => void} */ act) => (heard[kind] ??= []).push(act),
    send: (/** @type {object} */ content) => sent.push(content),
  });
  const el = document.createElement("div");
  document.body.append(el);
  const made = new Legend(model, el, new AbortController().signal);
  /** @type {(name: string, value: unknown) => void} */
  const set = (name, value) => {
    values[name] = value;
    for (const act of heard[`change:${name}`] ?? []) act();
  };
  /** @type {(name: string) => HTMLInputElement} */
  const box = (name) => /** @type {HTMLInputElement} */ (made.lines.get(name)?.box);
  const names = () => [...el.querySelectorAll(".elbo-legend-row .elbo-legend-name")].map((each) => each.textContent);
  return { made, el, sent, set, box, names, heard };
}

test("ticked rows come first and the others follow by their group", () => {
  const found = sections(ROWS, new Set(["n"])).map(({ title, rows }) => [title, ...rows.map(({ name }) => name)]);
  equal(found, [["", "n"], ["first", "a", "b"], ["second", "z"]]);
});

test("a tick is refused with its reason where it would not help", () => {
  equal(refusal(ROWS[3], true, 1, 8), "It is for binary latents.");
  holds(refusal(ROWS[0], true, 8, 8).startsWith("The variance panel shows 8"), "a ninth");
  holds(refusal(ROWS[0], false, 1, 8).startsWith("The variance panel shows at least one"), "the last");
  equal(refusal(ROWS[0], true, 1, 8), "");
});

test("every estimator is reachable and a tick is sent once", () => {
  const { el, made, box, names, sent } = legend();
  equal(names(), ["a", "b"]);
  equal(made.more.textContent, "2 more estimators…");
  made.more.click();
  equal(names(), ["a", "b", "n", "z"]);
  box("n").click();
  equal(sent, [{ kind: "tick", name: "n", on: true }]);
  equal(names(), ["a", "b", "n", "z"]);
  box("z").click();
  equal([box("z").checked, el.querySelector("[role=status]")?.textContent], [false, "It is for binary latents."]);
  box("n").click();
  equal(sent.length, 2);
  el.remove();
});

test("the last tick stays, and what the kernel refuses is undone", () => {
  const { el, box, sent, set, heard } = legend();
  box("a").click();
  box("b").click();
  equal([box("a").checked, box("b").checked, sent.length], [false, true, 1]);
  for (const act of heard["msg:custom"]) act();
  equal([box("a").checked, box("b").checked], [true, true]);
  set("ticked", ["n"]);
  equal([box("a").checked, box("n").checked], [false, true]);
  el.remove();
});

test("a row says what is in use and how many times the least it has", () => {
  const { el, set } = legend();
  set("multiples", { b: { text: "859×", range: "700 to 1,050×", close: false, says: "859× the variance of a." } });
  const words = [...el.querySelectorAll(".elbo-legend-row")].map((each) => each.textContent);
  equal(words, ["a", "bin use700 to 1,050×859×"]);
  el.remove();
});

test("its card has the formula, opens with the focus of the keyboard, and Escape closes it", () => {
  const { el, made, box } = legend();
  made.show(/** @type {import("../../../widgets/static/estimator_legend.js").Line} */ (made.lines.get("a")), 0);
  equal(made.card.querySelector("math")?.textContent, "a");
  equal(made.lines.get("a")?.item.dataset.light, "estimator-a");
  equal(box("a").getAttribute("aria-describedby"), made.card.id);
  made.box.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  equal(made.card.hidden, true);
  el.remove();
});
