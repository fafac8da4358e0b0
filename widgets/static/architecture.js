// The row below the drawing of a network that changes it: layers, units, activation, residuals, attention.

import { element } from "./elements.js";

/** @import { Offer } from "./shapes.d.ts" */

/** A part of the row. Its elements stay while its value changes: a second press may have begun on one of them. */
class Part {
  /**
   * @param {Offer} offer
   * @param {(name: string, value: number | boolean | string) => void} change
   */
  constructor(offer, change) {
    this.offer = offer;
    this.change = change;
    this.kind = kindOf(offer);
    /** What is pressed or chosen. @type {(HTMLButtonElement | HTMLSelectElement)[]} */
    this.controls = [];
    this.words = element("span", "");
    this.el = this[this.kind]();
    this.show(offer);
  }

  /** @param {Offer} offer */
  show(offer) {
    const { label, words, less, more, options, reason, help, value } = offer, [first, second] = this.controls;
    this.offer = offer;
    for (const each of this.controls) each.disabled = Boolean(reason);
    this.el.title = this.kind === "stepper" ? reason || help : `${label}. ${reason || help}`;
    if (this.kind === "stepper") {
      this.words.textContent = words;
      first.disabled ||= less === null;
      second.disabled ||= more === null;
      first.setAttribute("aria-label", `${label}: fewer`);
      second.setAttribute("aria-label", `${label}: more`);
    } else first.setAttribute("aria-label", label);
    if (this.kind === "toggle") {
      first.textContent = words;
      first.className = value ? "elbo-on" : "";
      first.setAttribute("aria-pressed", String(value));
    }
    if (first instanceof HTMLSelectElement) {
      const offered = JSON.stringify(options);
      if (offered !== first.dataset.offered) {
        first.replaceChildren(...options.map(([text, choice]) => new Option(text, choice)));
      }
      first.dataset.offered = offered;
      first.value = String(value);
    }
  }

  stepper() {
    const group = element("span", "elbo-stepper");
    for (const [sign, end] of /** @type {const} */ ([["−", "less"], ["+", "more"]])) {
      const button = element("button", "", sign);
      button.addEventListener("click", () => {
        const value = this.offer[end];
        if (value !== null) this.change(this.offer.name, value);
      });
      this.controls.push(button);
    }
    group.append(this.controls[0], this.words, this.controls[1]);
    return group;
  }

  toggle() {
    const button = element("button", "");
    button.addEventListener("click", () => this.change(this.offer.name, !this.offer.value));
    this.controls.push(button);
    return button;
  }

  list() {
    const list = element("select", "");
    list.addEventListener("change", () => this.change(this.offer.name, list.value));
    this.controls.push(list);
    return list;
  }
}

/**
 * @param {Offer} offer
 * @returns {"list" | "stepper" | "toggle"}
 */
function kindOf({ options, value }) {
  if (options.length) return "list";
  return typeof value === "number" ? "stepper" : "toggle";
}

export class Architecture {
  /** What is offered now. */
  offers = "";
  /** Of each knob that is offered. @type {Map<string, Part>} */
  parts = new Map();

  /** @param {(name: string, value: number | boolean | string) => void} change */
  constructor(change) {
    this.change = change;
    this.element = element("div", "elbo-architecture");
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Architecture");
  }

  /**
   * Show these offers; returns whether they are others than before. What is offered still stays where it is.
   * @param {Offer[]} offers
   * @returns {boolean}
   */
  show(offers) {
    const now = JSON.stringify(offers);
    if (now === this.offers) return false;
    this.offers = now;
    const before = this.parts;
    this.parts = new Map(offers.map((offer) => [offer.name, this.part(offer, before.get(offer.name))]));
    for (const part of before.values()) if (this.parts.get(part.offer.name) !== part) part.el.remove();
    [...this.parts.values()].forEach(({ el }, k) => {
      if (this.element.children[k] !== el) this.element.insertBefore(el, this.element.children[k] ?? null);
    });
    return true;
  }

  /**
   * @param {Offer} offer
   * @param {Part | undefined} before
   * @returns {Part}
   */
  part(offer, before) {
    if (!before || before.kind !== kindOf(offer)) return new Part(offer, this.change);
    before.show(offer);
    return before;
  }
}
