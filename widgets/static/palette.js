// The colours of the map: classes have their own, numbers run along a scale; its key is in the card.

import { channels } from "./colours.js";
import { element } from "./elements.js";
import { short } from "./numbers.js";

/** @import { Panel } from "./live_chart.js" */

export const SHADES = 32;
const SCALE = ["#3B1C78", "#2A6F9E", "#1F9E77", "#9CC43B", "#F2B701"]; // from low to high, each lighter than the one before
const SCALE_ON_DARK = ["#7A5CC8", "#3F9BD0", "#33C293", "#B9DB5A", "#FFE08A"];

/**
 * `SHADES` colours along a scale of a few.
 * @param {string[]} stops
 * @returns {string[]}
 */
export function ramp(stops) {
  return Array.from({ length: SHADES }, (_, k) => {
    const at = (k / (SHADES - 1)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(at)), part = at - i;
    const [a, b] = [channels(stops[i]), channels(stops[i + 1])];
    return `rgb(${a.map((v, c) => Math.round(v + part * (b[c] - v))).join(",")})`;
  });
}

/** The kind of rows whose class is not known: `UNKNOWN` of models/data/dataset.py. */
const UNKNOWN = "missing", GREY = "#9E9E9E";

export class Palette {
  /** What the key shows now. */
  drawn = "";

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.ramps = [ramp(SCALE), ramp(SCALE_ON_DARK)];
  }

  /** The ends of the scale, or nothing while the values are classes. */
  get ends() {
    const span = this.panel.params.colour;
    return span?.length === 2 ? span : null;
  }

  get scale() {
    return this.ramps[this.panel.dark ? 1 : 0];
  }

  /**
   * @param {number} value
   * @returns {string}
   */
  of(value) {
    const { ends, scale } = this, classes = this.panel.plot.meta.classes ?? [];
    if (!ends) return this.ofClass(Math.round(value), classes);
    const part = (value - ends[0]) / (ends[1] - ends[0]);
    return scale[Math.min(SHADES - 1, Math.max(0, Math.floor(part * SHADES)))];
  }

  /**
   * A class's own colour; rows without a class are grey.
   * @param {number} k
   * @param {string[]} classes
   * @returns {string}
   */
  ofClass(k, classes) {
    return this.panel.model?.get("labels")?.[k] === UNKNOWN ? GREY : classes[k % classes.length];
  }

  /**
   * The key: one chip per class, which selects the class, or the scale with its ends.
   * @param {HTMLElement} box
   * @param {(label: number) => void} choose
   */
  key(box, choose) {
    const labels = this.panel.model.get("labels") ?? [],
      { ends, scale } = this,
      classes = this.panel.built?.meta.classes ?? [];
    const now = JSON.stringify([labels, ends, this.panel.dark]);
    if (now === this.drawn || !this.panel.built) return;
    this.drawn = now;
    if (ends) {
      const bar = element("div", "elbo-scale");
      bar.style.background = `linear-gradient(to right, ${
        scale.filter((_, k) => k % 4 === 0 || k === SHADES - 1).join(",")
      })`;
      const numbers = element("div", "elbo-scale-ends");
      numbers.append(element("span", "", short(ends[0])), element("span", "", short(ends[1])));
      box.replaceChildren(element("div", "elbo-scale-name", labels[0] ?? ""), bar, numbers);
      return;
    }
    box.replaceChildren(
      ...(labels.length > 1 ? labels : []).slice(0, classes.length).map((text, i) => {
        const chip = element("button", "elbo-chip", text);
        chip.type = "button";
        chip.title = `Select ${text} on the map`;
        chip.style.setProperty("--chip", this.ofClass(i, classes));
        chip.addEventListener("click", () => choose(i));
        return chip;
      }),
    );
  }
}
