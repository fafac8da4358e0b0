import { Section, tableOf } from "../../../widgets/static/panel_tables.js";
import { equal, test } from "./harness.js";

test("a table has a header above each column and before each row", () => {
  const table = tableOf("ELBO", ["step", "ELBO, nats"], [["1", "−98.4"], ["2", "−97"]]);
  const scopes = [...table.querySelectorAll("th")].map((cell) => `${cell.scope}: ${cell.textContent}`);
  equal(scopes, ["col: step", "col: ELBO, nats", "row: 1", "row: 2"]);
  equal([...table.querySelectorAll("td")].map((cell) => cell.textContent), ["−98.4", "−97"]);
  equal(table.caption?.textContent, "ELBO");
  const united = tableOf("ELBO", ["step", "ELBO", "mean"], [["1", "2", "3"]], "nats");
  equal([...united.querySelectorAll("th")].map((cell) => `${cell.textContent} ${cell.rowSpan}×${cell.colSpan}`), [
    "step 2×1",
    "nats 1×2",
    "ELBO 1×1",
    "mean 1×1",
    "1 1×1",
  ]);
});

test("words of the data are text, never markup", () => {
  equal(tableOf("t", ["<b>x</b>"], [["<img src=x>"]]).querySelectorAll("b, img").length, 0);
});

test("a panel says how many rows it shows and asks for all of them by chart and dataset", () => {
  /** @type {string[][]} */
  const asked = [];
  const part = { name: "lines", heads: ["step"], unit: "nats", rows: [["1"], ["2"]], total: 1797 };
  const panel = { chart: "elbo", title: "ELBO", summary: "It rises.", empty: "", parts: [part] };
  const made = new Section(panel, (...what) => asked.push(what)).el;
  equal(made.querySelector(".elbo-figures-foot span")?.textContent, "2 of 1,797 rows");
  made.querySelector("button")?.click();
  equal(asked, [["elbo", "lines"]]);
  const empty = new Section({ ...panel, parts: [], empty: "Nothing yet." }, () => {}).el;
  equal([empty.querySelectorAll("table").length, empty.lastChild?.textContent], [0, "Nothing yet."]);
});

test("new rows leave the button in its place, where a hand may be pressing it", () => {
  const part = { name: "lines", heads: ["step"], unit: "nats", rows: [["1"]], total: 1 };
  const panel = { chart: "elbo", title: "ELBO", summary: "It rises.", empty: "", parts: [part] };
  const made = new Section(panel, () => {}), button = made.el.querySelector("button");
  made.show({ ...panel, summary: "It rises on.", parts: [{ ...part, rows: [["1"], ["2"]], total: 2 }] });
  equal(made.el.querySelector("button") === button, true);
  equal([...made.el.children].map((each) => each.textContent), [
    "ELBO",
    "It rises on.",
    "ELBOstepnats12",
    "2 rowsAll rows as CSV",
  ]);
  made.show({ ...panel, summary: "", empty: "Nothing yet.", parts: [] });
  equal([...made.el.children].map((each) => each.textContent), ["ELBO", "Nothing yet."]);
});
