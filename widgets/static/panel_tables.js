// The panels as tables, with header cells and units; each can be saved with all its rows.

import { hear } from "./anywidget_recovery.js";
import { element } from "./elements.js";

/** @import { Model, PanelTable, Shown, Started, TablesValues } from "./shapes.d.ts" */

/**
 * A table with a header cell above each column and before each row.
 * @param {string} caption
 * @param {string[]} heads
 * @param {string[][]} rows
 * @param {string} [unit] of all columns but the first, above them
 * @returns {HTMLTableElement}
 */
export function tableOf(caption, heads, rows, unit = "") {
  const made = element("table", "elbo-figures"), top = element("thead", ""), body = element("tbody", "");
  const line = element("tr", "");
  for (const words of heads) {
    const cell = element("th", "", words);
    cell.scope = "col";
    line.append(cell);
  }
  if (unit) {
    const above = element("tr", ""), first = line.firstElementChild, over = element("th", "elbo-figures-unit", unit);
    over.scope = "colgroup";
    over.colSpan = Math.max(1, heads.length - 1);
    first?.setAttribute("rowspan", "2");
    above.append(...(first ? [first] : []), over);
    top.append(above);
  }
  top.append(line);
  for (const row of rows) {
    const cells = row.map((words, i) => element(i ? "td" : "th", "", words)), made = element("tr", "");
    if (cells.length) cells[0].setAttribute("scope", "row");
    made.append(...cells);
    body.append(made);
  }
  made.append(element("caption", "", caption), top, body);
  return made;
}

/**
 * Save a text as a file in the person's download folder.
 * @param {string} name
 * @param {string} text
 */
export function save(name, text) {
  const link = element("a", ""), address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  Object.assign(link, { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * One panel.
 * @param {PanelTable} panel
 * @param {(chart: string, part: string) => void} ask for all rows
 * @returns {HTMLElement}
 */
export function section({ chart, title, summary, parts, empty }, ask) {
  const made = element("section", "elbo-figures-of");
  made.append(element("h3", "", title));
  if (summary) made.append(element("p", "", summary));
  if (empty) made.append(element("p", "elbo-quiet", empty));
  for (const { name, heads, unit, rows, total } of parts) {
    const button = element("button", "jupyter-button widget-button", "All rows as CSV"),
      foot = element("p", "elbo-figures-foot");
    const count = total > rows.length ? `${rows.length} of ${total.toLocaleString("en")} rows` : `${total} rows`;
    button.type = "button";
    button.setAttribute("aria-label", `${title}: all ${total} rows as CSV`);
    button.addEventListener("click", () => ask(chart, name));
    foot.append(element("span", "", count), button);
    made.append(tableOf(title, heads, rows, unit), foot);
  }
  return made;
}

class Tables {
  /**
   * @param {Model<TablesValues>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    /** What is shown of each panel, in its order. @type {{ key: string, el: HTMLElement }[]} */
    this.shown = [];
    this.show();
  }

  /** Whether a person has marked a part, to copy it: it must not change under the hand. */
  get marked() {
    const held = document.getSelection();
    return Boolean(held && !held.isCollapsed && this.el.contains(held.anchorNode));
  }

  show() {
    if (this.marked) return;
    const tables = this.model.get("tables");
    tables.forEach((panel, i) => {
      const key = JSON.stringify(panel), held = this.shown[i];
      if (held?.key === key) return;
      const inside = held?.el.contains(document.activeElement);
      const made = section(panel, (chart, part) => this.model.send({ kind: "save", chart, part }));
      if (held) held.el.replaceWith(made);
      else this.el.append(made);
      if (inside) made.querySelector("button")?.focus({ preventScroll: true });
      this.shown[i] = { key, el: made };
    });
    for (const { el } of this.shown.splice(tables.length)) el.remove();
  }
}

export default {
  /** @param {Started<TablesValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<TablesValues>} shown */
  render({ model, el, signal }) {
    const tables = new Tables(model, el);
    model.on("change:tables", () => tables.show());
    model.on("msg:custom", (content) => {
      if (content?.kind === "save") save(content.name, content.text);
    });
    document.addEventListener("selectionchange", () => tables.show(), { signal });
  },
};
