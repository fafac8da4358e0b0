// The sheet of Share: the link in a field, a button that copies it, and its QR code for phones.

import { copy } from "./copying.js";
import { element } from "./elements.js";

const SPACE = "http://www.w3.org/2000/svg", QUIET = 4; // modules of white around a QR code

/**
 * The dark modules of a QR code as the path of an SVG, one bar per run of them.
 * @param {string[]} rows of 0 and 1
 * @returns {string}
 */
export const modules = (rows) =>
  rows.flatMap((row, y) =>
    [...row.matchAll(/1+/g)].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`)
  )
    .join("");

/**
 * Whether only this computer can open an address.
 * @param {string} text
 * @returns {boolean}
 */
export const isLocal = (text) => /^https?:\/\/(localhost|127\.|\[::1\])/.test(text);

export class Share {
  /**
   * @param {Element} home where the sheet is put
   * @param {string} text a link, or in a notebook a call
   */
  constructor(home, text) {
    const link = /^https?:/.test(text);
    this.text = text;
    this.sheet = element("dialog", "elbo-share");
    this.field = element("input", "");
    this.code = element("div", "elbo-share-code");
    this.button = element("button", "elbo-share-copy", "Copy");
    const head = element("h2", "", "Share these settings"), row = element("div", "elbo-share-row");
    const close = element("button", "", "Close");
    Object.assign(this.field, { readOnly: true, value: text });
    this.field.setAttribute(
      "aria-label",
      link ? "Link that opens the lab with these settings" : "Call that opens the lab with these settings",
    );
    for (const each of [this.button, close]) each.type = "button";
    this.button.addEventListener("click", () => this.copy());
    close.addEventListener("click", () => this.sheet.close());
    this.sheet.addEventListener("close", () => this.sheet.remove());
    this.sheet.addEventListener("click", (event) => {
      if (event.target === this.sheet) this.sheet.close(); // beside it
    });
    this.sheet.setAttribute("aria-label", "Share these settings");
    const words = link
      ? isLocal(text)
        ? "The link opens the lab with these settings, on this computer only: the lab runs on it."
        : "The link opens the lab with these settings; the code does so on a phone."
      : "Paste this into a cell of a notebook: it opens the lab with these settings.";
    row.append(this.field, this.button);
    const inside = element("div", "elbo-share-inside");
    inside.append(head, element("p", "", words), row, this.code, close);
    this.sheet.append(inside);
    home.append(this.sheet);
    this.sheet.showModal();
    this.field.select();
  }

  copy() {
    return copy(this.button, this.text, () => this.field.select());
  }

  /**
   * Draw the QR code of this link; that of another one is ignored.
   * @param {string} text
   * @param {string[]} rows
   */
  show(text, rows) {
    if (text !== this.text || !rows.length) return;
    const size = rows.length + 2 * QUIET, drawing = document.createElementNS(SPACE, "svg");
    const path = document.createElementNS(SPACE, "path");
    drawing.setAttribute("viewBox", `${-QUIET} ${-QUIET} ${size} ${size}`);
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", "QR code of the link");
    drawing.setAttribute("shape-rendering", "crispEdges");
    path.setAttribute("d", modules(rows));
    drawing.append(path);
    this.code.replaceChildren(drawing);
  }
}
