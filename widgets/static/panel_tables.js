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

/** One panel. While its tables have the same names, its buttons stay: one that is pressed is not replaced under the hand. */
export class Section {
  el = element("section", "elbo-figures-of");

  /**
   * @param {PanelTable} panel
   * @param {(chart: string, part: string) => void} ask for all rows
   */
  constructor(panel, ask) {
    this.ask = ask;
    /** @type {{ name: string, table: HTMLTableElement, count: HTMLElement, button: HTMLButtonElement }[]} */
    this.parts = [];
    this.show(panel);
  }

  /** @param {PanelTable} panel */
  show(panel) {
    const { title, summary, parts, empty } = panel, words = [element("h3", "", title)];
    if (parts.length !== this.parts.length || parts.some(({ name }, i) => name !== this.parts[i].name)) {
      this.rebuild(panel);
    }
    if (summary) words.push(element("p", "", summary));
    if (empty) words.push(element("p", "elbo-quiet", empty));
    while (this.el.firstElementChild && this.el.firstElementChild !== this.parts[0]?.table) {
      this.el.firstElementChild.remove();
    }
    this.el.prepend(...words);
    parts.forEach(({ heads, unit, rows, total }, i) => {
      const part = this.parts[i], table = tableOf(title, heads, rows, unit);
      part.table.replaceWith(table);
      part.table = table;
      part.count.textContent = total > rows.length
        ? `${rows.length} of ${total.toLocaleString("en")} rows`
        : `${total} rows`;
      part.button.setAttribute("aria-label", `${title}: all ${total} rows as CSV`);
    });
  }

  /** @param {PanelTable} panel */
  rebuild({ chart, parts }) {
    this.parts = parts.map(({ name }) => {
      const button = element("button", "jupyter-button widget-button", "All rows as CSV");
      button.type = "button";
      button.addEventListener("click", () => this.ask(chart, name));
      return { name, table: element("table", ""), count: element("span", ""), button };
    });
    this.el.replaceChildren(...this.parts.flatMap(({ table, count, button }) => {
      const foot = element("p", "elbo-figures-foot");
      foot.append(count, button);
      return [table, foot];
    }));
  }
}

class Tables {
  /**
   * @param {Model<TablesValues>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    /** What is shown of each panel, in its order. @type {{ key: string, chart: string, section: Section }[]} */
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
      if (held?.chart === panel.chart) {
        held.section.show(panel);
        held.key = key;
        return;
      }
      const made = new Section(panel, (chart, part) => this.model.send({ kind: "save", chart, part }));
      if (held) held.section.el.replaceWith(made.el);
      else this.el.append(made.el);
      this.shown[i] = { key, chart: panel.chart, section: made };
    });
    for (const { section } of this.shown.splice(tables.length)) section.el.remove();
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
