// Help: the tour, what each panel shows, the keys.

import { hear } from "./anywidget_recovery.js";
import { element } from "./elements.js";
import { Tour } from "./tour.js";

/** @import { HelpValues, PanelWords, Shown, Started } from "./shapes.d.ts" */

/**
 * One panel: what it shows, its axes, how it is read.
 * @param {PanelWords} words
 * @returns {HTMLElement}
 */
export function aboutPanel({ letter, title, shows, axes, reading }) {
  const made = element("section", ""), list = element("dl", "");
  for (const [head, words] of [["Shows", shows], ["Axes", axes], ["How to read it", reading]]) {
    if (words) list.append(element("dt", "", head), element("dd", "", words));
  }
  made.append(element("h3", "", letter ? `Panel ${letter}: ${title}` : title), list);
  return made;
}

/**
 * The keys as a table.
 * @param {string[][]} keys
 * @returns {HTMLTableElement}
 */
function keyTable(keys) {
  const made = element("table", "elbo-keys");
  made.append(element("caption", "", "Keys"));
  for (const [key, words] of keys) {
    const line = element("tr", ""), head = element("th", "");
    head.scope = "row";
    head.append(element("kbd", "", key));
    line.append(head, element("td", "", words));
    made.append(line);
  }
  return made;
}

export default {
  /** @param {Started<HelpValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<HelpValues>} shown */
  render({ model, el, signal }) {
    const start = element("button", "jupyter-button widget-button mod-primary", "Take the tour"),
      rest = element("div", "");
    /** @type {Tour | undefined} */
    let tour;
    start.type = "button";
    start.title = "Four steps: run, read the caption, change the estimator, see the noise change";
    start.addEventListener("click", () => {
      const room = el.closest(".elbo-room");
      if (!room) return;
      model.send({ kind: "tour" });
      tour?.close();
      tour = new Tour(room, model.get("tour"));
    });
    const show = () => {
      rest.replaceChildren(
        ...model.get("panels").map(aboutPanel),
        keyTable(model.get("shortcuts")),
        ...model.get("notes").map((words) => element("p", "", words)),
      );
    };
    model.on("change:panels", show);
    signal.addEventListener("abort", () => tour?.close());
    el.append(start, rest);
    show();
  },
};
