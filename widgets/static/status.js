// The status: chips that keep their places.

import { hear } from "./anywidget_recovery.js";
import { element } from "./elements.js";

/** @import { Shown, Started, StatusValues } from "./shapes.d.ts" */

const CHIPS = /** @type {const} */ (["state", "step", "rate", "elbo", "seed"]);

export default {
  /** @param {Started<StatusValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<StatusValues>} shown */
  render({ model, el }) {
    const chips = CHIPS.map((name) => [name, element("span", `elbo-status-chip elbo-status-${name}`)]);
    const words = new Map(/** @type {[string, HTMLElement][]} */ (chips));
    for (const chip of words.values()) el.append(chip, " ");
    const bar = element("span", "elbo-progress"), step = element("span", "");
    words.get("step")?.append(step, bar);
    words.set("step", step);
    const show = () => {
      const now = model.get("chips");
      for (const name of CHIPS) {
        const part = words.get(name), text = now[name] ?? "";
        if (part && part.textContent !== text) part.textContent = text;
      }
      el.dataset.state = now.state ?? "";
      if (el.title !== (now.saved ?? "")) el.title = now.saved ?? "";
      bar.style.transform = `scaleX(${now.progress ?? 0})`;
    };
    model.on("change:chips", show);
    show();
  },
};
