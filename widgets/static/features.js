// The decode card of a table: what sets a place of the latent space apart, feature by feature; without a place, what marks each class.

import { meanOf } from "./card_pictures.js";
import { pathOf } from "./decoded.js";
import { FONT, SMALL } from "./elements.js";
import { sentence, short } from "./numbers.js";

/**
 * @import { Card } from "./card.js"
 * @import { FeatureTable, Sheet, Strip } from "./shapes.d.ts"
 */

const REACH = 4; // powers of two, or standard deviations, from the middle of a bar to its end

/**
 * How far a value is from the feature's average: powers of two of a count, standard deviations of other data.
 * @param {FeatureTable} table
 * @param {number} value
 * @param {number} k
 * @returns {number}
 */
export function apart({ counts, average, spread, least }, value, k) {
  return counts ? Math.log2((value + least) / (average[k] + least)) : (value - average[k]) / spread[k];
}

/**
 * How informative that is: a ratio of large counts is more so.
 * @param {FeatureTable} table
 * @param {number} value
 * @param {number} k
 * @returns {number}
 */
export function weight(table, value, k) {
  const { counts, average } = table;
  return counts ? Math.abs(Math.sqrt(Math.max(0, value)) - Math.sqrt(average[k])) : Math.abs(apart(table, value, k));
}

/**
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {FeatureTable & { observed: Float32Array }} table
 */
export function features(card, sheet, table) {
  const { height, strip, where, decode, chosen, grid: { size } } = sheet, { cloud } = card.panel.store.clouds;
  if (!where && strip) return heat(card, sheet, table, strip);
  if (!where && !chosen.size) return marks(card, sheet, table);
  const own = where && where.row >= 0 && cloud && (where.row + 1) * size <= table.observed.length
    ? { x: cloud.x[where.row], y: cloud.y[where.row], values: table.observed.subarray(where.row * size) }
    : null;
  const place = own ?? where, values = place ? decode(place.x, place.y) : meanOf(card, sheet);
  const rows = Math.max(1, Math.floor(height / lineHeight(card))), every = Array.from({ length: size }, (_, k) => k);
  const shown = every.length <= rows
    ? every
    : every.sort((a, b) => weight(table, values[b], b) - weight(table, values[a], a)).slice(0, rows);
  shown.forEach((k, row) => bar(card, sheet, table, row, k, values[k], own && own.values[k]));
  const unit = table.counts
    ? "expected counts; a full bar is ×16 the average"
    : "decode(z); a full bar is 4 sd off the average";
  const what = place ? `z = (${short(place.x)}, ${short(place.y)})` : `The mean z of ${chosen.size} selected data`;
  card.words.textContent = own ? `Ring: this data point. Bar: its ${unit}.` : `${what}: ${unit}.`;
}

/** @param {Card} card */
function lineHeight(card) {
  return 13 * Math.sqrt(card.panel.factor);
}

/**
 * Words in a row of this height, cut to their room.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {string} text
 * @param {number} left
 * @param {number} row
 * @param {number} room
 * @param {number} tall
 * @param {CanvasTextAlign} [align]
 */
function word(card, { context }, text, left, row, room, tall, align = "left") {
  context.font = `${SMALL * Math.sqrt(card.panel.factor)}px ${FONT}`;
  context.textAlign = align;
  let shown = text;
  while (shown.length > 2 && context.measureText(shown).width > room) shown = `${shown.slice(0, -2)}…`;
  context.fillText(shown, left, (row + 0.75) * tall);
  context.textAlign = "left";
}

/**
 * One feature: a bar from the average in the middle, over it its name and value; a ring where the data point itself is.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {FeatureTable} table
 * @param {number} row
 * @param {number} k
 * @param {number} value
 * @param {number | null} own
 */
function bar(card, sheet, table, row, k, value, own) {
  const { context, width } = sheet, middle = width / 2, line = lineHeight(card), top = row * line;
  /** @param {number} v */
  const to = (v) => middle + (Math.max(-REACH, Math.min(REACH, v)) / REACH) * (middle - 3);
  const end = to(apart(table, value, k));
  context.globalAlpha = 0.4;
  context.fillStyle = end < middle ? low(card) : card.colour;
  context.fillRect(Math.min(middle, end), top + 1, Math.max(1, Math.abs(end - middle)), line - 2);
  context.globalAlpha = 1;
  context.fillStyle = card.panel.ink(0.4);
  context.fillRect(middle - 0.5, top, 1, line);
  context.fillStyle = card.panel.ink(0.95);
  word(card, sheet, table.names[k], 1, row, 0.66 * width, line);
  word(card, sheet, short(value), width - 1, row, 0.33 * width, line, "right");
  if (own === null) return;
  context.strokeStyle = card.panel.ink(0.9);
  context.beginPath();
  context.arc(to(apart(table, own, k)), top + line / 2, 3, 0, 7);
  context.stroke();
}

/** @param {Card} card */
function low(card) {
  return card.panel.dark ? "#56B4E9" : "#0072B2";
}

/**
 * Nothing is pointed at: the features that mark each class, by the decoder at the class's average z.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {FeatureTable} table
 */
function marks(card, sheet, { markers, names }) {
  const { context, width, height } = sheet, { panel } = card, line = lineHeight(card);
  const labels = panel.model.get("labels") ?? [], classes = panel.built?.meta.classes ?? [];
  const tall = Math.min(line, height / (2 * Math.max(1, markers.length)));
  markers.forEach(([label, found], i) => {
    context.fillStyle = classes[label] ?? panel.ink(0.8);
    context.beginPath();
    context.arc(4, (2 * i + 0.5) * tall, 3.5, 0, 7);
    context.fill();
    context.fillStyle = panel.ink(0.9);
    word(card, sheet, labels[label] ?? "", 11, 2 * i, width - 11, tall);
    context.fillStyle = panel.ink(0.65);
    word(card, sheet, found.join(" "), 11, 2 * i + 1, width - 11, tall);
  });
  if (!markers.length) {
    context.fillStyle = panel.ink(0.65);
    names.slice(0, Math.floor(height / line)).forEach((text, row) => word(card, sheet, text, 0, row, width, line));
  }
  const what = markers.length ? "What marks each class, by the decoder." : "What the decoder moves most over the data.";
  card.words.textContent = `${what} Point at the map.`;
}

/**
 * One dimension walks from low to high: each feature's row of steps, blue below its average and orange above.
 * @param {Card} card
 * @param {Sheet} sheet
 * @param {FeatureTable} table
 * @param {Strip} strip
 */
function heat(card, sheet, table, strip) {
  const { context, width, height, grid: { size } } = sheet, { values, count } = strip, line = lineHeight(card);
  const name = Math.min(66 * Math.sqrt(card.panel.factor), width / 2), cell = (width - name) / count;
  /** @param {number} k */
  const range = (k) =>
    Math.abs(Math.sqrt(Math.max(0, values[(count - 1) * size + k])) - Math.sqrt(Math.max(0, values[k])));
  const every = Array.from({ length: size }, (_, k) => k).sort((a, b) => range(b) - range(a));
  every.slice(0, Math.floor(height / line)).forEach((k, row) => {
    context.fillStyle = card.panel.ink(0.85);
    word(card, sheet, table.names[k], 0, row, name - 4, line);
    for (let step = 0; step < count; step++) {
      const off = apart(table, values[step * size + k], k);
      context.globalAlpha = Math.min(1, Math.abs(off) / REACH);
      context.fillStyle = off < 0 ? low(card) : card.colour;
      context.fillRect(name + step * cell, row * line, cell + 0.5, line - 1);
    }
    context.globalAlpha = 1;
  });
  card.words.textContent = `${sentence(pathOf(strip))}: blue below a feature's average, orange above.`;
}
