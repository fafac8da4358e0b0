// A panel as a file: SVG, PNG at twice its size, or the numbers it draws. Vega draws its part again; our own canvases lie over it.

import { contextOf } from "./elements.js";

/** @import { PanelParts } from "./shapes.d.ts" */

export const EXPORT = "elbo-export";
const SCALE = 2,
  NO_WORDS =
    ".elbo-live, .elbo-card-tools, .elbo-waiting, .elbo-legend-card, .elbo-legend-more, .elbo-legend-head, .elbo-off",
  CLIPS = ".elbo-card-words, .elbo-card-key, .elbo-title, .elbo-legend-list",
  WHOLE = [".elbo-measured", ".elbo-chart-host"]; // a chart and the legend beside it; a chart and the title above it

/** @typedef {{ text: string, x: number, y: number, size: string, weight: string, family: string, colour: string }} Word */

const HYPHEN = "\u00ad"; // seen only where a line ends

/**
 * The parts of a word, one a line: a long one may be broken at a hyphen.
 * @param {Node} node
 * @param {number} index
 * @param {string} text
 * @param {Range} range
 * @returns {{ part: string, place: DOMRect }[]}
 */
function linesOf(node, index, text, range) {
  range.setStart(node, index);
  range.setEnd(node, index + text.length);
  const whole = range.getBoundingClientRect();
  if (range.getClientRects().length < 2) return [{ part: text.replaceAll(HYPHEN, ""), place: whole }];
  /** @type {{ part: string, place: DOMRect }[]} */
  const found = [];
  let at = index, before = "";
  for (const character of text) {
    range.setStart(node, at);
    range.setEnd(node, at += character.length);
    const rects = range.getClientRects(), last = found[found.length - 1];
    const place = rects[rects.length - 1] ?? whole; // the first of two is the end of the line before
    if (character !== HYPHEN) {
      if (last && Math.abs(place.top - last.place.top) < 2) last.part += character;
      else {
        if (last && before === HYPHEN) last.part += "-";
        found.push({ part: character, place });
      }
    }
    before = character;
  }
  return found;
}

/**
 * Every visible word of a panel, at its place: lines are broken as on the screen.
 * @param {HTMLElement} box
 * @returns {Word[]}
 */
export function wordsOf(box) {
  const corner = box.getBoundingClientRect(), range = document.createRange();
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  /** @type {Word[]} */
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!parent || parent.closest(NO_WORDS) || !parent.getClientRects().length) continue;
    const style = getComputedStyle(parent), seen = (parent.closest(CLIPS) ?? box).getBoundingClientRect();
    if (style.visibility === "hidden") continue;
    const dressed = { size: style.fontSize, weight: style.fontWeight, family: style.fontFamily };
    for (const { 0: text, index } of (node.textContent ?? "").matchAll(/\S+/g)) {
      for (const { part, place } of linesOf(node, index, text, range)) {
        if (!place.width || place.bottom > seen.bottom + 2 || place.left > seen.right) continue;
        const x = place.left - corner.left, y = place.top - corner.top + 0.79 * place.height;
        if (!index && parent.classList.contains("elbo-chip")) {
          const left = parent.getBoundingClientRect().left - corner.left;
          found.push({ text: "●", x: left, y, colour: getComputedStyle(parent, "::before").color, ...dressed });
        }
        found.push({ text: part, x, y, colour: style.color, ...dressed });
      }
    }
  }
  return found;
}

/**
 * The canvases of a panel that show something, from the lowest to the highest, and where they are; `vega` is drawn by its view.
 * @param {HTMLElement} box
 */
function layersOf(box) {
  const corner = box.getBoundingClientRect();
  return [...box.querySelectorAll("canvas")].flatMap((canvas) => {
    const place = canvas.getBoundingClientRect(), vega = canvas.parentElement?.closest(".elbo-vega");
    if (!place.width || !canvas.width || getComputedStyle(canvas).visibility === "hidden") return [];
    if (!vega && !contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)) return [];
    const x = place.left - corner.left, y = place.top - corner.top;
    return [{ canvas, vega: Boolean(vega), x, y, width: place.width, height: place.height }];
  });
}

/**
 * The lines of a legend's ticked rows, where they are.
 * @param {HTMLElement} box
 */
export function swatchesOf(box) {
  const corner = box.getBoundingClientRect();
  return [...box.querySelectorAll(".elbo-legend-row:not(.elbo-off) .elbo-legend-swatch")].flatMap((swatch) => {
    const place = swatch.getBoundingClientRect(), seen = swatch.closest(CLIPS)?.getBoundingClientRect() ?? corner;
    const line = swatch.querySelector("line"), y = place.top - corner.top + place.height / 2;
    if (!line || !place.width || place.bottom > seen.bottom + 2) return [];
    const [colour, dash] = ["stroke", "stroke-dasharray"].map((name) => line.getAttribute(name) ?? "");
    const x = place.left - corner.left;
    return [{ x, y, to: x + place.width, colour, dash, wide: Number(line.getAttribute("stroke-width")) }];
  });
}

/**
 * @param {PanelParts} parts
 * @returns {Promise<Blob>}
 */
export async function picture({ box, view, paper }) {
  const canvas = document.createElement("canvas"), pen = contextOf(canvas);
  Object.assign(canvas, { width: Math.round(SCALE * box.clientWidth), height: Math.round(SCALE * box.clientHeight) });
  pen.scale(SCALE, SCALE);
  pen.fillStyle = paper;
  pen.fillRect(0, 0, box.clientWidth, box.clientHeight);
  for (const layer of layersOf(box)) {
    const drawn = layer.vega && view ? await view.toCanvas(SCALE) : layer.canvas;
    pen.drawImage(drawn, layer.x, layer.y, layer.width, layer.height);
  }
  for (const { x, y, to, colour, dash, wide } of swatchesOf(box)) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: wide });
    pen.setLineDash(dash ? dash.split(" ").map(Number) : []);
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(to, y);
    pen.stroke();
  }
  for (const { text, x, y, size, weight, family, colour } of wordsOf(box)) {
    pen.font = `${weight} ${size} ${family}`;
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  }
  return new Promise((go, no) => canvas.toBlob((blob) => blob ? go(blob) : no(new Error("No picture was made."))));
}

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (character) => ENTITIES[character]);

/**
 * @param {PanelParts} parts
 * @returns {Promise<Blob>}
 */
export async function drawing({ box, view, paper }) {
  const { clientWidth: width, clientHeight: height } = box, parts = [];
  for (const { canvas, vega, x, y, ...size } of layersOf(box)) {
    if (vega && view) parts.push((await view.toSVG()).replace("<svg ", `<svg x="${x}" y="${y}" `));
    else {
      const place = `x="${x}" y="${y}" width="${size.width}" height="${size.height}"`;
      parts.push(`<image ${place} href="${canvas.toDataURL()}"/>`);
    }
  }
  for (const { x, y, to, colour, dash, wide } of swatchesOf(box)) {
    const look = `stroke="${colour}" stroke-width="${wide}"${dash && ` stroke-dasharray="${dash}"`}`;
    parts.push(`<line x1="${x}" x2="${to}" y1="${y}" y2="${y}" ${look}/>`);
  }
  for (const { text, x, y, size, weight, family, colour } of wordsOf(box)) {
    const font = `font-size="${size}" font-weight="${weight}" font-family="${escaped(family)}" fill="${colour}"`;
    parts.push(`<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${font}>${escaped(text)}</text>`);
  }
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`;
  const whole = `${head}<rect width="100%" height="100%" fill="${paper}"/>${parts.join("")}</svg>`;
  return new Blob([whole], { type: "image/svg+xml" });
}

/**
 * Offer a file to the browser's downloads.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Save the panel when its menu asks for it.
 * @param {HTMLElement} box
 * @param {string} name
 * @param {() => Omit<PanelParts, "box">} parts
 * @param {AbortSignal} signal
 */
export function serveFiles(box, name, parts, signal) {
  box.addEventListener(EXPORT, async (event) => {
    const kind = /** @type {CustomEvent<string>} */ (event).detail;
    const whole = WHOLE.map((selector) => box.closest(selector)).find(Boolean);
    const now = { box: /** @type {HTMLElement} */ (whole ?? box), ...parts() };
    const made = kind === "csv"
      ? new Blob([now.table()], { type: "text/csv" })
      : await (kind === "svg" ? drawing : picture)(now);
    download(made, `elbo-room-${name.replaceAll("_", "-")}.${kind}`);
  }, { signal });
}
