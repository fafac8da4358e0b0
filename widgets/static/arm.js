// The decode card of points in space joined by bones: the arm from the side and from above.

import { pathOf } from "./decoded.js";
import { FONT, SMALL } from "./elements.js";
import { sentence, short } from "./numbers.js";

/**
 * @import { Card } from "./card.js"
 * @import { Columns, Grid, Numbers, Sheet, Strip } from "./shapes.d.ts"
 */
/** @typedef {{ reach: number, middle: number }} Frame half the width of the picture in units of x, the middle of the heights */
/** @typedef {{ a: number, b: number, left: number, top: number, side: number }} View the two axes that are seen, and where */

const FAINT = 60; // poses of the data behind the arm
/** @type {[name: string, a: number, b: number][]} */
const VIEWS = [["from the side", 0, 2], ["from above", 0, 1]];

/**
 * Half the width of the picture in units of x, and the middle of the heights: the same scale in both views, the rarest poses cut.
 * @param {Float32Array | Uint8Array} points
 * @returns {Frame}
 */
export function framed(points) {
  /** @param {number[]} axes */
  const sorted = (axes) =>
    Float32Array.from(axes.flatMap((axis) => Array.from(points.filter((_, i) => i % 3 === axis)))).sort();
  const flat = sorted([0, 1]), high = sorted([2]);
  /** @param {Float32Array} values @param {number} part */
  const at = (values, part) => values[Math.floor(part * (values.length - 1))] ?? 0;
  const [low, top] = [at(high, 0.01), at(high, 0.99)];
  return { reach: Math.max(1e-6, -at(flat, 0.01), at(flat, 0.99), (top - low) / 2), middle: (low + top) / 2 };
}

/** The frame of the data that were drawn last: they are sorted once. @type {WeakMap<object, Frame>} */
const frames = new WeakMap();

/**
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {Columns} bones
 */
export function arms(card, sheet, bones) {
  const { context, width, height, grid, strip, where, decode } = sheet, { size } = grid, { panel } = card;
  const { clouds: { cloud }, statics } = panel.store, data = statics.cloud?.images ?? new Float32Array(0);
  const frame = frames.get(data) ?? framed(data);
  frames.set(data, frame);
  const rows = Math.floor(data.length / size);
  /** @param {number} row */
  const pose = (row) => data.subarray(row * size, (row + 1) * size);
  const near = where && where.row >= 0 && where.row < rows && cloud
    ? { row: where.row, x: cloud.x[where.row], y: cloud.y[where.row] }
    : null;
  const place = near ?? where;
  const shown = place ? [decode(place.x, place.y)] : strip ? stops(strip, size) : spread(grid);
  const line = 13 * Math.sqrt(panel.factor), side = Math.min(width, height / 2 - line), left = (width - side) / 2;
  context.font = `${SMALL * Math.sqrt(panel.factor)}px ${FONT}`;
  VIEWS.forEach(([name, a, b], k) => {
    const top = k * (side + line), view = { a, b, left, top, side };
    /** @param {Numbers} points @param {string} colour @param {number} wide @param {number} [joint] */
    const draw = (points, colour, wide, joint) => arm(context, points, bones, frame, view, colour, wide, joint);
    context.strokeStyle = panel.ink(0.3);
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, side - 1, side - 1);
    for (let i = 0; i < FAINT && rows; i++) draw(pose(Math.floor((i * rows) / FAINT)), panel.ink(0.1), 1);
    if (near) draw(pose(near.row), panel.ink(0.85), 1.5, 2);
    shown.forEach((each, i) => {
      context.globalAlpha = place ? 1 : 0.25 + (0.75 * (i + 1)) / shown.length;
      draw(each, card.colour, place ? 2.5 : 1.5, place ? 3 : 0);
    });
    context.globalAlpha = 1;
    context.fillStyle = panel.ink(0.75);
    context.fillText(name, left + 2, top + side + line - 3);
  });
  if (place) {
    const off = short(100 * Math.max(...stretch(shown[0], bones)));
    const black = near ? " · black: the data point" : "";
    card.words.textContent = `z = (${short(place.x)}, ${short(place.y)})${black} · links off by ${off} % at most`;
  } else if (strip) card.words.textContent = `${sentence(pathOf(strip))} (bold at its end).`;
  else card.words.textContent = "Grey: data. Orange: poses all over this map. Point at it.";
}

/**
 * One pose in one view; a bone from −1 starts at the origin, where the arm is fixed.
 * @param {CanvasRenderingContext2D} context
 * @param {Numbers} pose
 * @param {Columns} bones
 * @param {Frame} frame
 * @param {View} view
 * @param {string} colour
 * @param {number} wide
 * @param {number} [joint]
 */
function arm(context, pose, bones, { reach, middle }, { a, b, left, top, side }, colour, wide, joint = 0) {
  const scale = side / (2 * reach);
  /** @param {number} point */
  const px = (point) => left + side / 2 + scale * (point < 0 ? 0 : pose[3 * point + a]);
  /** @param {number} point */
  const py = (point) => top + side / 2 - scale * ((point < 0 ? 0 : pose[3 * point + b]) - (b === 2 ? middle : 0));
  context.save();
  context.beginPath();
  context.rect(left, top, side, side);
  context.clip();
  Object.assign(context, { strokeStyle: colour, fillStyle: colour, lineWidth: wide, lineCap: "round" });
  context.beginPath();
  for (let k = 0; k < bones.from.length; k++) {
    context.moveTo(px(bones.from[k]), py(bones.from[k]));
    context.lineTo(px(bones.to[k]), py(bones.to[k]));
  }
  context.stroke();
  for (let k = 0; joint && k < bones.to.length; k++) {
    context.beginPath();
    context.arc(px(bones.to[k]), py(bones.to[k]), joint, 0, 7);
    context.fill();
  }
  context.restore();
}

/**
 * By which part every bone is longer or shorter than in the data.
 * @param {Numbers} pose
 * @param {Columns} bones
 * @returns {number[]}
 */
export function stretch(pose, bones) {
  return Array.from(bones.from, (from, k) => {
    const away = [0, 1, 2].map((axis) => pose[3 * bones.to[k] + axis] - (from < 0 ? 0 : pose[3 * from + axis]));
    return Math.abs(Math.hypot(...away) / bones.length[k] - 1);
  });
}

/** @param {Strip} strip @param {number} size */
function stops({ count, values }, size) {
  return Array.from({ length: count }, (_, k) => values.subarray(k * size, (k + 1) * size));
}

/**
 * A few places all over the map.
 * @param {Grid} grid
 */
function spread({ n, size, values }) {
  const at = [0.2, 0.5, 0.8].map((part) => Math.round(part * (n - 1)));
  return at.flatMap((j) => at.map((i) => values.subarray((j * n + i) * size, (j * n + i + 1) * size)));
}
