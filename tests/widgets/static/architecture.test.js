import { Architecture } from "../../../widgets/static/architecture.js";
import { equal, test } from "./harness.js";

/** @import { Offer } from "../../../widgets/static/shapes.d.ts" */

/** @type {Offer} */
const NOTHING = { name: "", label: "", help: "", words: "", value: 0, less: null, more: null, options: [], reason: "" };
/** @type {Offer[]} */
const OFFERS = [
  { ...NOTHING, name: "depth", label: "Hidden layers", words: "2 layers", value: 2, less: 1 },
  { ...NOTHING, name: "norm", label: "Normalisation", value: "b", options: [["A", "a"], ["B", "b"]] },
  { ...NOTHING, name: "skip", label: "Skip", words: "Δh", value: false },
];

test("buttons and lists send the knob and its new value; at an end there is none", () => {
  /** @type {[string, unknown][]} */
  const sent = [];
  const row = new Architecture((name, value) => sent.push([name, value]));
  row.show(OFFERS);
  const [fewer, more, skip] = row.element.querySelectorAll("button"), list = row.element.querySelector("select");
  equal([fewer.disabled, more.disabled, skip.getAttribute("aria-pressed"), list?.value], [false, true, "false", "b"]);
  fewer.click();
  skip.click();
  if (list) list.value = "a";
  list?.dispatchEvent(new Event("change"));
  equal(sent, [["depth", 1], ["skip", true], ["norm", "a"]]);
});

test("the same offers leave the row alone, and others keep the focus where it was", () => {
  const row = new Architecture(() => {});
  document.body.append(row.element);
  equal([row.show(OFFERS), row.show(structuredClone(OFFERS))], [true, false]);
  row.element.querySelector("button")?.focus();
  row.show([{ ...OFFERS[0], words: "1 layer", value: 1, less: 0 }]);
  equal(document.activeElement?.getAttribute("aria-label"), "Hidden layers: fewer");
  row.element.remove();
});

test("a button stays while other values are offered, and its next press counts from the new one", () => {
  /** @type {[string, unknown][]} */
  const sent = [];
  const row = new Architecture((name, value) => sent.push([name, value]));
  row.show(OFFERS);
  const [fewer, , skip] = row.element.querySelectorAll("button"), list = row.element.querySelector("select");
  row.show([{ ...OFFERS[0], words: "1 layer", value: 1, less: 0, more: 2 }, { ...OFFERS[2], value: true }]);
  equal([...row.element.querySelectorAll("button")].map((each) => each === fewer || each === skip), [
    true,
    false,
    true,
  ]);
  equal(list?.isConnected, false);
  fewer.click();
  skip.click();
  equal(sent, [["depth", 0], ["skip", false]]);
  row.show(OFFERS);
  equal([...row.element.children].map((each) => each.tagName), ["SPAN", "SELECT", "BUTTON"]);
});
