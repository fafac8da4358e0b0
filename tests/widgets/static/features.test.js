import { apart, weight } from "../../../widgets/static/features.js";
import { close, holds, test } from "./harness.js";

const COUNTS = { names: [], counts: true, average: [3], spread: [1], least: 0.5, markers: [] };
const NUMBERS = { ...COUNTS, counts: false, average: [10], spread: [4] };

test("counts are apart by powers of two of the average, other data by standard deviations", () => {
  close([apart(COUNTS, 3, 0), apart(COUNTS, 6.5, 0), apart(COUNTS, 0, 0)], [0, 1, -Math.log2(7)]);
  close([apart(NUMBERS, 10, 0), apart(NUMBERS, 18, 0), apart(NUMBERS, 6, 0)], [0, 2, -1]);
});

test("the same ratio says more where counts are large", () => {
  const many = { ...COUNTS, average: [300] };
  holds(weight(many, 600, 0) > weight(COUNTS, 6, 0), "it does not");
  close([weight(COUNTS, 3, 0), weight(NUMBERS, 2, 0)], [0, 2]);
});
