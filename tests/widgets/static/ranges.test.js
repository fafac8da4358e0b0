import { decades, settled } from "../../../widgets/static/ranges.js";
import { close, equal, holds, test, uniform } from "./harness.js";

test("a range holds its data with 6 % of air on either side", () => {
  const [low, high] = settled(null, -10, 90, false);
  close([low, high], [-16, 96]);
});

test("a logarithmic range has the same air in decades", () => {
  const [low, high] = settled(null, 1, 10000, true);
  close(low * high, 10000, 1e-6);
  holds(low > 0 && low < 1, `it begins at ${low}`);
});

test("a range that fits stays as it is, one that is too wide or too narrow does not", () => {
  const range = settled(null, 0, 100, false);
  equal(settled(range, 5, 95, false), range);
  holds(settled(range, 5, 95, false) === range, "it was made again");
  holds(settled(range, 0, 200, false)[1] > 200, "it does not hold its data");
  holds(settled(range, 0, 10, false)[1] < 100, "it stays ten times too wide");
});

test("one value has a range around it", () => {
  for (const value of [0, -3, 1e6]) {
    const [low, high] = settled(null, value, value, false);
    holds(low < value && value < high, `${value} has ${low} to ${high}`);
  }
});

test("a log axis shows at least two powers of ten and no more than it needs", () => {
  const next = uniform(5);
  for (let k = 0; k < 300; k++) {
    const low = 10 ** (8 * next() - 4), high = low * 10 ** (3 * next() ** 2), [from, to] = decades([low, high]);
    holds(from <= low * (1 + 1e-9) && to >= high * (1 - 1e-9), "data are cut off");
    holds(Math.floor(Math.log10(to) + 1e-9) > Math.ceil(Math.log10(from) - 1e-9), `one label from ${from} to ${to}`);
    holds(to / from < Math.max(1.001 * high / low, 101), `far too wide: ${from} to ${to} for ${low} to ${high}`);
  }
  equal(decades([0.5, 300]), [0.5, 300]);
});
