import { Plain } from "../../../widgets/static/plain.js";
import { close, equal, standIn, test } from "./harness.js";

const DRAG = { curve: "curve", x: "xi", y: "value", word: "ξ" };

/** @param {number[]} xs @param {(x: number) => number} f */
function plain(xs, f) {
  const curve = { xi: Float32Array.from(xs), value: Float32Array.from(xs, f) };
  const model = { get: () => ({ usermeta: { drag: DRAG } }) };
  return new Plain(standIn({ model, params: {}, box: document.createElement("div"), store: { clouds: { curve } } }));
}

test("between two points of a curve the height is on the straight line, beyond its ends on the last piece", () => {
  const made = plain([0, 1, 3, 4], (x) => 2 * x + 1);
  for (const x of [-1, 0, 0.25, 1, 2.5, 4, 6]) close(made.height(DRAG, x), 2 * x + 1, 1e-5);
});

test("the least of a curve is its lowest point; without a curve there is none", () => {
  equal(plain([0, 1, 3, 4], (x) => (x - 1) ** 2 + 5).least(DRAG), 5);
  equal([plain([], Number).least(DRAG), plain([], Number).height(DRAG, 1)], [NaN, NaN]);
});
