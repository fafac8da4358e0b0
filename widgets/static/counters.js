// What the page has done so far, for tests and benchmarks: every widget's module counts into the same object.

/** @import { Counter } from "./shapes.d.ts" */

/** @type {Counter} */
export const counter = (globalThis.__elboCounter ??= {
  frames: 0,
  acks: 0,
  lastFrame: 0,
  views: 0,
  rebuilds: 0,
  resyncs: 0,
  painted: 0,
  hoverMs: [],
});
if (!Object.hasOwn(globalThis, "__elboRoom")) {
  Object.defineProperty(globalThis, "__elboRoom", {
    get: () => Object.freeze({ ...counter, hoverMs: [...counter.hoverMs] }),
  });
}
