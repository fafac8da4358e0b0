// Panel B's legend, which is its control: each estimator with its line, a tick box, its multiple of the least, and a card with its formula.

import { hear } from "./anywidget_recovery.js";
import { placeOf } from "./card_place.js";
import { element, hostIsDark, watchTheme } from "./elements.js";

/** @import { LegendRow, LegendValues, Model, Shown, Started } from "./shapes.d.ts" */

/** @typedef {{ title: string, rows: LegendRow[] }} Section */
/**
 * The elements of a row.
 * @typedef {object} Line
 * @property {LegendRow} row
 * @property {HTMLLIElement} item
 * @property {HTMLInputElement | null} box none for a row that cannot be chosen
 * @property {SVGLineElement} swatch
 * @property {HTMLSpanElement} notes
 * @property {HTMLSpanElement} times
 * @property {HTMLSpanElement} range
 */

const OPENS = 400, CLOSES = 250; // ms from pointing at a row to its card, and back

/**
 * The rows at the top, and the others by their group, in the order of the rows.
 * @param {LegendRow[]} rows
 * @param {Set<string>} top
 * @returns {Section[]} the first one is that of the top
 */
export function sections(rows, top) {
  /** @type {(row: LegendRow) => boolean} */
  const above = (row) => row.fixed || top.has(row.name);
  /** @type {Map<string, LegendRow[]>} */
  const groups = new Map();
  for (const row of rows.filter((each) => !above(each))) groups.set(row.group, [...groups.get(row.group) ?? [], row]);
  return [{ title: "", rows: rows.filter(above) }, ...[...groups].map(([title, found]) => ({ title, rows: found }))];
}

/**
 * Why a row cannot be ticked, or its tick be removed; empty if it can.
 * @param {LegendRow} row
 * @param {boolean} on
 * @param {number} count ticked now
 * @param {number} most
 * @returns {string}
 */
export function refusal(row, on, count, most) {
  if (on && row.never) return row.reason;
  if (on && count >= most) return `The variance panel shows ${most} estimators at a time. Untick another one first.`;
  if (!on && count <= 1) return "The variance panel shows at least one estimator. Tick another one first.";
  return "";
}

export class Legend {
  /** @type {Map<string, Line>} */
  lines = new Map();
  /** The rows that were ticked when the list was last folded: nothing moves under the pointer. @type {Set<string>} */
  top = new Set();
  unfolded = false;
  /** The row whose card is open or about to be. @type {Line | null} */
  told = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {Model<LegendValues>} model
   * @param {HTMLElement} el
   * @param {AbortSignal} signal
   */
  constructor(model, el, signal) {
    this.model = model;
    this.ticked = new Set(model.get("ticked"));
    this.box = element("div", "elbo-legend");
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", "Estimators in the variance panel");
    this.select = element("select", "elbo-legend-measure");
    this.select.setAttribute("aria-label", "What the multiples compare");
    const head = element("div", "elbo-legend-head");
    head.append(element("span", "elbo-legend-least", "× the least"), this.select);
    this.list = element("div", "elbo-legend-list");
    this.more = element("button", "elbo-legend-more");
    this.more.type = "button";
    this.status = element("p", "elbo-legend-status");
    this.status.setAttribute("role", "status");
    this.card = element("div", "elbo-legend-card");
    this.card.setAttribute("role", "tooltip");
    this.card.id = `elbo-card-${Math.random().toString(36).slice(2)}`;
    this.card.hidden = true;
    this.card.popover = "manual"; // above all panels, whichever of them clips what it holds
    this.box.append(head, this.list, this.status, this.card);
    el.append(this.box);
    this.listen(signal);
    this.build();
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { model } = this;
    this.select.addEventListener("change", () => model.send({ kind: "measure", name: this.select.value }), { signal });
    this.more.addEventListener("click", () => this.fold(!this.unfolded), { signal });
    this.card.addEventListener("pointerenter", () => clearTimeout(this.timer), { signal });
    this.card.addEventListener("pointerleave", () => this.hide(CLOSES), { signal });
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.card.hidden) return;
      event.stopPropagation(); // the drawer stays open
      this.hide(0);
    }, { signal });
    model.on("change:rows", () => this.build());
    model.on("change:measures", () => this.build());
    model.on("change:ticked", () => this.restore());
    model.on("msg:custom", () => this.restore()); // a tick was refused
    for (const name of ["multiples", "active", "measure"]) model.on(`change:${name}`, () => this.update());
    signal.addEventListener("abort", () => clearTimeout(this.timer));
    watchTheme(() => this.update(), signal);
    const follow = () => !this.card.hidden && this.told && this.place(this.told);
    addEventListener("scroll", follow, { signal, capture: true, passive: true });
    addEventListener("resize", follow, { signal });
  }

  /** Rebuild all rows. */
  build() {
    this.hide(0);
    this.ticked = new Set(this.model.get("ticked"));
    this.lines = new Map(this.model.get("rows").map((row) => [row.name, this.line(row)]));
    const options = this.model.get("measures").map(([name, words]) => {
      const option = element("option", "", words);
      option.value = name;
      return option;
    });
    this.select.replaceChildren(...options);
    this.fold(this.unfolded);
    this.update();
  }

  /**
   * @param {LegendRow} row
   * @returns {Line}
   */
  line(row) {
    const item = element("li", `elbo-legend-row${row.reason ? " elbo-grey" : ""}`), label = element("label", "");
    const swatch = document.createElementNS("http://www.w3.org/2000/svg", "line"), svg = around(swatch);
    for (const [name, value] of Object.entries({ x1: 0, x2: 24, y1: 5, y2: 5 })) swatch.setAttribute(name, `${value}`);
    if (row.dash[1]) swatch.setAttribute("stroke-dasharray", row.dash.join(" "));
    const words = element("span", "elbo-legend-words"), notes = element("span", "elbo-legend-notes");
    words.append(element("span", "elbo-legend-name", row.label.replace("parameteris", "param\u00adeteris")), notes);
    const range = element("span", "elbo-legend-range"), times = element("span", "elbo-legend-times");
    const box = row.fixed ? null : element("input", "");
    const line = { row, item, box, swatch, notes, times, range };
    if (box) {
      box.type = "checkbox";
      box.setAttribute("aria-describedby", this.card.id);
      if (row.never) box.setAttribute("aria-disabled", "true");
      box.addEventListener("click", (event) => this.tick(event, line));
      box.addEventListener("focus", () => this.show(line, box.matches(":focus-visible") ? 0 : OPENS));
      box.addEventListener("blur", () => this.hide(0));
      label.append(box);
    }
    label.append(svg, words, range, times);
    item.append(label);
    item.dataset.light = row.light; // its curve, when it is pointed at
    item.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.show(line, OPENS));
    item.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.hide(CLOSES));
    return line;
  }

  /**
   * @param {Event} event
   * @param {Line} line
   */
  tick(event, { row, box }) {
    const on = Boolean(box?.checked), why = refusal(row, on, this.ticked.size, this.model.get("most"));
    this.status.textContent = why;
    if (why) return event.preventDefault();
    if (on) this.ticked.add(row.name);
    else this.ticked.delete(row.name);
    this.model.send({ kind: "tick", name: row.name, on });
  }

  /** What the kernel measures; rows that it ticked itself come to the top. */
  restore() {
    const ticked = new Set(this.model.get("ticked"));
    const own = ticked.size === this.ticked.size && [...ticked].every((name) => this.ticked.has(name));
    this.ticked = ticked;
    if (!own) this.fold(this.unfolded);
    this.update();
  }

  /**
   * Show the ticked rows alone, or all of them.
   * @param {boolean} unfolded
   */
  fold(unfolded) {
    this.unfolded = unfolded;
    this.top = new Set(this.ticked);
    const [first, ...others] = sections(this.model.get("rows"), this.top);
    const hidden = others.reduce((sum, { rows }) => sum + rows.length, 0);
    this.more.textContent = unfolded ? "fewer estimators" : `${hidden} more estimators…`;
    this.more.setAttribute("aria-expanded", `${unfolded}`);
    this.more.hidden = !hidden;
    /** @type {HTMLElement[]} */
    const parts = [this.rows(first), this.more];
    for (const section of unfolded ? others : []) {
      parts.push(element("p", "elbo-legend-group", section.title), this.rows(section));
    }
    const { activeElement } = document;
    this.list.replaceChildren(...parts);
    if (activeElement === this.more) this.more.focus({ preventScroll: true });
    this.box.classList.toggle("elbo-unfolded", unfolded);
    this.list.scrollTop = unfolded ? this.more.offsetTop - this.list.offsetTop : 0; // what was unfolded is seen
  }

  /** @param {Section} section */
  rows({ title, rows }) {
    const list = element("ul", "elbo-legend-rows");
    list.setAttribute("aria-label", title || "Shown estimators");
    list.append(...rows.flatMap(({ name }) => this.lines.get(name)?.item ?? []));
    return list;
  }

  /** Bring ticks, colours and numbers up to date, in place. */
  update() {
    const dark = hostIsDark(), colours = dark ? this.model.get("dark") : {}, multiples = this.model.get("multiples");
    this.box.classList.toggle("elbo-dark", dark);
    this.select.value = this.model.get("measure");
    for (const line of this.lines.values()) {
      const { row, item, box, swatch } = line, active = row.name === this.model.get("active");
      const on = row.fixed || this.ticked.has(row.name);
      if (box) box.checked = on;
      item.classList.toggle("elbo-active", active);
      item.classList.toggle("elbo-off", !on);
      swatch.setAttribute("stroke", colours[row.color] ?? row.color);
      swatch.setAttribute("stroke-width", active ? "3.5" : "2");
      const notes = [...active ? ["in use"] : [], ...row.notes, ...row.reason ? [row.reason] : []];
      write(line.notes, notes.join(" · "));
      const found = on ? multiples[row.name] : undefined;
      write(line.times, found?.text ?? "");
      write(line.range, found?.range ?? "");
      line.times.classList.toggle("elbo-near", Boolean(found?.close));
    }
    if (!this.card.hidden && this.told) this.fill(this.told);
  }

  /**
   * @param {Line} line
   * @param {number} delay
   */
  show(line, delay) {
    clearTimeout(this.timer);
    const open = () => {
      this.told = line;
      this.fill(line);
      this.card.hidden = false;
      this.card.showPopover();
      this.place(line);
    };
    if (delay) this.timer = setTimeout(open, delay);
    else open();
  }

  /** @param {Line} line */
  place({ item }) {
    const { style } = this.card, page = { width: innerWidth, height: innerHeight };
    /** @param {number} width */
    const height = (width) => {
      Object.assign(style, { width: `${width}px`, maxHeight: "none" });
      return this.card.offsetHeight;
    };
    const { left, top, width, most } = placeOf(
      item.getBoundingClientRect(),
      this.box.getBoundingClientRect(),
      page,
      height,
    );
    Object.assign(style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, maxHeight: `${most}px` });
  }

  /** @param {number} delay */
  hide(delay) {
    clearTimeout(this.timer);
    const close = () => {
      this.card.hidden = true;
      if (this.card.matches(":popover-open")) this.card.hidePopover();
      this.told = null;
    };
    if (delay) this.timer = setTimeout(close, delay);
    else close();
  }

  /** @param {Line} line */
  fill({ row }) {
    const found = this.ticked.has(row.name) || row.fixed ? this.model.get("multiples")[row.name] : undefined;
    /** @type {[kind: string, text: string | undefined][]} */
    const lines = [
      ["name", row.label],
      ["notes", row.notes.join(" · ")],
      ["reason", row.reason],
      ["help", row.help],
      ["says", found?.says],
      ["source", row.source && `Source: ${row.source}.`],
    ];
    const parts = lines.flatMap(([kind, text]) => text ? [element("p", `elbo-legend-${kind}`, text)] : []);
    const formula = element("p", "elbo-legend-formula"),
      help = parts.findIndex(({ className }) => className.endsWith("help"));
    formula.innerHTML = row.formula; // of our own catalogue, written at set-up
    if (row.formula) parts.splice(help + 1, 0, formula);
    this.card.replaceChildren(...parts);
  }
}

/**
 * @param {SVGLineElement} line
 * @returns {SVGSVGElement}
 */
function around(line) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.classList.add("elbo-legend-swatch");
  svg.setAttribute("viewBox", "0 0 24 10");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  return svg;
}

/**
 * Text that has not changed costs no layout.
 * @param {HTMLElement} part
 * @param {string} text
 */
function write(part, text) {
  if (part.textContent !== text) part.textContent = text;
}

export default {
  /** @param {Started<LegendValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<LegendValues>} shown */
  render({ model, el, signal }) {
    new Legend(model, el, signal);
  },
};
