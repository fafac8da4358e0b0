// What the tests of the modules are written with. `test_modules.py` loads a file in Chromium and calls `run`.

/** @type {Map<string, () => unknown>} */
const tests = new Map();

/**
 * One test; `test_modules.py` finds its name in the text, so it is a plain string at the beginning of a line.
 * @param {string} name
 * @param {() => unknown} act throws, or returns a promise that is rejected, when it fails
 */
export function test(name, act) {
  if (tests.has(name)) throw new Error(`There are two tests called ${name}.`);
  tests.set(name, act);
}

/**
 * Run every test of the page.
 * @returns {Promise<Record<string, string>>} what went wrong, by the test's name; nothing where it passed
 */
export async function run() {
  /** @type {Record<string, string>} */
  const failures = {};
  for (const [name, act] of tests) {
    try {
      await act();
      failures[name] = "";
    } catch (error) {
      failures[name] = error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error);
    }
  }
  return failures;
}

/**
 * @param {unknown} truth
 * @param {string} sentence
 */
export function holds(truth, sentence) {
  if (!truth) throw new Error(sentence);
}

/**
 * The same value, compared by its contents.
 * @param {unknown} found
 * @param {unknown} wanted
 */
export function equal(found, wanted) {
  const [here, there] = [written(found), written(wanted)];
  if (here !== there) throw new Error(`found ${here}, not ${there}`);
}

/**
 * Numbers that differ by rounding only.
 * @param {ArrayLike<number> | number} found
 * @param {ArrayLike<number> | number} wanted
 * @param {number} [tolerance]
 */
export function close(found, wanted, tolerance = 1e-6) {
  const [here, there] = [found, wanted].map((each) => typeof each === "number" ? [each] : Array.from(each));
  const near = here.length === there.length && here.every((value, k) => Math.abs(value - there[k]) <= tolerance);
  if (!near) throw new Error(`found ${here}, not ${there} within ${tolerance}`);
}

/**
 * A stand-in that has only what a test needs of a thing.
 * @template Thing
 * @param {object} parts
 * @returns {Thing}
 */
export const standIn = (parts) => /** @type {Thing} */ (parts);

/**
 * Numbers of [0, 1) that are the same at every run (Park and Miller 1988).
 * @param {number} seed
 * @returns {() => number}
 */
export function uniform(seed) {
  let state = seed;
  return () => (state = (48271 * state) % 2147483647) / 2147483647;
}

/** @param {unknown} value @returns {string} */
function written(value) {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    if (ArrayBuffer.isView(part)) return Array.from(/** @type {Float32Array} */ (part));
    if (part instanceof Set) return [...part];
    return part instanceof Map ? [...part] : part;
  }) ?? String(value);
}
