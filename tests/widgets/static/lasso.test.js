import { within } from "../../../widgets/static/lasso.js";
import { equal, test, uniform } from "./harness.js";

test("inside a circle of many corners is what is nearer to its centre than its radius", () => {
  const circle = Array.from({ length: 400 }, (_, k) => [Math.cos(k * Math.PI / 200), Math.sin(k * Math.PI / 200)]);
  const next = uniform(11);
  for (let k = 0; k < 2000; k++) {
    const x = 3 * next() - 1.5, y = 3 * next() - 1.5, far = Math.hypot(x, y);
    if (Math.abs(far - 1) > 1e-3) equal(within(circle, x, y), far < 1);
  }
});

test("where a path begins and which way it goes does not matter", () => {
  const star = Array.from(
    { length: 10 },
    (_, k) => [(1 + k % 2) * Math.cos(k * Math.PI / 5), (1 + k % 2) * Math.sin(k * Math.PI / 5)],
  );
  const turned = [...star.slice(3), ...star.slice(0, 3)], back = [...star].reverse(), next = uniform(12);
  for (let k = 0; k < 500; k++) {
    const x = 5 * next() - 2.5, y = 5 * next() - 2.5;
    equal([within(turned, x, y), within(back, x, y)], [within(star, x, y), within(star, x, y)]);
  }
});

test("a notch is outside, and a path of two corners holds nothing", () => {
  const notched = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
  equal([within(notched, 2, 3), within(notched, 2, 0.5), within([[0, 0], [4, 4]], 2, 2.1)], [false, true, false]);
});
