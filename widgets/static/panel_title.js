// A panel's title is beside its lists and buttons; where it is too long for that, it has rows of its own above them, and is never cut.

import { element } from "./elements.js";

const GAP = 6, BELOW = 3; // pixels between title and lists, and below a title that has its own row

/**
 * The height of a title's own rows; none if it fits beside the lists.
 * @param {number} natural its width in one row
 * @param {number} room
 * @param {(width: number) => number} height of the title, wrapped at a width
 * @param {number} whole the width of the chart
 * @returns {number}
 */
export function ownRows(natural, room, height, whole) {
  return natural <= room ? 0 : Math.ceil(height(whole)) + BELOW;
}

export class PanelTitle {
  /** What decides on its room, once it is in a panel. @type {Set<Element>} */
  watched = new Set();

  /**
   * @param {string} words
   * @param {AbortSignal} signal
   */
  constructor(words, signal) {
    this.element = element("div", "elbo-title", words);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.element);
    signal.addEventListener("abort", () => this.sizes.disconnect());
  }

  /** @param {string} words */
  write(words) {
    if (this.element.textContent === words) return;
    this.element.textContent = words;
    this.fit();
  }

  /** Find the title its place; the panel keeps the height of its rows in `--head`. */
  fit() {
    const panel = /** @type {HTMLElement | null} */ (this.element.closest(".elbo-panel"));
    const host = this.element.closest(".elbo-chart-host"), whole = host?.getBoundingClientRect();
    if (!panel || !host || !whole?.width) return; // hidden, or not in a panel
    const tools = /** @type {HTMLElement | null} */ (panel.querySelector(":scope > .elbo-tools"));
    for (const part of [host, tools]) {
      if (part && !this.watched.has(part)) this.watched.add(part), this.sizes.observe(part);
    }
    const { style } = this.element, { left } = this.element.getBoundingClientRect();
    const seen = tools && getComputedStyle(tools).visibility !== "hidden" && tools.getBoundingClientRect().width;
    const end = seen ? Math.min(tools.getBoundingClientRect().left, whole.right) : whole.right;
    /** @param {number} width */
    const height = (width) => {
      Object.assign(style, { whiteSpace: "normal", width: `${width}px` });
      return this.element.offsetHeight;
    };
    Object.assign(style, { whiteSpace: "nowrap", width: "max-content" });
    const natural = this.element.getBoundingClientRect().width;
    const head = ownRows(natural, end - left - GAP, height, whole.right - left - GAP);
    panel.classList.toggle("elbo-headed", head > 0);
    panel.style.setProperty("--head", `${head}px`);
  }
}
