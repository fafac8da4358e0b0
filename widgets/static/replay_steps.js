// Which kept step a slider, a key or the clock means: plain arithmetic over the steps in order.

/**
 * The place of the kept step nearest to a wanted one.
 * @param {number[]} steps
 * @param {number} wanted
 * @returns {number}
 */
export function nearest(steps, wanted) {
  const after = steps.findIndex((step) => step >= wanted);
  if (after < 0) return steps.length - 1;
  return after > 0 && wanted - steps[after - 1] < steps[after] - wanted ? after - 1 : after;
}

/**
 * The place of the newest kept step that the clock has reached.
 * @param {number[]} steps
 * @param {number} reached
 * @returns {number}
 */
export function until(steps, reached) {
  const after = steps.findIndex((step) => step > reached);
  return after < 0 ? steps.length - 1 : Math.max(0, after - 1);
}

/** How many kept steps a key moves; Infinity is the end. @type {Partial<Record<string, number>>} */
const KEYS = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
  Home: -Infinity,
  End: Infinity,
};

/**
 * The place that a key moves to, or undefined where it does not move the slider.
 * @param {string} key
 * @param {number} place
 * @param {number} count
 * @returns {number | undefined}
 */
export function moved(key, place, count) {
  const by = KEYS[key];
  return by === undefined ? undefined : Math.min(count - 1, Math.max(0, place + by));
}

/**
 * Where a step is on the slider's track, from 0 to 1.
 * @param {number[]} steps
 * @param {number} step
 * @returns {number}
 */
export function share(steps, step) {
  const first = steps[0], last = steps[steps.length - 1];
  return last > first ? Math.min(1, Math.max(0, (step - first) / (last - first))) : 0;
}
