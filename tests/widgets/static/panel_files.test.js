import { drawing, picture, swatchesOf, wordsOf } from "../../../widgets/static/panel_files.js";
import { close, equal, holds, standIn, test } from "./harness.js";

/** A panel of 100 × 60 pixels with two words on two lines, a hidden one, and a red canvas. */
function panel() {
  const box = document.createElement("div"), canvas = document.createElement("canvas");
  box.style.cssText =
    "position: absolute; left: 20px; top: 30px; width: 100px; height: 60px; font: 12px/20px sans-serif";
  box.innerHTML = '<div style="width: 20px">one two</div><div class="elbo-live">heard only</div>';
  Object.assign(canvas, { width: 20, height: 20 }).style.cssText = "position: absolute; left: 50px; top: 10px";
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.fillStyle = "#ff0000";
  pen.fillRect(0, 0, 20, 20);
  box.append(canvas);
  document.body.append(box);
  return standIn({ box, view: null, paper: "#ffffff", table: () => "" });
}

test("words are where they stand on the screen, line by line, without what is only heard", () => {
  const { box } = panel(), words = wordsOf(box);
  equal(words.map(({ text }) => text), ["one", "two"]);
  close(words.map(({ x }) => x), [0, 0], 1);
  close(words[1].y - words[0].y, 20, 1);
});

test("a word that is broken at a soft hyphen is saved as two lines, and one that is not has no hyphen", () => {
  const { box } = panel(), line = /** @type {HTMLElement} */ (box.firstElementChild);
  line.textContent = "reparam\u00adeterisation";
  line.style.width = "70px";
  equal(wordsOf(box).map(({ text }) => text), ["reparam-", "eterisation"]);
  line.style.width = "300px";
  equal(wordsOf(box).map(({ text }) => text), ["reparameterisation"]);
});

test("a picture has twice the size, the paper's colour and the canvases in their places", async () => {
  const bitmap = await createImageBitmap(await picture(panel()));
  equal([bitmap.width, bitmap.height], [200, 120]);
  const canvas = document.createElement("canvas"),
    pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  Object.assign(canvas, { width: 200, height: 120 });
  pen.drawImage(bitmap, 0, 0);
  equal(pen.getImageData(120, 40, 1, 1).data, Uint8ClampedArray.of(255, 0, 0, 255));
  equal(pen.getImageData(190, 110, 1, 1).data, Uint8ClampedArray.of(255, 255, 255, 255));
});

test("a drawing is an SVG of the panel's size with its words as text", async () => {
  const text = await (await drawing(panel())).text(),
    { documentElement } = new DOMParser().parseFromString(text, "image/svg+xml");
  equal([documentElement.getAttribute("width"), documentElement.getAttribute("height")], ["100", "60"]);
  equal([...documentElement.querySelectorAll("text")].map((each) => each.textContent), ["one", "two"]);
  holds(documentElement.querySelector("image"), "the canvas is missing");
});

test("a chart with a legend is saved with the lines and names of the ticked rows", async () => {
  const panel = document.createElement("div");
  const row = (/** @type {string} */ name, /** @type {string} */ more) =>
    `<li class="elbo-legend-row ${more}"><svg class="elbo-legend-swatch" style="width: 24px; height: 10px">` +
    `<line stroke="#0072B2" stroke-width="2" stroke-dasharray="7 3"/></svg>${name}</li>`;
  panel.className = "elbo-measured";
  panel.style.cssText = "position: absolute; left: 0; top: 0; width: 200px; height: 100px";
  panel.innerHTML = `<ul class="elbo-legend-list">${row("score", "")}${row("leave-one-out", "elbo-off")}</ul>`;
  document.body.append(panel);
  const [line, ...others] = swatchesOf(panel);
  equal([others.length, line.dash, line.colour, line.to - line.x], [0, "7 3", "#0072B2", 24]);
  const made = await drawing(standIn({ box: panel, view: null, paper: "#ffffff", table: () => "" }));
  const { documentElement } = new DOMParser().parseFromString(await made.text(), "image/svg+xml");
  equal([...documentElement.querySelectorAll("text")].map((each) => each.textContent), ["score"]);
  equal(documentElement.querySelectorAll("line").length, 1);
  panel.remove();
});
