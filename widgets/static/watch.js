// The banner at the top of the page, and the watch over the kernel that fills it.

import { element } from "./elements.js";

/**
 * What the watch needs from the page.
 * @typedef {object} Watched
 * @property {Model<PageValues>} model
 * @property {string} client
 * @property {(content: object) => void} send
 */
/** @import { Kernel, Model, PageValues, WidgetManager } from "./shapes.d.ts" */

const SILENCE = 6000; // ms
export const PING = 3000; // ms
const REASONS = ["dead", "silent", "python"]; // the first one present is shown
const DEAD = new Set(["dead", "autorestarting", "restarting", "terminating", "unknown"]);

/**
 * Voilà serves a page, JupyterLab a document: only in the first the address is ours and a reload starts over.
 * @returns {boolean}
 */
export const inVoila = () => document.body.dataset.voila === "voila" || location.pathname.includes("/voila/");

/**
 * The kernel connection behind a widget manager: JupyterLab's and Voilà's both have one.
 * @param {WidgetManager|undefined} manager
 * @returns {Kernel|null}
 */
export function kernelOf(manager) {
  return manager?.kernel ?? manager?._kernel ?? manager?.context?.sessionContext?.session?.kernel ?? null;
}

export class Banner {
  /** The sentences, and whether to offer a reload. @type {Map<string, [text: string, reload: boolean]>} */
  reasons = new Map();

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = element("div", "elbo-banner");
    this.words = element("span", "elbo-banner-words");
    this.button = element("button", "", "Reload");
    this.button.addEventListener("click", () => location.reload());
    this.box.setAttribute("role", "alert");
    this.box.append(this.words, this.button);
    this.box.hidden = true;
    parent.append(this.box);
  }

  /**
   * @param {string} reason
   * @param {string} text
   * @param {boolean} [reload]
   */
  set(reason, text, reload = false) {
    if (text) this.reasons.set(reason, [text, reload]);
    else this.reasons.delete(reason);
    const shown = REASONS.map((name) => this.reasons.get(name)).find(Boolean);
    this.box.hidden = !shown;
    if (!shown) return;
    if (this.words.textContent !== shown[0]) this.words.textContent = shown[0];
    this.button.hidden = !shown[1];
  }
}

/** Watches the kernel by its signals where the host shows them, and by polling where it does not. */
export class Watch {
  dead = false;
  /** When the kernel answered and when it was asked last, in ms. */
  answered = performance.now();
  asked = 0;

  /**
   * @param {Watched} page
   * @param {Banner} banner
   */
  constructor(page, banner) {
    this.page = page;
    this.banner = banner;
    this.kernel = kernelOf(/** @type {WidgetManager | undefined} */ (page.model.widget_manager));
    /** @param {unknown} _ @param {string} status */
    this.onStatus = (_, status) => this.status(status);
    /** @param {unknown} _ @param {string} status */
    this.onConnection = (_, status) => {
      if (status === "connected") this.page.send({ kind: "heartbeat", hidden: document.hidden });
    };
    this.onGone = () => this.stopped();
    this.kernel?.statusChanged?.connect?.(this.onStatus);
    this.kernel?.connectionStatusChanged?.connect?.(this.onConnection);
    this.kernel?.disposed?.connect?.(this.onGone);
  }

  /** @param {string} status */
  status(status) {
    if (DEAD.has(status)) this.stopped();
  }

  stopped() {
    const { reload, rerun } = this.page.model.get("remedies");
    this.dead = true;
    this.banner.set("dead", `The kernel stopped. ${inVoila() ? reload : rerun}`, inVoila());
  }

  ping() {
    const now = performance.now();
    if (document.hidden || this.dead) {
      this.answered = now;
      return;
    }
    const slow = this.asked && now - this.answered > SILENCE + PING;
    this.banner.set("silent", slow ? "No answer from the kernel. Waiting for it to come back …" : "", inVoila());
    this.asked = now;
    this.page.send({ kind: "ping", client: this.page.client });
  }

  pong() {
    this.answered = performance.now();
    this.banner.set("silent", "");
  }

  close() {
    this.kernel?.statusChanged?.disconnect?.(this.onStatus);
    this.kernel?.connectionStatusChanged?.disconnect?.(this.onConnection);
    this.kernel?.disposed?.disconnect?.(this.onGone);
  }
}
