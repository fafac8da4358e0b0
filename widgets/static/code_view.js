// Code in the colours of its grammar, and a button that copies it.

import { hear } from "./anywidget_recovery.js";
import { copy } from "./copying.js";
import { element } from "./elements.js";

/** @import { CodeValues, Shown, Started } from "./shapes.d.ts" */

/**
 * The pieces as elements; each is text, whatever it holds.
 * @param {string[][]} pieces
 * @returns {HTMLElement[]}
 */
export const coloured = (pieces) => pieces.map(([kind, text]) => element("span", kind && `elbo-py-${kind}`, text));

export default {
  /** @param {Started<CodeValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<CodeValues>} shown */
  render({ model, el, signal }) {
    const field = element("pre", "elbo-code-text"),
      button = element("button", "jupyter-button widget-button", "Copy");
    button.type = "button";
    field.tabIndex = 0;
    field.setAttribute("role", "region");
    field.setAttribute("aria-label", model.get("label"));
    const select = () => document.getSelection()?.selectAllChildren(field);
    const marked = () => {
      const held = document.getSelection();
      return Boolean(held && !held.isCollapsed && el.contains(held.anchorNode));
    };
    const show = () => {
      const pieces = model.get("pieces"), text = pieces.map((piece) => piece[1]).join("");
      if (text !== field.textContent && !marked()) field.replaceChildren(...coloured(pieces)); // what is being copied stays
    };
    button.addEventListener("click", () => copy(button, field.textContent, select));
    model.on("change:pieces", show);
    document.addEventListener("selectionchange", show, { signal });
    el.append(button, field);
    show();
  },
};
