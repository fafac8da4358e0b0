// Two runs side by side: the settings that differ, how far they came, and their curves in the same axes.

import { element } from "./elements.js";
import { short } from "./numbers.js";
import { curvePath, extent, tall } from "./run_rows.js";

/** @import { Pair, RunComparison } from "./shapes.d.ts" */

const WIDTH = 170, HEIGHT = 90, LEFT = 46, BELOW = 16, SPACE = "http://www.w3.org/2000/svg";

/**
 * A part of an SVG.
 * @param {string} kind
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 * @returns {SVGElement}
 */
export function drawn(kind, attributes, text) {
  const made = document.createElementNS(SPACE, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * One curve with the ends of its axes.
 * @param {Pair[]} points
 * @param {Pair | null} x
 * @param {Pair | null} y
 * @param {{ title: string, slot: number, log?: boolean }} how
 * @returns {HTMLElement | SVGElement}
 */
function plot(points, x, y, { title, slot, log = false }) {
  if (!points.length || !x || !y) return element("p", "elbo-quiet", "Nothing was measured.");
  const whole = drawn("svg", {
    viewBox: `${-LEFT} -6 ${WIDTH + LEFT + 8} ${HEIGHT + BELOW + 8}`,
    class: "elbo-run-plot",
    role: "img",
    "aria-label": `${title}: ${short(points[0][1])} at step ${points[0][0]}, ${
      short(points[points.length - 1][1])
    } at step ${points[points.length - 1][0]}`,
  });
  const text = { class: "elbo-run-axis" };
  whole.append(
    drawn("path", { d: `M0 0V${HEIGHT}H${WIDTH}`, class: "elbo-run-frame" }),
    drawn("text", { ...text, x: -4, y: 10, "text-anchor": "end" }, short(y[1])),
    drawn("text", { ...text, x: -4, y: HEIGHT, "text-anchor": "end" }, short(y[0])),
    drawn("text", { ...text, x: 0, y: HEIGHT + 14 }, String(Math.round(x[0]))),
    drawn("text", { ...text, x: WIDTH, y: HEIGHT + 14, "text-anchor": "end" }, `step ${Math.round(x[1])}`),
    drawn("path", {
      d: curvePath(points, { x, y, width: WIDTH, height: HEIGHT, log }),
      class: "elbo-run-line",
      "data-slot": slot,
    }),
  );
  return whole;
}

/**
 * A table of what is called how in both runs.
 * @param {string} caption
 * @param {string[]} names
 * @param {string[][]} rows
 * @returns {HTMLTableElement}
 */
function table(caption, names, rows) {
  const made = element("table", "elbo-run-values"), head = element("tr", ""), body = element("tbody", "");
  for (const words of ["", ...names]) {
    const cell = element("th", "", words);
    cell.scope = "col";
    head.append(words ? cell : element("td", ""));
  }
  for (const [words, ...values] of rows) {
    const line = element("tr", ""), first = element("th", "", words);
    first.scope = "row";
    line.append(first, ...values.map((value) => element("td", "", value)));
    body.append(line);
  }
  const top = element("thead", "");
  top.append(head);
  made.append(element("caption", "", caption), top, body);
  return made;
}

/**
 * The whole comparison.
 * @param {RunComparison} two
 * @returns {HTMLElement}
 */
export function comparison(two) {
  const made = element("div", "elbo-run-two"), names = two.names.map((name, i) => `${"AB"[i]} ${name}`);
  const x = extent([...two.elbo, ...two.variance], 0), noise = extent(two.variance, 1), heights = tall(two.elbo);
  const plots = element("div", "elbo-run-plots");
  plots.append(element("h4", "", "ELBO, nats per data point"));
  two.elbo.forEach((points, i) => {
    plots.append(plot(points, x, two.comparable ? heights : tall([points]), { title: `ELBO of ${names[i]}`, slot: i }));
  });
  plots.append(element("h4", "", "Variance of the gradient, nats², log scale"));
  two.variance.forEach((points, i) => {
    plots.append(plot(points, x, noise, { title: `Variance of ${names[i]}`, slot: i, log: true }));
  });
  made.append(
    two.settings.length
      ? table("Settings that differ", names, two.settings)
      : element("p", "", "Both runs have the same settings."),
    table("Results", names, two.results),
  );
  if (!two.comparable) {
    made.append(
      element(
        "p",
        "",
        "Their data, model or response differ: their nats are not comparable, so each ELBO has its own axis.",
      ),
    );
  }
  made.append(plots);
  return made;
}
