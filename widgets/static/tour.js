// A tour of the screen: a ring around one real control after another, and a card beside it. Nothing is covered: the controls work meanwhile.

import { element } from "./elements.js";

/** @import { TourStep } from "./shapes.d.ts" */

const GAP = 10, WIDE = 340;

/**
 * The part of the screen that a step is about: the control with its label, else the first place that is there.
 * @param {Element} room
 * @param {TourStep} step
 * @returns {Element | null}
 */
export function placeOf(room, { at, label }) {
  const shown = (/** @type {Element} */ each) => each.getClientRects().length > 0;
  if (label) {
    const words = [...room.querySelectorAll(".elbo-form .widget-label")].find((each) =>
      shown(each) && each.textContent?.trim().startsWith(label)
    );
    const row = words?.closest(".widget-inline-hbox");
    if (row) return row;
  }
  for (const selector of at) {
    const found = [...room.querySelectorAll(selector)].find(shown);
    if (found) return found;
  }
  return null;
}

/**
 * Where a card goes: below its place, else above it, else over its lower part; always inside the window.
 * @param {{ left: number, top: number, right: number, bottom: number }} place
 * @param {{ width: number, height: number }} card
 * @param {{ width: number, height: number }} room
 * @returns {[left: number, top: number]}
 */
export function beside(place, card, room) {
  const left = Math.max(GAP, Math.min(place.left, room.width - card.width - GAP));
  if (place.bottom + GAP + card.height <= room.height - GAP) return [left, place.bottom + GAP];
  if (place.top - GAP - card.height >= GAP) return [left, place.top - GAP - card.height];
  return [left, Math.max(GAP, room.height - card.height - GAP)];
}

export class Tour {
  at = 0;

  /**
   * @param {Element} room the lab
   * @param {TourStep[]} steps
   */
  constructor(room, steps) {
    this.room = room;
    this.steps = steps;
    this.before = document.activeElement;
    this.ring = element("div", "elbo-tour-ring");
    this.card = element("div", "elbo-tour-card");
    this.card.setAttribute("role", "dialog");
    this.card.setAttribute("aria-label", "Tour of the screen");
    this.ring.setAttribute("aria-hidden", "true");
    this.count = element("p", "elbo-tour-count");
    this.head = element("h2", "");
    this.words = element("p", "");
    this.back = element("button", "", "Back");
    this.next = element("button", "elbo-tour-next", "Next");
    this.end = element("button", "", "End the tour");
    const row = element("div", "elbo-tour-buttons");
    for (const each of [this.end, this.back, this.next]) {
      each.type = "button";
      row.append(each);
    }
    this.card.append(this.count, this.head, this.words, row);
    this.back.addEventListener("click", () => this.show(this.at - 1));
    this.next.addEventListener("click", () => (this.at + 1 < steps.length ? this.show(this.at + 1) : this.close()));
    this.end.addEventListener("click", () => this.close());
    this.serving = new AbortController();
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.serving.signal, capture: true });
    document.body.append(this.ring, this.card);
    this.show(0);
    this.follow();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  /** @param {number} at */
  show(at) {
    const { steps } = this, step = steps[at];
    this.at = at;
    this.count.textContent = `${at + 1} of ${steps.length}`;
    this.head.textContent = step.head;
    this.words.textContent = step.words;
    this.back.hidden = at === 0;
    this.next.textContent = at + 1 < steps.length ? "Next" : "Done";
    this.place = placeOf(this.room, step);
    this.place?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.settle();
    this.next.focus({ preventScroll: true });
  }

  /** Put ring and card where the part is now. */
  settle() {
    const box = this.place?.getBoundingClientRect();
    this.ring.hidden = !box;
    if (box) {
      const { left, top, width, height } = box;
      Object.assign(this.ring.style, {
        left: `${left - 4}px`,
        top: `${top - 4}px`,
        width: `${width + 8}px`,
        height: `${height + 8}px`,
      });
    }
    const window = { width: innerWidth, height: innerHeight }, width = Math.min(WIDE, innerWidth - 2 * GAP);
    this.card.style.width = `${width}px`;
    const size = { width, height: this.card.offsetHeight };
    const [left, top] = beside(box ?? { left: 0, right: 0, top: 0, bottom: innerHeight / 3 }, size, window);
    Object.assign(this.card.style, { left: `${left}px`, top: `${top}px` });
  }

  /** While the tour lasts the page may scroll and its parts may move. */
  follow() {
    if (this.serving.signal.aborted) return;
    if (!this.room.isConnected) return this.close();
    this.settle();
    this.timer = setTimeout(() => this.follow(), 200);
  }

  close() {
    clearTimeout(this.timer);
    this.serving.abort();
    this.ring.remove();
    this.card.remove();
    if (this.before instanceof HTMLElement && this.before.isConnected) this.before.focus({ preventScroll: true });
  }
}
