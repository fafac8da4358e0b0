import { ReplayBar } from "../../../widgets/static/replay_bar.js";
import { equal, holds, standIn, test } from "./harness.js";

/** @param {object} [values] */
function bar(values = {}) {
  /** @type {(number | null)[]} */
  const sent = [];
  /** @type {Record<string, () => void>} */
  const heard = {};
  /** @type {Record<string, unknown>} */
  const state = {
    steps: [0, 1, 2, 4, 8],
    shown: -1,
    changes: [[4, "B 8"]],
    words: "replay keeps 5 states, 2 kB",
    pace: 60,
    ...values,
  };
  const model = standIn({
    get: (/** @type {string} */ name) => state[name],
    on: (/** @type {string} */ kind, /** @type {() => void} */ act) => (heard[kind] = act),
    send: (/** @type {{ step: number | null }} */ { step }) => sent.push(step),
  });
  const made = new ReplayBar(model, document.createElement("div"), new AbortController().signal);
  const show = (/** @type {number} */ step) => {
    state.shown = step;
    heard["change:shown"]();
  };
  const drag = (/** @type {number} */ value) => {
    made.slider.value = String(value);
    made.slider.dispatchEvent(new Event("input"));
  };
  return { made, sent, show, drag };
}

test("one step is asked for at a time, and of those wanted meanwhile the newest comes next", () => {
  const { sent, show, drag } = bar();
  for (const value of [1.2, 2, 3.9, 7.5]) drag(value);
  equal(sent, [1]);
  show(1);
  equal(sent, [1, 8]);
  show(8);
  equal(sent, [1, 8]);
});

test("arrow keys move to the neighbouring kept step, and the slider says where it is", () => {
  const { made, sent, show } = bar();
  const press = (/** @type {string} */ key) => made.slider.dispatchEvent(new KeyboardEvent("keydown", { key }));
  press("ArrowLeft");
  show(4);
  press("ArrowLeft");
  show(2);
  press("End");
  equal(sent, [4, 2, 8]);
  equal(made.slider.getAttribute("aria-valuetext"), "step 8");
});

test("Live goes back to the newest step at once, and is greyed out there", () => {
  const { made, sent, show, drag } = bar();
  holds(made.live.disabled, "Live can be pressed although the newest step is shown");
  drag(2);
  made.live.click();
  equal(sent, [2, null]);
  show(-1);
  holds(made.live.disabled, "Live can be pressed although the newest step is shown");
});

test("a slider without states cannot be moved, and one with states has a tick where a control was changed", () => {
  holds(bar({ steps: [0] }).made.slider.disabled, "there is nothing to move to");
  const { made } = bar();
  equal([...made.marks.children].map((tick) => /** @type {HTMLElement} */ (tick).title), ["step 4: B 8"]);
});

test("playing shows the kept steps in order at its pace, begins again at the end, and stops there", async () => {
  const { made, sent, show } = bar({ pace: 400, shown: 4 });
  made.play.click();
  const end = performance.now() + 3000;
  while (sent.at(-1) !== 8 && performance.now() < end) {
    if (sent.length && made.asked) show(Number(sent.at(-1)));
    await new Promise((go) => setTimeout(go, 5));
  }
  equal(sent, [8]);
  show(8);
  await new Promise((go) => setTimeout(go, 50));
  holds(!made.played, "it plays on at the end");
  made.play.click();
  equal(sent, [8, 0]);
});

test("a recorded run is at its end, not live", () => {
  const { made, show } = bar({ recorded: true });
  equal([made.live.textContent, made.step.textContent], ["End", "at the end"]);
  show(4);
  equal([made.live.disabled, made.step.textContent], [false, "step 4"]);
  const own = bar().made;
  equal([own.live.textContent, own.step.textContent], ["Live", "live"]);
});
