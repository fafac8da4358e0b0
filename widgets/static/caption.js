// The caption: a headline in its subject's colour, and a sentence.

import { hear } from "./anywidget_recovery.js";
import { element, hostIsDark, watchTheme } from "./elements.js";

/** @import { CaptionValues, Shown, Started } from "./shapes.d.ts" */

export default {
  /** @param {Started<CaptionValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<CaptionValues>} shown */
  render({ model, el, signal }) {
    const head = element("div", "elbo-headline"), sentence = element("div", "elbo-sentence");
    const [subject, lead, number, rest] = ["b", "span", "strong", "span"].map((kind) => document.createElement(kind));
    head.append(subject, " ", lead, number, " ", rest);
    el.append(head, " ", sentence);
    const show = () => {
      const shown = model.get("shown"), colour = (hostIsDark() ? shown.dark : shown.light) ?? "";
      head.hidden = !shown.subject;
      write(subject, shown.subject ? `${shown.subject}:` : "");
      write(lead, shown.lead ? `${shown.lead} ` : "");
      write(number, shown.number ?? "");
      write(rest, shown.rest ?? "");
      write(sentence, shown.sentence ?? "");
      for (const part of [subject, number]) part.style.color = colour;
    };
    model.on("change:shown", show);
    watchTheme(show, signal);
    show();
  },
};

/**
 * Unchanged text is left alone, so that what a person has marked stays marked.
 * @param {HTMLElement} part
 * @param {string} words
 */
function write(part, words) {
  if (part.textContent !== words) part.textContent = words;
}
