import { Press } from "../../../widgets/static/press.js";
import { RunsTable } from "../../../widgets/static/runs_table.js";
import { equal, standIn, test } from "./harness.js";

/** @import { RunRow } from "../../../widgets/static/shapes.d.ts" */

/** The next turn of the event loop. */
const later = () => new Promise((then) => setTimeout(then));

/** @param {"pointerdown" | "pointerup"} name */
const pointer = (name) => new PointerEvent(name, { pointerType: "mouse", bubbles: true });

test("what must wait is done after the click of a press, the newest of it only", async () => {
  const el = document.createElement("div"), press = new Press(el);
  /** @type {string[]} */
  const done = [];
  press.after(() => done.push("at once"));
  document.body.append(el);
  el.addEventListener("click", () => done.push("click"));
  el.dispatchEvent(pointer("pointerdown"));
  press.after(() => done.push("older"));
  press.after(() => done.push("newest"));
  el.dispatchEvent(pointer("pointerup"));
  el.click();
  await later();
  equal(done, ["at once", "click", "newest"]);
  el.remove();
});

test("a run whose button is pressed keeps its place while the scores change, and then takes its new one", async () => {
  /** @param {string} id @param {number} score */
  const run = (id, score) => /** @type {RunRow} */ ({
    id,
    name: "",
    scene: id,
    changes: "",
    measure: "digits",
    seed: 7,
    step: 1,
    stop: 2,
    score,
    spark: [],
    when: "",
    date: "",
    pinned: false,
    fault: "",
  });
  /** @type {Record<string, unknown>} */
  const values = {
    rows: [run("a", 2), run("b", 1)],
    current: "",
    measure: "",
    overlaid: [],
    deleted: 0,
    comparison: {},
  };
  /** @type {object[]} */
  const sent = [];
  const model = standIn({
    get: (/** @type {string} */ name) => values[name],
    send: (/** @type {object} */ content) => sent.push(content),
  });
  const el = document.createElement("div");
  document.body.append(el);
  const table = new RunsTable(/** @type {any} */ (model), el, new AbortController().signal);
  table.sort("score");
  const order = () => [...table.body.rows].map((row) => row.querySelector(".elbo-run-title")?.textContent).join("");
  const pin = /** @type {HTMLButtonElement} */ (table.body.rows[0].querySelectorAll(".elbo-run-buttons button")[1]);
  pin.dispatchEvent(pointer("pointerdown"));
  values.rows = [run("a", 0), run("b", 1)];
  table.show();
  equal(order(), "ab");
  pin.dispatchEvent(pointer("pointerup"));
  pin.click();
  await later();
  equal([order(), sent], ["ba", [{ kind: "pin", id: "a", pinned: true }]]);
  el.remove();
});
