// What is drawn over the map of the latent space.

import { FONT, SMALL } from "./elements.js";
import { lowered } from "./numbers.js";

/**
 * @import { Latent } from "./latent.js"
 * @import { Panel } from "./live_chart.js"
 * @import { Columns, Pair, Place, Strip } from "./shapes.d.ts"
 */

/** @param {Latent} latent */
export function drawOverlay(latent) {
  const context = latent.panel.pen(), { cloud } = latent;
  titles(latent.panel, context);
  if (!latent.domain) return;
  context.strokeStyle = latent.panel.ink(0.8);
  context.lineWidth = 1.5;
  if (latent.drag && latent.drag.path.length > 1) lasso(latent, context, latent.drag.path);
  if (latent.card.strip?.places.length) steps(latent, context, latent.card.strip);
  latent.pins.forEach((pin, k) => flag(latent, context, latent.place(pin), latent.pins.length > 1 ? "AB"[k] : ""));
  const where = latent.at ?? (latent.pins.length === 1 ? latent.place(latent.pins[0]) : null);
  if (latent.at) cross(latent, context, latent.at);
  if (where && cloud?.x && where.row >= 0 && where.row < cloud.x.length) posterior(latent, context, cloud, where.row);
}

/**
 * @param {Latent} latent
 * @param {CanvasRenderingContext2D} context
 * @param {Place} where
 */
function cross(latent, context, { x, y }) {
  const [px, py] = latent.pixel(x, y);
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(px + 3 * dx, py + 3 * dy);
    context.lineTo(px + 9 * dx, py + 9 * dy);
  }
  context.stroke();
}

/**
 * @param {Latent} latent
 * @param {CanvasRenderingContext2D} context
 * @param {Pair[]} path
 */
function lasso(latent, context, path) {
  context.beginPath();
  path.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fillStyle = latent.panel.ink(0.08);
  context.fill();
  context.setLineDash([4, 3]);
  context.stroke();
  context.setLineDash([]);
}

/**
 * The stops of a walk; a path and a dimension are lines, draws are not.
 * @param {Latent} latent
 * @param {CanvasRenderingContext2D} context
 * @param {Strip} strip
 */
function steps(latent, context, { places, walk }) {
  /** @type {Pair[]} */
  const at = [];
  for (let k = 0; k + 1 < places.length; k += 2) at.push(latent.pixel(places[k], places[k + 1]));
  context.strokeStyle = context.fillStyle = latent.card.colour;
  context.beginPath();
  if (walk !== "draws") at.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  for (const [x, y] of at) {
    context.beginPath();
    context.arc(x, y, 3, 0, 7);
    context.fill();
  }
  context.strokeStyle = latent.panel.ink(0.8);
}

/**
 * A pinned place.
 * @param {Latent} latent
 * @param {CanvasRenderingContext2D} context
 * @param {Place} pin
 * @param {string} name
 */
function flag(latent, context, { x, y }, name) {
  const [px, py] = latent.pixel(x, y);
  context.beginPath();
  context.arc(px, py, 5.5, 0, 7);
  context.stroke();
  if (!name) return;
  context.font = `600 ${SMALL * latent.panel.factor}px ${FONT}`;
  context.lineWidth = 3;
  context.strokeStyle = latent.panel.paper();
  context.strokeText(name, px + 8, py - 5);
  context.fillStyle = latent.panel.ink(1);
  context.fillText(name, px + 8, py - 5);
  context.lineWidth = 1.5;
  context.strokeStyle = latent.panel.ink(0.8);
}

/**
 * A ring around a data point's mean, and the ellipse of two standard deviations of its posterior, in the shown plane.
 * @param {Latent} latent
 * @param {CanvasRenderingContext2D} context
 * @param {Columns} cloud
 * @param {number} row
 */
function posterior(latent, context, cloud, row) {
  const [x, y] = [cloud.x[row], cloud.y[row]], [cx, cy] = latent.pixel(x, y), [ox, oy] = latent.pixel(0, 0);
  context.beginPath();
  context.arc(cx, cy, 5, 0, 7);
  context.stroke();
  if (!cloud.sx || !cloud.sy) return;
  const [right, up] = [latent.pixel(2 * cloud.sx[row], 0)[0] - ox, latent.pixel(0, 2 * cloud.sy[row])[1] - oy]; // up is negative
  const both = (cloud.rho?.[row] ?? 0) * right * up,
    half = (right * right - up * up) / 2,
    middle = (right * right + up * up) / 2;
  const spread = Math.hypot(half, both), angle = Math.atan2(both, half) / 2; // of a symmetric 2 × 2 matrix
  context.beginPath();
  context.ellipse(cx, cy, Math.sqrt(middle + spread), Math.sqrt(Math.max(0, middle - spread)), angle, 0, 7);
  context.stroke();
  context.fillStyle = latent.panel.ink(0.1);
  context.fill();
}

/**
 * @param {Panel} panel
 * @param {CanvasRenderingContext2D} context
 */
export function titles(panel, context) {
  const { plot, params, factor } = panel, [a, b] = params.axes ?? [1, 2];
  const share = params.principal ? `PCA plane, ${Math.round(100 * params.principal)} % of the variance` : "";
  context.fillStyle = panel.ink(0.8);
  context.textAlign = "center";
  context.fillText(share || `z${lowered(a)}`, plot.width / 2, plot.height + 31 * factor);
  if (!share) context.fillText(`z${lowered(b)}`, -40 * factor, plot.height / 2);
  context.textAlign = "left";
}
