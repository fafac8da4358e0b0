// The table of runs: sorted by a click on a header, filtered while typing; ticks draw runs beside the current one.

import { hear } from "./anywidget_recovery.js";
import { element } from "./elements.js";
import { Press } from "./press.js";
import { comparison, drawn } from "./run_comparison.js";
import { figure, filtered, MOST, sorted, sparkPath, titleOf, untickable } from "./run_rows.js";

/**
 * @import { Column } from "./run_rows.js"
 * @import { Model, RunComparison, RunRow, RunsValues, Shown, Started } from "./shapes.d.ts"
 */

/** @type {{ column: Column | null, words: string, help: string, name: string }[]} */
const HEADS = [
  {
    column: null,
    words: "Draw",
    help: `Draws a run's ELBO and variance beside the current one, up to ${MOST}`,
    name: "tick",
  },
  {
    column: "run",
    words: "Run",
    help: "Its name, else its scene, and what differs from the scene's settings",
    name: "run",
  },
  { column: "seed", words: "Seed", help: "The seed of its random numbers", name: "seed" },
  { column: "step", words: "Steps", help: "Optimiser steps made", name: "step" },
  {
    column: "score",
    words: "ELBO",
    help: "ELBO in nats per data point, mean over the last pass through the data. Higher is better. " +
      "Comparable between runs of the same data, model and response only",
    name: "score",
  },
  { column: null, words: "Curve", help: "The ELBO over the steps, without its first rise", name: "spark" },
  { column: "when", words: "Started", help: "When the run was started", name: "when" },
  { column: null, words: "Actions", help: "", name: "acts" },
];
const EMPTY = "No run is kept yet. Press Run: every run is kept here automatically, even after the page is closed.";
const ICONS = {
  open: "M3 13V3h6M11 3h3v3M14 3 8 9M13 9v4H3",
  pin: "M8 1.5l2 4.3 4.6.6-3.4 3.2.9 4.6L8 11.9l-4.1 2.3.9-4.6L1.4 6.4 6 5.8z",
  name: "M3 13l.6-3L10.5 3l2.5 2.5L6 12.4 3 13zM9 4.5l2.5 2.5",
  bin: "M3 4h10M6 4V2.5h4V4M4.5 4l.6 9.5h5.8l.6-9.5M7 6.5v5M9 6.5v5",
};

/**
 * A button with a drawing instead of words.
 * @param {keyof typeof ICONS} icon
 * @returns {HTMLButtonElement}
 */
function iconButton(icon) {
  const made = element("button", "elbo-icon"), sheet = drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  made.type = "button";
  sheet.append(drawn("path", { d: ICONS[icon] }));
  made.append(sheet);
  return made;
}

/** One run's row; its elements stay while its values change. */
class Line {
  /** @type {RunRow | undefined} */
  row;
  /** The curve that is drawn. */
  drawn = "";

  /** @param {RunsTable} table */
  constructor(table) {
    this.table = table;
    this.el = element("tr", "");
    this.tick = element("input", "");
    this.tick.type = "checkbox";
    this.letter = element("span", "elbo-run-letter");
    this.title = element("button", "elbo-run-title");
    this.title.type = "button";
    this.changes = element("span", "elbo-run-changes");
    this.curve = drawn("path", {});
    /** @type {Record<string, HTMLTableCellElement>} */
    this.cells = {};
    for (const { name } of HEADS) {
      const cell = element(name === "run" ? "th" : "td", `elbo-run-${name}`);
      this.cells[name] = cell;
      this.el.append(cell);
    }
    this.cells.run.scope = "row";
    const target = element("label", "elbo-run-tickbox");
    target.append(this.tick, this.letter);
    this.cells.tick.append(target);
    this.cells.run.append(this.title, this.changes);
    const sheet = drawn("svg", { viewBox: "-1 -1 74 24", "aria-hidden": "true" });
    sheet.append(this.curve);
    this.cells.spark.append(sheet);
    this.buttons = {
      open: iconButton("open"),
      pin: iconButton("pin"),
      name: iconButton("name"),
      bin: iconButton("bin"),
    };
    const acts = element("div", "elbo-run-buttons");
    acts.append(...Object.values(this.buttons));
    this.cells.acts.append(acts);
    this.listen();
  }

  get id() {
    return this.row?.id ?? "";
  }

  listen() {
    const { table } = this, open = () => table.send({ kind: "open", id: this.id });
    this.tick.addEventListener("change", () => table.toggle(this.id, this.tick.checked));
    this.title.addEventListener("click", open);
    this.buttons.open.addEventListener("click", open);
    this.buttons.pin.addEventListener(
      "click",
      () => table.send({ kind: "pin", id: this.id, pinned: !this.row?.pinned }),
    );
    this.buttons.name.addEventListener("click", () => this.rename());
    this.buttons.bin.addEventListener("click", () => table.remove(this));
  }

  /**
   * @param {RunRow} row
   * @param {{ current: string, measure: string, overlaid: string[] }} screen
   */
  show(row, { current, measure, overlaid }) {
    const here = row.id === current, slot = overlaid.indexOf(row.id), title = titleOf(row), { cells, buttons } = this;
    const why = here ? "The run on the screen is drawn already." : untickable(row, measure, overlaid);
    this.row = row;
    this.el.classList.toggle("elbo-run-here", here);
    if (here) this.el.setAttribute("aria-current", "true");
    else this.el.removeAttribute("aria-current");
    this.el.dataset.slot = String(slot);
    this.tick.checked = here || slot >= 0;
    this.tick.disabled = why !== "";
    this.tick.title = why || "Draw its ELBO and variance beside the current run";
    this.tick.setAttribute("aria-label", `Draw ${title}, seed ${row.seed ?? "unknown"}, beside the current run`);
    this.letter.textContent = slot >= 0 ? "ABC"[slot] : here ? "●" : "";
    this.title.textContent = title;
    this.title.title = here ? "On the screen" : "Open this run: it is shown where it stopped; Run continues from there";
    this.title.disabled = here || row.fault !== "";
    this.changes.textContent =
      [here ? "on the screen" : "", row.name ? row.scene : "", row.fault || row.changes].filter(Boolean)
        .join(" · ") || "as the scene";
    cells.seed.textContent = row.seed === null ? "–" : String(row.seed);
    cells.step.textContent = figure(row.step, 0);
    cells.step.title = row.stop === null ? "" : `of ${figure(row.stop, 0)}`;
    cells.score.textContent = figure(row.score, 2);
    cells.when.textContent = row.when;
    cells.when.title = row.date;
    const path = sparkPath(row.spark, 72, 22);
    if (path !== this.drawn) this.curve.setAttribute("d", path);
    this.drawn = path;
    const names = { open: "Open", pin: row.pinned ? "Unpin" : "Pin to the top", name: "Rename", bin: "Delete" };
    for (const [kind, words] of Object.entries(names)) {
      const button = buttons[/** @type {keyof typeof names} */ (kind)];
      button.title = words;
      button.setAttribute("aria-label", `${words}: ${title}, seed ${row.seed ?? "unknown"}, ${row.date}`);
    }
    buttons.pin.setAttribute("aria-pressed", String(row.pinned));
    buttons.open.disabled = this.title.disabled;
    buttons.bin.disabled = here;
    buttons.bin.title = here ? "The run on the screen cannot be deleted" : names.bin;
  }

  /** Write a name over the old one: Enter or leaving the field takes it, Escape does not. */
  rename() {
    const { row, table } = this, field = element("input", "elbo-run-name");
    if (!row || this.cells.run.contains(this.cells.run.querySelector("input"))) return;
    let done = false;
    field.value = row.name || row.scene;
    field.maxLength = 80;
    field.setAttribute("aria-label", `New name of ${titleOf(row)}; empty: its scene's name`);
    /** @param {boolean} take */
    const end = (take) => {
      if (done) return;
      done = true;
      const name = field.value.trim(), inside = field === document.activeElement;
      field.replaceWith(this.title);
      if (take && name !== titleOf(row)) {
        table.send({ kind: "rename", id: row.id, name: name === row.scene ? "" : name });
      }
      if (inside) this.buttons.name.focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation(); // Escape closes the field, not the drawer
      end(event.key === "Enter");
    });
    field.addEventListener("blur", () => end(true));
    this.title.replaceWith(field);
    field.focus();
    field.select();
  }
}

export class RunsTable {
  /** @type {{ column: Column, descending: boolean }} */
  order = { column: "when", descending: true };
  /** @type {Map<string, Line>} */
  lines = new Map();

  /**
   * @param {Model<RunsValues>} model
   * @param {HTMLElement} el
   * @param {AbortSignal} signal
   */
  constructor(model, el, signal) {
    this.model = model;
    this.list = element("div", "elbo-run-list");
    this.two = element("div", "elbo-run-pair");
    this.filter = element("input", "elbo-run-filter");
    Object.assign(this.filter, { type: "search", placeholder: "Filter: score, B 8, seed 7" });
    this.filter.setAttribute("aria-label", "Filter the runs: words of the name, scene, settings, seed or date");
    this.count = element("span", "elbo-run-count");
    this.compare = element("button", "jupyter-button widget-button", "Compare two");
    this.undo = element("button", "jupyter-button widget-button elbo-run-undo", "Undo delete");
    this.clear = element("button", "jupyter-button widget-button", "Untick all");
    this.body = element("tbody", "");
    this.table = element("table", "elbo-run-table");
    this.none = element("p", "elbo-run-none");
    this.none.setAttribute("role", "status");
    this.press = new Press(this.table, signal);
    this.build(el);
    this.show();
  }

  /** @param {HTMLElement} el */
  build(el) {
    const tools = element("div", "elbo-run-tools"), head = element("thead", ""), line = element("tr", "");
    const frame = element("div", "elbo-run-frame-of-table");
    for (const each of [this.compare, this.undo, this.clear]) each.type = "button";
    this.undo.title = "Restores the run that was deleted last; deleted runs are kept for 30 days";
    tools.append(this.filter, this.count, this.compare, this.clear, this.undo);
    for (const { column, words, help, name } of HEADS) {
      const cell = element("th", `elbo-run-${name}`);
      cell.scope = "col";
      cell.title = help;
      if (column) {
        const button = element("button", "elbo-run-sort", words);
        button.type = "button";
        button.title = `${help}. Click to sort.`;
        button.addEventListener("click", () => this.sort(column));
        cell.dataset.column = column;
        cell.append(button);
      } else cell.append(element("span", name === "acts" ? "elbo-unseen" : "", words));
      line.append(cell);
    }
    head.append(line);
    this.table.append(element("caption", "elbo-unseen", "Every run kept on this computer"), head, this.body);
    frame.append(this.table, this.none);
    this.list.append(tools, frame);
    el.append(this.list, this.two);
    this.filter.addEventListener("input", () => this.show());
    this.compare.addEventListener("click", () => this.send({ kind: "compare", ids: this.pair() }));
    this.clear.addEventListener("click", () => this.send({ kind: "overlay", ids: [] }));
    this.undo.addEventListener("click", () => this.send({ kind: "restore" }));
  }

  /** @param {object} content */
  send(content) {
    this.model.send(content);
  }

  /** The two runs that can be compared: two that are ticked, or one and the run on the screen. */
  pair() {
    const here = this.model.get("current"), ticked = this.model.get("overlaid");
    return ticked.length === 1 && this.model.get("rows").some((row) => row.id === here) ? [here, ...ticked] : ticked;
  }

  /** @param {Column} column */
  sort(column) {
    const same = this.order.column === column;
    this.order = { column, descending: same ? !this.order.descending : column !== "run" && column !== "seed" };
    this.show();
  }

  /**
   * @param {string} id
   * @param {boolean} on
   */
  toggle(id, on) {
    const others = this.model.get("overlaid").filter((each) => each !== id);
    this.send({ kind: "overlay", ids: on ? [...others, id] : others });
  }

  /** @param {Line} line */
  remove(line) {
    const inside = line.el.contains(document.activeElement);
    this.send({ kind: "delete", id: line.id });
    if (inside) this.filter.focus();
  }

  /** Rows move as their numbers change, but not while one of their buttons is pressed. */
  show() {
    this.press.after(() => this.write());
  }

  write() {
    const { model, order } = this, all = model.get("rows"), current = model.get("current");
    const overlaid = model.get("overlaid"), screen = { current, measure: model.get("measure"), overlaid };
    const rows = sorted(filtered(all, this.filter.value), order.column, order.descending);
    for (const cell of this.table.tHead?.rows[0].cells ?? []) {
      if (!cell.dataset.column) continue;
      const here = cell.dataset.column === order.column;
      cell.setAttribute("aria-sort", here ? (order.descending ? "descending" : "ascending") : "none");
    }
    const known = new Set(all.map((row) => row.id));
    for (const [id, line] of this.lines) {
      if (!known.has(id)) {
        line.el.remove();
        this.lines.delete(id);
      }
    }
    const wanted = rows.map((row) => {
      const line = this.lines.get(row.id) ?? new Line(this);
      this.lines.set(row.id, line);
      line.show(row, screen);
      return line.el;
    });
    const now = [...this.body.children];
    if (wanted.length !== now.length || wanted.some((each, i) => each !== now[i])) this.arrange(wanted);
    this.count.textContent = rows.length === all.length ? `${all.length} runs` : `${rows.length} of ${all.length} runs`;
    this.none.textContent = all.length
      ? (rows.length ? "" : "No run has these words. Empty the filter to see all.")
      : EMPTY;
    this.table.hidden = !rows.length;
    const pair = this.pair();
    this.compare.disabled = pair.length !== 2;
    this.compare.title = pair.length === 2
      ? "Their settings and curves side by side"
      : "Tick two runs, or one to compare it with the run on the screen";
    this.clear.hidden = !overlaid.length;
    this.undo.hidden = !model.get("deleted");
    this.contrast();
  }

  /**
   * Put the rows in their order; what has the focus keeps it.
   * @param {HTMLElement[]} wanted
   */
  arrange(wanted) {
    const held = document.activeElement;
    this.body.replaceChildren(...wanted);
    if (held instanceof HTMLElement && this.body.contains(held)) held.focus({ preventScroll: true });
  }

  /** Show the comparison instead of the list, if there is one. */
  contrast() {
    const two = this.model.get("comparison"), on = "ids" in two, before = this.list.hidden;
    const key = JSON.stringify(two);
    if (this.two.dataset.shown === key) return;
    this.two.dataset.shown = key;
    this.list.hidden = on;
    this.two.hidden = !on;
    if (!on) {
      this.two.replaceChildren();
      if (before) this.compare.focus();
      return;
    }
    const back = element("button", "jupyter-button widget-button", "Back to the list");
    back.type = "button";
    back.addEventListener("click", () => this.send({ kind: "compare", ids: [] }));
    this.two.replaceChildren(back, comparison(/** @type {RunComparison} */ (two)));
    back.focus();
  }
}

export default {
  /** @param {Started<RunsValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<RunsValues>} shown */
  render({ model, el, signal }) {
    const table = new RunsTable(model, el, signal);
    for (const name of ["rows", "current", "measure", "overlaid", "deleted", "comparison"]) {
      model.on(`change:${name}`, () => table.show());
    }
  },
};
