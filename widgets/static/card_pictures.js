// What the card shows of pictures: a place, a data point, a walk, the selected data, the whole map; and of points in the plane.

import { asNumbers, bilinear, pathOf } from "./decoded.js";
import { contextOf, FONT, SMALL } from "./elements.js";
import { short } from "./numbers.js";

/**
 * @import { Card } from "./card.js"
 * @import { Numbers, Place, Sheet, Strip } from "./shapes.d.ts"
 */

const NAME = 15, LEAST = 48; // pixels: a picture's name, and the smaller picture of two

/**
 * The decode at the pointer, or a data point next to its reconstruction.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {Place} where
 */
export function digits(card, sheet, where) {
  const { clouds, statics } = card.panel.store, { cloud } = clouds, images = statics.cloud?.images;
  const { width, height, decode, grid: { size } } = sheet;
  const at = where.row >= 0 && images && cloud && where.row < cloud.x.length
    ? { x: cloud.x[where.row], y: cloud.y[where.row], image: images.subarray(where.row * size, (where.row + 1) * size) }
    : { x: where.x, y: where.y, image: null };
  const values = decode(at.x, at.y);
  if (at.image) {
    pair(card, sheet, [asNumbers(at.image), "the data point x"], [values, "its reconstruction"]);
  } else {
    const side = Math.min(width, height - NAME);
    digit(card, sheet, values, (width - side) / 2, 0, side, "decoded from z");
  }
  card.words.textContent = `z = (${short(at.x)}, ${short(at.y)})${at.image ? " · ellipse: twice the scale of q" : ""}`;
}

/**
 * How large two pictures below each other are: the second, what the decoder makes, comes first.
 * @param {number} width
 * @param {number} height
 * @returns {[first: number, second: number]}
 */
export function sides(width, height) {
  const room = height - 2 * NAME, second = Math.max(room / 2, Math.min(width, room - LEAST));
  return [Math.min(width, room - second), Math.min(width, second)];
}

/**
 * Two pictures with their names below them.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {[values: Numbers, name: string]} first
 * @param {[values: Numbers, name: string]} second
 */
function pair(card, sheet, first, second) {
  const [small, large] = sides(sheet.width, sheet.height);
  digit(card, sheet, first[0], (sheet.width - small) / 2, 0, small, first[1]);
  digit(card, sheet, second[0], (sheet.width - large) / 2, small + NAME, large, second[1]);
}

/**
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {Numbers} values
 * @param {number} left
 * @param {number} top
 * @param {number} side
 * @param {string} name
 */
function digit(card, sheet, values, left, top, side, name) {
  const { context, width, grid: { shape: [rows, columns] } } = sheet;
  const unit = Math.max(1, Math.floor(side / Math.max(rows, columns)));
  const x = Math.round(left + (side - unit * columns) / 2);
  raster(card, sheet, values, x, top, unit);
  context.strokeStyle = card.panel.ink(0.35);
  context.strokeRect(x - 0.5, top + 0.5, unit * columns + 1, unit * rows);
  context.font = `${SMALL * Math.sqrt(card.panel.factor)}px ${FONT}`;
  context.fillStyle = card.panel.ink(0.75);
  context.fillText(name, Math.max(0, Math.min(x, width - context.measureText(name).width)), top + unit * rows + 12);
}

/**
 * One picture in whole pixels, so that it stays crisp.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {Numbers} values
 * @param {number} left
 * @param {number} top
 * @param {number} unit
 */
function raster(card, { context, grid }, values, left, top, unit) {
  const [rows, columns] = grid.shape, pixels = new ImageData(columns, rows);
  const [base, gain] = card.panel.dark ? [24, 216] : [255, -235];
  for (let i = 0; i < rows * columns; i++) {
    pixels.data.fill(base + gain * Math.min(1, Math.max(0, values[i])), 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  }
  Object.assign(card.small, { width: columns, height: rows });
  contextOf(card.small).putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(card.small, Math.round(left), Math.round(top), unit * columns, unit * rows);
}

/**
 * Pictures in rows of `across`.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {number} across
 * @param {Numbers[]} pictures
 */
function tiles(card, sheet, across, pictures) {
  const { width, height, grid } = sheet, step = Math.min(width, height) / across;
  const unit = Math.max(1, Math.floor((step - 1) / Math.max(...grid.shape)));
  pictures.forEach((values, k) =>
    raster(card, sheet, values, (k % across) * step, Math.floor(k / across) * step, unit)
  );
}

/**
 * The picture of the selected data's mean z, as the worker decoded it, or the mean place's from the grid.
 * @param {Card} card
 * @param {Sheet} sheet
 * @returns {Float32Array}
 */
export function meanOf(card, { grid, chosen }) {
  const { cloud, marked } = card.panel.store.clouds, picture = marked?.picture;
  if (picture?.length === grid.size) return asNumbers(picture);
  /** @param {"x" | "y"} axis */
  const mean = (axis) => [...chosen].reduce((sum, i) => sum + (cloud?.[axis][i] ?? NaN), 0) / chosen.size;
  return bilinear(grid, mean("x"), mean("y"));
}

/**
 * The selected data: the mean of what they are, and what the decoder makes of their mean z.
 * @param {Card} card
 * @param {Sheet} sheet
 */
export function average(card, sheet) {
  const { chosen, grid: { size } } = sheet, images = card.panel.store.statics.cloud?.images ?? [];
  const mean = new Float32Array(size);
  for (const i of chosen) for (let k = 0; k < size; k++) mean[k] += images[i * size + k] / 255 / chosen.size;
  pair(card, sheet, [mean, "their mean x"], [meanOf(card, sheet), "decoded from their mean z"]);
  card.words.textContent = `${chosen.size} data points selected. Shift-drag adds more.`;
}

/**
 * Nothing is pointed at: what the decoder draws all over the map.
 * @param {Card} card
 * @param {Sheet} sheet
 */
export function overview(card, sheet) {
  const { n, size, values } = sheet.grid, across = Math.min(n, 7);
  /** @param {number} k */
  const pick = (k) => Math.round(((k + 0.5) * (n - 1)) / across);
  const pictures = Array.from({ length: across * across }, (_, k) => {
    const at = (pick(across - 1 - Math.floor(k / across)) * n + pick(k % across)) * size;
    return values.subarray(at, at + size);
  });
  tiles(card, sheet, across, pictures);
  card.words.textContent = "What the decoder draws over this map. Point, click, or drag around data.";
}

/**
 * The stops of a walk, row by row.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {Strip} strip
 */
export function traversal(card, sheet, strip) {
  const { values, count, walk } = strip, { size } = sheet.grid;
  const pictures = Array.from({ length: count }, (_, k) => values.subarray(k * size, (k + 1) * size));
  tiles(card, sheet, Math.ceil(Math.sqrt(count)), pictures);
  card.words.textContent = `${count} decoded ${walk === "draws" ? "" : "stops "}${pathOf(strip)}.`;
}

/**
 * Data in the plane: the cloud as a small scatter; the decoded point, or what the decoder makes of the whole grid.
 * @param {Card} card
 * @param {Sheet} sheet
 */
export function scatter(card, sheet) {
  const { context, width, height, grid, strip, where, decode, chosen } = sheet;
  const points = asNumbers(card.panel.store.statics.cloud?.images ?? new Float32Array(0));
  const side = Math.min(width, height), reach = Math.max(1e-6, ...points.map(Math.abs)) * 1.08;
  /** @param {number} v */
  const to = (v) => (side / 2) * (1 + v / reach);
  /** @param {Numbers} xy @param {number} dot */
  const dots = (xy, dot) => {
    for (let i = 0; i + 1 < xy.length; i += 2) {
      context.fillRect(to(xy[i]) - dot / 2, side - to(xy[i + 1]) - dot / 2, dot, dot);
    }
  };
  context.strokeStyle = card.panel.ink(0.3);
  context.strokeRect(0.5, 0.5, side - 1, side - 1);
  context.fillStyle = card.panel.ink(0.3);
  dots(points, 2);
  context.fillStyle = card.panel.ink(0.9);
  for (const i of chosen) dots(points.subarray(2 * i, 2 * i + 2), 3);
  context.fillStyle = card.colour;
  if (!where) {
    const marked = chosen.size ? meanOf(card, sheet) : null;
    dots(strip?.values ?? marked ?? grid.values, strip ? 5 : marked ? 8 : 2);
    const whole = "what the decoder makes of the map. Point, click, drag";
    const what = strip ? pathOf(strip) : marked ? "what the decoder makes of their mean z" : whole;
    card.words.textContent = `${chosen.size ? `Dark: ${chosen.size} selected data.` : "Grey: data."} Orange: ${what}.`;
    return;
  }
  const decoded = decode(where.x, where.y);
  dots(decoded, 8);
  context.strokeStyle = card.panel.ink(0.9);
  if (where.row >= 0) context.strokeRect(to(points[2 * where.row]) - 4, side - to(points[2 * where.row + 1]) - 4, 8, 8);
  card.words.textContent = `z = (${short(where.x)}, ${short(where.y)}) → (${short(decoded[0])}, ${short(decoded[1])})`;
}
