import { lowered, mixed, rounded, roundUp, sentence, short } from "../../../widgets/static/numbers.js";
import { close, equal, holds, test } from "./harness.js";

const VALUES = Array.from({ length: 241 }, (_, k) => 10 ** (-12 + k / 10));

test("a short number is the number to three digits, in two beyond 1e-3 and 1e5", () => {
  for (const value of VALUES.flatMap((each) => [each, -each])) {
    const text = short(value), back = Number(text.replaceAll("−", "-"));
    const digits = Math.abs(value) < 0.001 || Math.abs(value) >= 1e5 ? 2 : 3;
    holds(Math.abs(back / value - 1) <= 0.5 * 10 ** (1 - digits), `${value} became ${text}`);
  }
  equal([0, 12345, 0.25, 1e-7].map(short), ["0", "12300", "0.25", "1.0e−7"]);
});

test("every minus of a short number is a true minus sign", () => {
  equal([-1.5, -2e-7, 2e-7].map(short), ["−1.5", "−2.0e−7", "2.0e−7"]);
});

test("what is no number is a dash", () => {
  equal([NaN, Infinity, -Infinity].map(short), ["–", "–", "–"]);
});

test("a rounded number is 1, 2, 5 or 10 times a power of ten, and none of them is nearer", () => {
  for (const value of VALUES) {
    const power = 10 ** Math.floor(Math.log10(value)), found = rounded(value) / power;
    holds([1, 2, 5, 10].some((one) => Math.abs(found - one) < 1e-9), `${value} became ${rounded(value)}`);
    for (const one of [1, 2, 5, 10]) {
      holds(Math.abs(found - value / power) <= Math.abs(one - value / power) + 1e-9, `${one} is nearer to ${value}`);
    }
  }
});

test("rounding up never goes below, by less than a third above, and keeps what is round", () => {
  for (const value of VALUES) {
    const up = roundUp(value);
    holds(up >= value * (1 - 1e-9) && up < value * 1.34, `${value} became ${up}`);
    close(roundUp(up) / up, 1);
  }
});

test("the way from a to b begins at a and ends at b", () => {
  equal([mixed(2, 8, 0), mixed(2, 8, 1), mixed(2, 8, 0.5)], [2, 8, 5]);
});

test("subscripts and sentences", () => {
  equal([lowered(1203), sentence("draws of z")], ["₁₂₀₃", "Draws of z"]);
});
