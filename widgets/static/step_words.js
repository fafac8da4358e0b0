// What is written next to the drawing of one step, and how its stages follow each other.

import { short } from "./numbers.js";

/** @import { Columns } from "./shapes.d.ts" */

/**
 * One step as it was made: ε_b, z_b and G_b of the draws; μ, s and ĝ of q before and after.
 * @typedef {{ about: Columns, q: Columns, draws: Columns }} Step
 */

export const STAGES = 4;
const TWEEN = 0.45; // share of a stage in which things move; then they rest

/**
 * The stage, and how far its movement is in [0, 1]; the stage `STAGES` is the whole picture.
 * @param {number} elapsed ms since the step began to be shown
 * @param {number} length ms of all stages; 0 shows the whole picture at once
 * @returns {[stage: number, part: number]}
 */
export function stageAt(elapsed, length) {
  if (!length) return [STAGES, 1];
  const at = Math.min(STAGES - 1e-6, (elapsed / length) * STAGES), part = Math.min(1, (at % 1) / TWEEN);
  return [Math.floor(at), part * part * (3 - 2 * part)];
}

/**
 * The numbers of the four stages, each next to its formula.
 * @param {Step} step
 * @returns {string[][]}
 */
export function stageNumbers({ about, q, draws }) {
  /** @param {number} x @param {number} y */
  const pair = (x, y) => `(${short(x)}, ${short(y)})`;
  const more = draws.weight.length > 3 ? ", …" : "";
  const weights = `${Array.from(draws.weight.slice(0, 3), short).join(", ")}${more}`;
  const moved = about.made[0] ? `μ moves by ${pair(q.x2[0] - q.x[0], q.y2[0] - q.y[0])}` : "not made yet";
  return [
    [`${draws.x.length} draw${draws.x.length > 1 ? "s" : ""}`],
    [`μ = ${pair(q.x[0], q.y[0])}`, `s = ${pair(q.sx[0], q.sy[0])}`],
    [
      ...(about.weighted[0] ? [`factors of the scores: ${weights}`] : []),
      `mean gradient of μ = ${pair(q.gx[0], q.gy[0])}`,
    ],
    [`ρ = ${short(about.step_size[0])}`, moved],
  ];
}

/**
 * z of a data point; w where q is over the weights.
 * @param {Columns} about
 * @returns {"z" | "w"}
 */
export const latentName = (about) => about.row[0] < 0 ? "w" : "z";

/**
 * The key of the picture: whose colour, and the words after its sign.
 * @param {Columns} about
 * @param {boolean} posterior whether it is drawn
 * @returns {[colour: "draw" | "posterior" | "q" | null, words: string][]}
 */
export function stepKey(about, posterior) {
  const name = about.row[0] < 0 ? "■ posterior" : "■ p(z | x), the posterior";
  return [
    ["draw", "● draws, → their gradients"],
    [null, "➔ mean of the gradients"],
    ...(posterior ? [/** @type {["posterior", string]} */ (["posterior", name])] : []),
    ["q", "○ q, twice its scale s"],
  ];
}
