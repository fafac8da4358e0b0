// The invisible widget of a page: heartbeat, kernel watch, keyboard, run id in the address, polite announcements, clipboard.

import { nameParts } from "./accessible_names.js";
import { hear } from "./anywidget_recovery.js";
import { contextOf, element } from "./elements.js";
import { serveFullScreen } from "./full_screen.js";
import { describe, serveFolds } from "./folds.js";
import { watchLight } from "./light.js";
import { serveMenus } from "./panel_menu.js";
import { Share } from "./share.js";
import { Banner, inVoila, PING, Watch } from "./watch.js";

/** @import { Model, PageValues, Shown, Started } from "./shapes.d.ts" */

const HEARTBEAT = 5000, SPOKEN = 3000, NAMED = 200; // ms

export class Page {
  /** When the last sentence was announced, in ms. */
  spokenAt = -SPOKEN;
  /** Whether the address names a run. */
  addressed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  later;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  naming;
  /** What Share has opened. @type {Share | undefined} */
  sheet;
  /** @type {Watch | undefined} */
  watch;

  /**
   * @param {Model<PageValues>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.client = Math.random().toString(36).slice(2);
    el.classList.add("elbo-page");
    this.live = element("div", "elbo-live");
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    el.append(this.live);
    this.banner = new Banner(el);
    this.watch = new Watch(this, this.banner);
  }

  /** @param {object} content */
  send(content) {
    try {
      this.model.send(content);
    } catch {
      this.watch?.stopped();
    }
  }

  /** Announce the newest sentence, at most one in three seconds. */
  announce() {
    clearTimeout(this.later);
    const wait = SPOKEN - (performance.now() - this.spokenAt);
    if (wait > 0) {
      this.later = setTimeout(() => this.announce(), wait);
      return;
    }
    this.spokenAt = performance.now();
    this.live.textContent = this.model.get("announce");
  }

  address() {
    const run = this.model.get("run_id"), text = run && this.model.get("text");
    if (!inVoila() || !(run || this.addressed)) return;
    const there = new URL(location.href);
    if (run) there.searchParams.set("run", run);
    else there.searchParams.delete("run"); // a scene's recorded run is shown instead
    this.addressed = Boolean(run);
    if (text) there.searchParams.set("text", text);
    else there.searchParams.delete("text");
    if (there.href !== location.href) history.replaceState(history.state, "", there);
  }

  /** Name what is new on the page, once for all that comes within a moment. */
  nameSoon() {
    this.naming ??= setTimeout(() => {
      this.naming = undefined;
      this.name();
    }, NAMED);
  }

  /** ipywidgets names little of what it makes. */
  name() {
    describe();
    for (const root of document.querySelectorAll(this.model.get("root"))) nameParts(root);
  }

  /**
   * Single keys count only inside the lab and never where something else uses them.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (!target?.closest(this.model.get("root"))) return;
    if (event.key === " " && target.closest("button")) return; // Space presses the button that has the focus
    if (
      target.closest(
        "input, textarea, select, a[href], summary, [contenteditable=''], [contenteditable=true], [role=slider], [role=textbox]",
      )
    ) return;
    const key = event.key === " " ? "space" : event.key.toLowerCase();
    const projected = target.closest(".elbo-projector");
    if (!["space", ".", "r", "[", "]", "e", "p"].includes(key) && !(projected && "abcdkys".includes(key))) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab owns single keys, too
    if (key === "s" && projected) {
      this.snapshot(projected);
      return;
    }
    if (!event.repeat || key === "." || key === "[" || key === "]") this.send({ kind: "key", key });
  }

  /**
   * The panels as they are now, as a picture in the person's download folder.
   * @param {Element} root
   */
  snapshot(root) {
    const main = root.querySelector(".elbo-main");
    if (!main) return;
    const whole = main.getBoundingClientRect(),
      ratio = globalThis.devicePixelRatio || 1;
    const sheet = document.createElement("canvas"), dark = Boolean(root.querySelector(".elbo-dark"));
    Object.assign(sheet, { width: Math.round(whole.width * ratio), height: Math.round(whole.height * ratio) });
    const pen = contextOf(sheet);
    pen.scale(ratio, ratio);
    pen.fillStyle = dark ? "#181818" : "#ffffff";
    pen.fillRect(0, 0, whole.width, whole.height);
    for (const part of /** @type {NodeListOf<HTMLCanvasElement>} */ (main.querySelectorAll(".elbo-panel canvas"))) {
      const { left, top, width, height } = part.getBoundingClientRect();
      if (width && height) pen.drawImage(part, left - whole.left, top - whole.top, width, height);
    }
    pen.fillStyle = dark ? "#f0f0f0" : "#1f1f1f";
    pen.font = "600 18px system-ui, sans-serif";
    for (const title of main.querySelectorAll(".elbo-title")) {
      const { left, top, height } = title.getBoundingClientRect();
      if (height) pen.fillText(title.textContent, left - whole.left, top - whole.top + 0.75 * height);
    }
    const link = element("a", "");
    Object.assign(link, { href: sheet.toDataURL("image/png"), download: "elbo-room.png" });
    link.click();
  }

  /**
   * A click on the lab's ground takes the focus, so that keys work at once.
   * @param {Event} event
   */
  ground(event) {
    const target = event.target instanceof Element ? event.target : null,
      root = /** @type {HTMLElement | null | undefined} */ (target?.closest(this.model.get("root")));
    if (!root || target?.closest("input, textarea, select, button, label, [tabindex], .widget-slider")) return;
    root.tabIndex = -1;
    root.focus({ preventScroll: true });
  }

  /**
   * Settings travel as the end of an address; the beginning is this page's own. In JupyterLab they are pasted into a cell.
   * The text is copied at once where the browser allows it, and shown in a sheet.
   * @param {string} copied
   */
  async copy(copied) {
    const here = new URL(location.href);
    here.search = copied.startsWith("?") ? copied : "";
    const text = copied.startsWith("?") && inVoila() ? here.href : copied;
    this.sheet?.sheet.remove();
    this.sheet = new Share(this.el, text);
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      done = false;
    }
    this.send({ kind: "shared", copied: done, link: /^https?:/.test(text) ? text : "" });
  }
}

export default {
  /** @param {Started<PageValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<PageValues>} shown */
  render({ model, el, signal }) {
    const page = new Page(model, el);
    const beat = () => {
      page.send({ kind: "heartbeat", hidden: document.hidden });
      page.name();
    };
    const timers = [setInterval(beat, HEARTBEAT), setInterval(() => page.watch?.ping(), PING)];
    model.on("msg:custom", (content) => {
      if (content?.kind === "pong" && content.client === page.client) page.watch?.pong();
      else if (content?.kind === "copy" && typeof content.text === "string") page.copy(content.text);
      else if (content?.kind === "qr") page.sheet?.show(content.text, content.rows);
    });
    model.on("change:announce", () => page.announce());
    model.on("change:run_id change:text", () => page.address());
    model.on("change:banner", () => page.banner.set("python", model.get("banner")));
    document.addEventListener("keydown", (event) => page.key(event), { signal, capture: true });
    const naming = new MutationObserver(() => page.nameSoon());
    naming.observe(document.body, { childList: true, subtree: true });
    document.addEventListener("pointerdown", (event) => page.ground(event), { signal });
    document.addEventListener("visibilitychange", beat, { signal });
    serveFullScreen(signal);
    watchLight(() => model.get("root"), signal);
    serveFolds(signal);
    serveMenus(signal);
    addEventListener("pagehide", () => page.send({ kind: "closing" }), { signal });
    signal.addEventListener("abort", () => {
      naming.disconnect();
      timers.forEach(clearInterval);
      clearTimeout(page.later);
      page.watch?.close();
    });
    page.address();
    page.banner.set("python", model.get("banner"));
    page.send({ kind: "ready", voila: inVoila(), query: inVoila() ? location.search.slice(0, 4000) : "" });
    beat();
    page.watch?.ping();
  },
};
