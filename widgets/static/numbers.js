// Numbers as words, and round numbers.

const LOWER = "₀₁₂₃₄₅₆₇₈₉";

/**
 * Short numbers with a true minus sign.
 * @param {number} value
 * @returns {string}
 */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 0.001 || size >= 1e5)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−");
}

/**
 * Digits as subscripts.
 * @param {number} k
 * @returns {string}
 */
export const lowered = (k) => String(k).replace(/\d/g, (digit) => LOWER[Number(digit)]);

/**
 * The nearest of 1, 2, 5 times a power of ten.
 * @param {number} value
 * @returns {number}
 */
export const rounded = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return power *
    [1, 2, 5, 10].reduce((best, one) => (Math.abs(one - value / power) < Math.abs(best - value / power) ? one : best));
};

const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * The next round number that is not below a positive value; axes that end there move rarely.
 * @param {number} value
 * @returns {number}
 */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (STEPS.find((step) => step * power >= value * (1 - 1e-9)) ?? 10);
}

/**
 * From `a` to `b` by a part of the way.
 * @param {number} a
 * @param {number} b
 * @param {number} part
 * @returns {number}
 */
export const mixed = (a, b, part) => a + (b - a) * part;

/**
 * Words with a capital in front.
 * @param {string} words
 * @returns {string}
 */
export const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}`;
