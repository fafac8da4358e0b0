// The gallery of scenes: a button, and a panel over the page with all scenes as cards.

import { hear } from "./anywidget_recovery.js";
import { element } from "./elements.js";
import { matches, neighbour } from "./scene_cards.js";

/** @import { GalleryValues, Model, SceneCard, SceneGroup, Shown, Started } from "./shapes.d.ts" */

let made = 0; // for names of elements that are one of a kind on a page

/**
 * The picture of a scene: its SVG comes with this package.
 * @param {string} text
 * @returns {Element}
 */
function picture(text) {
  const frame = element("span", "elbo-scene-picture"), drawn = new DOMParser().parseFromString(text, "image/svg+xml");
  if (text) frame.append(document.importNode(drawn.documentElement, true));
  return frame;
}

class Gallery {
  /** The cards with their scenes, in order. @type {{ card: HTMLButtonElement, scene: SceneCard, chapter: string }[]} */
  cards = [];

  /**
   * @param {Model<GalleryValues>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    const title = `elbo-gallery-${++made}`;
    this.model = model;
    this.button = element("button", "jupyter-button widget-button elbo-scenes", "Scenes");
    this.button.title = "All scenes, each with a picture of its run";
    this.button.setAttribute("aria-haspopup", "dialog");
    this.dialog = element("dialog", "elbo-gallery");
    this.dialog.setAttribute("aria-labelledby", title);
    this.dialog.dataset.lmSuppressShortcuts = "true"; // JupyterLab owns single keys
    const heading = element("h2", "elbo-gallery-title", "Scenes");
    heading.id = title;
    this.search = element("input", "elbo-gallery-search");
    Object.assign(this.search, { type: "search", placeholder: "Search, e.g. collapse, introductory" });
    this.search.setAttribute("aria-label", "Search the scenes");
    this.count = element("output", "elbo-gallery-count");
    const close = element("button", "jupyter-button widget-button", "Close");
    close.addEventListener("click", () => this.dialog.close());
    const head = element("div", "elbo-gallery-head");
    head.append(heading, this.search, this.count, close);
    this.body = element("div", "elbo-gallery-body");
    this.dialog.append(head, this.body);
    this.button.addEventListener("click", () => this.open());
    this.search.addEventListener("input", () => this.filter());
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside the panel
    });
    this.dialog.addEventListener("close", () => this.button.focus());
    el.classList.add("elbo-gallery-host");
    el.append(this.button, this.dialog);
    this.draw();
  }

  open() {
    if (!this.cards.length) this.model.send({ kind: "open" });
    this.search.value = "";
    this.dialog.showModal();
    this.filter();
    this.focus();
  }

  /** Put the focus on the scene that is on the screen. */
  focus() {
    const now = this.cards.find(({ scene }) => scene.name === this.model.get("scene"));
    (now?.card ?? this.search).focus();
    now?.card.scrollIntoView({ block: "center" });
  }

  /** All cards, group by group. */
  draw() {
    this.cards = [];
    const groups = this.model.get("groups");
    this.body.replaceChildren(...groups.map((group) => this.group(group)));
    if (!groups.length) this.body.append(element("p", "elbo-gallery-waiting", "The scenes are being fetched."));
    this.mark();
    this.filter();
    if (groups.length && this.dialog.open) this.focus();
  }

  /**
   * @param {SceneGroup} group
   * @returns {HTMLElement}
   */
  group({ title, scenes }) {
    const section = element("section", "elbo-gallery-group"), list = element("ul", "elbo-gallery-cards");
    list.append(...scenes.map((scene) => {
      const item = element("li", ""), card = this.card(scene);
      this.cards.push({ card, scene, chapter: title });
      item.append(card);
      return item;
    }));
    section.append(element("h3", "elbo-gallery-chapter", title), list);
    return section;
  }

  /**
   * @param {SceneCard} scene
   * @returns {HTMLButtonElement}
   */
  card(scene) {
    const card = element("button", "elbo-scene-card"), words = element("span", "elbo-scene-words");
    card.type = "button";
    words.append(
      element("span", "elbo-scene-name", scene.label),
      element("span", "elbo-scene-goal", scene.goal),
      element("span", "elbo-scene-facts", `${scene.minutes} min · ${scene.difficulty}`),
    );
    card.append(picture(scene.picture), words);
    card.addEventListener("click", () => {
      this.model.send({ kind: "choose", scene: scene.name });
      this.dialog.close();
    });
    return card;
  }

  /** Show which scene is on the screen. */
  mark() {
    for (const { card, scene } of this.cards) {
      if (scene.name === this.model.get("scene")) card.setAttribute("aria-current", "true");
      else card.removeAttribute("aria-current");
    }
  }

  /** Leave the cards with all the words that are sought. */
  filter() {
    let shown = 0;
    for (const { card, scene, chapter } of this.cards) {
      const fits = matches(scene, chapter, this.search.value.trim());
      /** @type {HTMLElement} */ (card.parentElement).hidden = !fits;
      shown += Number(fits);
    }
    for (const section of this.body.querySelectorAll("section")) {
      section.hidden = !section.querySelector("li:not([hidden])");
    }
    this.count.textContent = !this.cards.length
      ? ""
      : shown
      ? `${shown} of ${this.cards.length} scenes`
      : "No scene has these words. Try fewer.";
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    event.stopPropagation(); // the lab's own keys are for the panels
    const shown = this.cards.map(({ card }) => card).filter((card) => card.offsetParent);
    const here = shown.findIndex((card) => card === document.activeElement);
    if (event.target === this.search && event.key === "ArrowDown") shown[0]?.focus();
    else if (here >= 0 && /^(Arrow|Home$|End$)/.test(event.key)) {
      shown[neighbour(shown.map((card) => card.getBoundingClientRect()), here, event.key)].focus();
    } else return;
    event.preventDefault();
  }
}

export default {
  /** @param {Started<GalleryValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<GalleryValues>} shown */
  render({ model, el, signal }) {
    const gallery = new Gallery(model, el), draw = () => gallery.draw(), mark = () => gallery.mark();
    model.on("change:groups", draw);
    model.on("change:scene", mark);
    signal.addEventListener("abort", () => {
      model.off("change:groups", draw);
      model.off("change:scene", mark);
    });
  },
};
