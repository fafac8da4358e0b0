import { drawing, picture, wordsOf } from "../../../widgets/static/panel_files.js";
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
