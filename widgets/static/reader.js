// A text to read: a field that cannot be written in, and a button that copies it.

import { hear } from "./anywidget_recovery.js";

/** @import { ReaderValues, Shown, Started } from "./shapes.d.ts" */

export default {
  /** @param {Started<ReaderValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<ReaderValues>} shown */
  render({ model, el }) {
    const field = document.createElement("textarea"), button = document.createElement("button");
    field.readOnly = true;
    field.spellcheck = false;
    button.textContent = "Copy";
    button.className = "jupyter-button widget-button elbo-copies";
    const marked = () => document.activeElement === field && field.selectionStart !== field.selectionEnd;
    const show = () => {
      if (marked()) return; // a person is copying a part of it: it changes when that is let go
      const same = field.getAttribute("aria-label") === model.get("label"), { scrollTop, scrollLeft } = field;
      if (field.value !== model.get("text")) field.value = model.get("text");
      Object.assign(field, same ? { scrollTop, scrollLeft } : { scrollTop: 0, scrollLeft: 0 });
      field.setAttribute("aria-label", model.get("label"));
      button.hidden = !field.value;
    };
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = "Copied";
        field.setSelectionRange(0, 0);
      } catch {
        button.textContent = "Press Ctrl+C";
        field.focus();
      }
      setTimeout(() => {
        button.textContent = "Copy";
      }, 1500);
    });
    for (const kind of ["blur", "select", "pointerup", "keyup"]) field.addEventListener(kind, show);
    model.on("change:text", show);
    model.on("change:label", show);
    el.append(field, button);
    show();
  },
};
