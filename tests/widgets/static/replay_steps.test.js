import { moved, nearest, share, until } from "../../../widgets/static/replay_steps.js";
import { equal, test, uniform } from "./harness.js";

const STEPS = [0, 1, 2, 4, 8, 16, 100, 2000];

test("the nearest kept step is the one at the smallest distance", () => {
  const next = uniform(3);
  for (let k = 0; k < 200; k++) {
    const wanted = 2200 * next() ** 3 - 10, away = STEPS.map((step) => Math.abs(step - wanted));
    equal(away[nearest(STEPS, wanted)], Math.min(...away));
  }
});

test("the clock shows the newest kept step that it has reached, and stays inside", () => {
  equal([-1, 0, 0.9, 3, 4, 99, 1999, 2000, 1e9].map((reached) => STEPS[until(STEPS, reached)]), [
    0,
    0,
    0,
    2,
    4,
    16,
    100,
    2000,
    2000,
  ]);
});

test("keys move between kept steps, to the ends with Home and End, and not beyond", () => {
  equal(["ArrowRight", "ArrowLeft", "PageDown", "Home", "End", "PageUp", "x"].map((key) => moved(key, 3, 8)), [
    4,
    2,
    0,
    0,
    7,
    7,
    undefined,
  ]);
});

test("ticks are where the slider's handle is at their step", () => {
  equal([0, 500, 2000, 9999].map((step) => share(STEPS, step)), [0, 0.25, 1, 1]);
  equal(share([5], 5), 0);
});
