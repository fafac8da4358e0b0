import { channels, ink } from "../../../widgets/static/colours.js";
import { Palette, ramp, SHADES } from "../../../widgets/static/palette.js";
import { equal, holds, standIn, test } from "./harness.js";

const CLASSES = ["#0072B2", "#E69F00", "#009E73"];

/** @param {object} params @param {boolean} [dark] */
const palette = (params, dark = false) => new Palette(standIn({ params, dark, plot: { meta: { classes: CLASSES } } }));

/** Relative luminance (WCAG 2.1). @param {string} rgb */
function luminance(rgb) {
  const [r, g, b] = (rgb.match(/\d+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test("a ramp begins and ends with its first and last colour", () => {
  const shades = ramp(["#000000", "#804020", "#ffffff"]);
  equal([shades.length, shades[0], shades.at(-1)], [SHADES, "rgb(0,0,0)", "rgb(255,255,255)"]);
});

test("every shade of both scales is lighter than the one before", () => {
  for (const dark of [false, true]) {
    const lights = palette({ colour: [0, 1] }, dark).scale.map(luminance);
    lights.forEach((light, k) => holds(k === 0 || light > lights[k - 1], `dark ${dark}: shade ${k} is darker`));
  }
});

test("numbers run along the scale, and beyond its ends keep their colour", () => {
  const { scale } = palette({}), one = palette({ colour: [10, 20] });
  equal([one.of(10), one.of(20), one.of(-5), one.of(99)], [scale[0], scale[SHADES - 1], scale[0], scale[SHADES - 1]]);
  equal(one.of(15), scale[SHADES / 2]);
});

test("classes have their own colours, in turn", () => {
  equal([0, 1, 2, 3, 4].map((k) => palette({}).of(k)), [...CLASSES, CLASSES[0], CLASSES[1]]);
});

test("rows without a class are grey", () => {
  const model = { get: () => ["B", "T", "missing"] };
  const made = new Palette(standIn({ params: {}, dark: false, model, plot: { meta: { classes: CLASSES } } }));
  equal([0, 1, 2].map((k) => made.of(k)), [CLASSES[0], CLASSES[1], "#9E9E9E"]);
});

test("channels of a colour", () => {
  equal([channels("#0072B2"), channels("#ffffff")], [[0, 114, 178], [255, 255, 255]]);
});

test("ink is dark on light and light on dark", () => {
  holds(luminance(ink(true, 1)) > 0.8 && luminance(ink(false, 1)) < 0.02, "too little contrast");
});

test("the key has a chip a class, which chooses it, and none where there is one class", () => {
  const box = document.createElement("div"),
    model = { get: () => ["zero", "one"] },
    plot = { meta: { classes: CLASSES } };
  /** @type {number[]} */
  const chosen = [];
  new Palette(standIn({ params: {}, dark: false, model, plot, built: plot })).key(box, (k) => chosen.push(k));
  equal([...box.children].map((chip) => chip.textContent), ["zero", "one"]);
  box.querySelectorAll("button")[1].click();
  equal(chosen, [1]);
  const alone = { ...model, get: () => ["all"] };
  new Palette(standIn({ params: {}, dark: false, model: alone, plot, built: plot })).key(box, () => {});
  equal(box.children.length, 0);
});
