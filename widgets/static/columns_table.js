// The columns of a user's table: what each contains, what it is for, and why; a choice reads the table again.

import { hear } from "./anywidget_recovery.js";
import { element } from "./elements.js";

/** @import { ColumnsValues, Model, OwnColumn, Shown, Started } from "./shapes.d.ts" */

const HEADS = ["Column", "Contains", "Use as", "Missing", "First rows"];
const OTHERS = [["", "as proposed"], ["feature", "features, where they hold numbers"], ["left out", "left out"]];

/**
 * The line below a column's role: why it was proposed.
 * @param {OwnColumn} column
 * @returns {string}
 */
export function because(column) {
  return column.reason && column.reason !== "you chose it" ? column.reason : "";
}

export class ColumnsTable {
  /**
   * @param {Model<ColumnsValues>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.caption = element("p", "elbo-columns-more");
    this.transpose = element("button", "elbo-columns-turn", "Transpose: rows are genes");
    this.transpose.type = "button";
    this.transpose.addEventListener("click", () => model.send({ kind: "transpose" }));
    this.missing = element("button", "elbo-columns-turn");
    this.missing.type = "button";
    this.missing.addEventListener("click", () => model.send({ kind: "missing" }));
    this.others = element("select", "");
    for (const [role, words] of OTHERS) this.others.append(new Option(words, role));
    this.others.addEventListener("change", () => model.send({ kind: "others", role: this.others.value }));
    const others = element("label", "elbo-columns-others", "All columns without a chosen role: ");
    others.append(this.others);
    this.standardise = element("input", "");
    this.standardise.type = "checkbox";
    this.standardise.addEventListener(
      "change",
      () => model.send({ kind: "standardise", on: this.standardise.checked }),
    );
    this.scaled = element("label", "elbo-columns-others elbo-columns-scaled");
    this.scaled.append(this.standardise, "Standardise: by the training rows, undone in what is shown");
    this.body = element("tbody", "");
    const table = element("table", "elbo-columns"), head = element("tr", ""), top = element("thead", "");
    table.setAttribute("aria-label", "The columns of your table");
    for (const words of HEADS) {
      const cell = element("th", "", words);
      cell.scope = "col";
      head.append(cell);
    }
    top.append(head);
    table.append(top, this.body);
    const scroll = element("div", "elbo-columns-scroll");
    scroll.tabIndex = 0;
    scroll.append(table);
    el.append(this.transpose, this.missing, others, this.scaled, scroll, this.caption);
    this.show();
  }

  /** Show the columns as they are read now; the list of roles that was used keeps the keyboard's focus. */
  show() {
    const rows = this.model.get("rows"), more = this.model.get("more"), missing = this.model.get("missing");
    const lists = () => [...this.body.querySelectorAll("select")];
    const used = lists().find((list) => list === document.activeElement)?.ariaLabel;
    this.body.replaceChildren(...rows.map((column) => this.line(column)));
    if (used) lists().find((list) => list.ariaLabel === used)?.focus({ preventScroll: true });
    this.caption.textContent = more ? `and ${more.toLocaleString("en")} more columns` : "";
    this.caption.hidden = !more;
    this.others.value = this.model.get("others");
    const standardised = this.model.get("standardised");
    this.scaled.hidden = !standardised;
    this.standardise.checked = standardised === "on";
    this.transpose.hidden = !this.model.get("turned");
    this.missing.hidden = !missing;
    this.missing.textContent = missing;
  }

  /**
   * @param {OwnColumn} column
   * @returns {HTMLTableRowElement}
   */
  line(column) {
    const row = element("tr", ""), name = element("th", "", column.name || "(no name)");
    name.scope = "row";
    const choice = element("select", "");
    choice.setAttribute("aria-label", `Use ${column.name || "this column"} as`);
    for (const role of this.model.get("roles")) choice.append(new Option(role, role, false, role === column.role));
    choice.disabled = !column.name;
    choice.addEventListener("change", () => this.model.send({ kind: "role", name: column.name, role: choice.value }));
    const use = element("td", "");
    use.append(choice, element("div", "elbo-columns-why", because(column)));
    const distinct = column.distinct > 1 ? `, ${column.distinct.toLocaleString("en")} different` : "";
    row.append(
      name,
      element("td", "", `${column.type}${distinct}`),
      use,
      element("td", "elbo-columns-number", column.missing ? column.missing.toLocaleString("en") : "none"),
      element("td", "elbo-columns-first", column.first.slice(0, 5).map((each) => each || "–").join("  ·  ")),
    );
    return row;
  }
}

export default {
  /** @param {Started<ColumnsValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<ColumnsValues>} shown */
  render({ model, el }) {
    const table = new ColumnsTable(model, el);
    for (const name of ["rows", "more", "missing", "turned", "others", "standardised"]) {
      model.on(`change:${name}`, () => table.show());
    }
  },
};
