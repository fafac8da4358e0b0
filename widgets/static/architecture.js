// The row below the drawing of a network that changes it: layers, units, activation, residuals, attention.

import { element } from "./elements.js";

/** @import { Offer } from "./shapes.d.ts" */

export class Architecture {
  /** What is offered now. */
  offers = "";

  /** @param {(name: string, value: number | boolean | string) => void} change */
  constructor(change) {
    this.change = change;
    this.element = element("div", "elbo-architecture");
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Architecture");
  }

  /**
   * Show these offers; returns whether they are others than before. What has the focus keeps it.
   * @param {Offer[]} offers
   * @returns {boolean}
   */
  show(offers) {
    const now = JSON.stringify(offers);
    if (now === this.offers) return false;
    this.offers = now;
    const active = document.activeElement,
      kept = this.element.contains(active) ? active?.getAttribute("aria-label") : "";
    this.element.replaceChildren(...offers.map((offer) => this.part(offer)));
    const parts = /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("button, select"));
    if (kept) [...parts].find((part) => part.getAttribute("aria-label") === kept)?.focus();
    return true;
  }

  /**
   * @param {Offer} offer
   * @returns {HTMLElement}
   */
  part(offer) {
    if (offer.options.length) return this.list(offer);
    return typeof offer.value === "number" ? this.stepper(offer) : this.toggle(offer);
  }

  /**
   * @param {Offer} offer
   * @returns {HTMLElement}
   */
  stepper({ name, label, words, less, more, reason, help }) {
    const group = element("span", "elbo-stepper");
    group.title = reason || help;
    /** @type {(sign: string, verb: string, value: number | null) => HTMLButtonElement} */
    const step = (sign, verb, value) => {
      const button = element("button", "", sign);
      button.setAttribute("aria-label", `${label}: ${verb}`);
      button.disabled = Boolean(reason) || value === null;
      button.addEventListener("click", () => value !== null && this.change(name, value));
      return button;
    };
    group.append(step("−", "fewer", less), element("span", "", words), step("+", "more", more));
    return group;
  }

  /**
   * @param {Offer} offer
   * @returns {HTMLElement}
   */
  toggle({ name, label, words, value, reason, help }) {
    const button = element("button", value ? "elbo-on" : "", words);
    button.setAttribute("aria-label", label);
    button.setAttribute("aria-pressed", String(value));
    button.title = `${label}. ${reason || help}`;
    button.disabled = Boolean(reason);
    button.addEventListener("click", () => this.change(name, !value));
    return button;
  }

  /**
   * @param {Offer} offer
   * @returns {HTMLElement}
   */
  list({ name, label, value, options, reason, help }) {
    const list = element("select", "");
    list.setAttribute("aria-label", label);
    list.title = `${label}. ${reason || help}`;
    list.disabled = Boolean(reason);
    for (const [words, choice] of options) list.append(new Option(words, choice, false, choice === value));
    list.addEventListener("change", () => this.change(name, list.value));
    return list;
  }
}
