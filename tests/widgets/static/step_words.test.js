import { latentName, stageAt, stageNumbers, STAGES, stepKey } from "../../../widgets/static/step_words.js";
import { close, equal, holds, test } from "./harness.js";

/** @param {Record<string, number[]>} columns */
const columns = (columns) =>
  Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, Float32Array.from(values)]));

const ABOUT = { row: [4], weighted: [0], made: [1], step_size: [0.01] };
const Q = { x: [1], y: [2], sx: [0.5], sy: [0.25], gx: [-3], gy: [4], x2: [1.5], y2: [1.75] };
const DRAWS = { x: [0, 1], weight: [0.25, 0.75] };

/** @param {Record<string, number[]>} [about] @param {Record<string, number[]>} [draws] */
const lines = (about = {}, draws = {}) =>
  stageNumbers({ about: columns({ ...ABOUT, ...about }), q: columns(Q), draws: columns({ ...DRAWS, ...draws }) });

test("a step without a length is shown whole, and so is the last moment of one that has a length", () => {
  equal(stageAt(123, 0), [STAGES, 1]);
  equal(stageAt(9999, 4000), [STAGES - 1, 1]);
});

test("every stage has a quarter of the time, moves from 0 to 1 and rests", () => {
  for (let stage = 0; stage < STAGES; stage++) {
    const parts = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9].map((share) => stageAt(1000 * (stage + share) + 0.001, 4000));
    equal(parts.map(([found]) => found), Array(7).fill(stage));
    close(parts[0][1], 0);
    holds(parts.every(([, part], k) => k === 0 || part >= parts[k - 1][1]), "it moves back");
    close([parts[5][1], parts[6][1]], [1, 1]);
  }
});

test("a movement is as fast at its end as at its beginning", () => {
  const [early, late] = [0.1, 0.35].map((share) => stageAt(1000 * share, 4000)[1]);
  close(early + late, 1);
});

test("the four stages have the numbers of the step; μ moves by the difference", () => {
  equal(lines(), [
    ["2 draws"],
    ["μ = (1, 2)", "s = (0.5, 0.25)"],
    ["mean gradient of μ = (−3, 4)"],
    ["ρ = 0.01", "μ moves by (0.5, −0.25)"],
  ]);
});

test("factors of scores are written where there are any, three of them at most", () => {
  equal(lines({ weighted: [1] })[2][0], "factors of the scores: 0.25, 0.75");
  equal(
    lines({ weighted: [1] }, { weight: [0.25, 0.25, 0.25, 0.25] })[2][0],
    "factors of the scores: 0.25, 0.25, 0.25, …",
  );
});

test("a step that was refused is not made, one over weights draws w, and one draw is one draw", () => {
  const found = lines({ row: [-1], made: [0] }, { x: [0] });
  equal([found[0][0], found[3][1], latentName(columns({ row: [-1] })), latentName(columns(ABOUT))], [
    "1 draw",
    "not made yet",
    "w",
    "z",
  ]);
});

test("the key names the posterior where it is drawn", () => {
  const about = columns(ABOUT);
  equal(stepKey(about, false).map(([name]) => name), ["draw", null, "q"]);
  equal(stepKey(about, true)[2], ["posterior", "■ p(z | x), the posterior"]);
});
