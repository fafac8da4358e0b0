import { apart, Lines, steadyOrder, wrapped } from "../../../widgets/static/lines.js";
import { close, equal, holds, standIn, test, uniform } from "./harness.js";

test("labels that are apart stay where they are", () => {
  close(apart([10, 50, 90], [12, 12, 12], 100), [10, 50, 90]);
});

test("labels never overlap where there is room for all, keep their order and stay inside", () => {
  const next = uniform(2);
  for (let k = 0; k < 200; k++) {
    const centres = Array.from({ length: 6 }, () => 200 * next()),
      rooms = centres.map(() => 13 + 13 * Math.round(next()));
    const placed = apart(centres, rooms, 200), order = centres.map((_, i) => i).sort((i, j) => centres[i] - centres[j]);
    order.forEach((i, n) => {
      holds(placed[i] >= rooms[i] / 2 - 1e-9 && placed[i] <= 200 - rooms[i] / 2 + 1e-9, `label ${i} is outside`);
      const j = order[n - 1];
      holds(n === 0 || placed[i] - placed[j] >= (rooms[i] + rooms[j]) / 2 - 1e-9, `labels ${j} and ${i} overlap`);
    });
  }
});

test("labels that need more than there is share it evenly", () => {
  close(apart([5, 5, 5, 5], [40, 40, 40, 40], 80), [10, 30, 50, 70]);
});

test("a label is cut at a space so that both lines fit, and loses nothing else", () => {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  const text = "leave one out, half the draws", room = 0.7 * context.measureText(text).width;
  const [first, second] = wrapped(text, room, context);
  equal(`${first} ${second}`, text);
  holds(context.measureText(first).width <= room, `${first} is too wide`);
  equal(wrapped(text, 1e4, context), [text]);
  equal(wrapped("reparameterisation", 1, context), ["reparameterisation"]);
});

/** @param {"linear" | "log"} scale */
function lines(scale) {
  const made = new Lines(standIn({ plot: { width: 400, height: 200, meta: { x: { scale }, y: { scale } } } }));
  made.range = { x: [2, 50], y: [0.1, 1000] };
  return made;
}

test("the value at the pixel of a value is that value, on both scales", () => {
  for (const scale of /** @type {const} */ (["linear", "log"])) {
    const made = lines(scale);
    for (const value of [2, 3, 10, 49.5, 50]) close(made.value(made.pixel("x", value)), value, 1e-9);
    close(
      [made.pixel("x", 2), made.pixel("x", 50), made.pixel("y", 0.1), made.pixel("y", 1000)],
      [0, 400, 200, 0],
      1e-9,
    );
  }
});

test("a decade is as long as the next on a logarithmic axis", () => {
  const made = lines("log"), [a, b, c] = [1, 10, 100].map((value) => made.pixel("y", value));
  close(a - b, b - c, 1e-9);
});

test("a long fall at the start does not flatten the rest where the chart says so", () => {
  const made = lines("linear"), values = Array.from({ length: 100 }, (_, k) => k < 3 ? -1e6 : -100 + k / 100);
  equal(made.tall(values, values, false)[0], -1e6);
  made.meta.y.robust = true;
  holds(made.tall(values, values, false)[0] > -101, "it is flattened");
});

test("a logarithmic axis passes over values that are not positive", () => {
  const [low, high] = lines("log").tall([0, -1, 2, 4], [0, -1, 2, 8], true);
  close([low, high], [2 / 1.3, 8]);
});

test("the curves of a lit term glow, and a curve's name beside the plot lights its term", () => {
  const root = document.createElement("div"), box = document.createElement("div");
  root.className = "elbo-room";
  root.append(box);
  let painted = 0;
  const series = [{ light: "elbo" }, { light: "kl" }, {}];
  const made = new Lines(
    standIn({ box, plot: { width: 400, height: 200, meta: { series } }, params: {} }),
  );
  made.overlay = () => painted += 1;
  made.light(["kl", "draws"]);
  equal([[...made.lit], painted], [[1], 1]);
  made.light([]);
  made.light([]);
  equal([[...made.lit], painted], [[], 2]);
  made.names = [{ key: 0, at: 50, room: 13 }, { key: 2, at: 100, room: 13 }];
  const lit = () => root.getAttribute("data-lit");
  made.beside(410, 52);
  equal(lit(), "elbo");
  made.light(["elbo"]);
  made.beside(410, 100); // a curve that is no term's
  equal(lit(), "");
});

test("names of curves that touch keep their order until one is clearly past the other", () => {
  equal(steadyOrder([3, 5], [50, 48], [3, 5], 9), [0, 1]);
  equal(steadyOrder([3, 5], [50, 38], [3, 5], 9), [1, 0]);
  equal(steadyOrder([3, 5, 7], [50, 48, 10], [3, 5], 9), [2, 0, 1]);
  equal(steadyOrder([3, 5], [50, 48], [], 9), [1, 0]);
});
