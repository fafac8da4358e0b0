// The replay's slider: it asks for a step, and for the next one when that is shown; what was wanted in between is skipped.

import { hear } from "./anywidget_recovery.js";
import { element } from "./elements.js";
import { FilePieces } from "./file_pieces.js";
import { download } from "./panel_files.js";
import { moved, nearest, share, until } from "./replay_steps.js";

/** @import { Model, ReplayValues, Shown, Started } from "./shapes.d.ts" */

const SPEEDS = [[0.25, "¼×"], [0.5, "½×"], [1, "1×"], [2, "2×"], [4, "4×"], [8, "8×"], [16, "16×"]];
const LOST = 1500; // ms after which an answer is no longer waited for
const LIVE = -1;
const PREPARE =
  "Make one HTML file of the panels, which replays these steps without a kernel; its size is stated first";
const SAVE = "Save the HTML file";
const SVG = "http://www.w3.org/2000/svg", PLAY = "M2 1v10l9-5z", PAUSE = "M2 1h3v10H2zM7 1h3v10H7z";

export class ReplayBar {
  /** The step that was asked for and is not shown yet, and when it was. @type {{ step: number, at: number } | null} */
  asked = null;
  /** The step that is wanted after it. @type {number | null} */
  next = null;
  /** Where and when playing began. @type {{ step: number, at: number } | null} */
  played = null;

  /**
   * @param {Model<ReplayValues>} model
   * @param {HTMLElement} el
   * @param {AbortSignal} signal
   */
  constructor(model, el, signal) {
    this.model = model;
    this.pieces = new FilePieces();
    this.play = element("button", "elbo-replay-play");
    this.icon = document.createElementNS(SVG, "svg");
    this.icon.setAttribute("viewBox", "0 0 12 12");
    this.icon.append(document.createElementNS(SVG, "path"));
    this.play.append(this.icon);
    this.slider = element("input", "elbo-replay-slider");
    Object.assign(this.slider, { type: "range", min: "0", max: "1", step: "any" });
    this.slider.setAttribute("aria-label", "Replay: step shown");
    this.track = element("div", "elbo-replay-track");
    this.marks = element("div", "elbo-replay-marks");
    this.step = element("output", "elbo-replay-step");
    this.speed = element("select", "elbo-replay-speed");
    this.speed.setAttribute("aria-label", "Speed of the replay");
    this.speed.title = `1× plays ${model.get("pace")} steps a second`;
    for (const [value, word] of SPEEDS) {
      this.speed.append(new Option(String(word), String(value), value === 1, value === 1));
    }
    this.live = element("button", "elbo-replay-live");
    this.words = element("span", "elbo-replay-words");
    this.save = element("button", "elbo-replay-save");
    this.track.append(this.slider, this.marks);
    this.el = el;
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", "Replay");
    el.append(this.play, this.track, this.step, this.speed, this.live, this.save, this.words);
    this.slider.addEventListener("input", () => {
      this.played = null;
      this.seek(this.steps[nearest(this.steps, Number(this.slider.value))]);
    }, { signal });
    this.slider.addEventListener("keydown", (event) => this.key(event), { signal });
    this.play.addEventListener("click", () => this.played ? this.stop() : this.start(), { signal });
    this.speed.addEventListener("change", () => {
      if (this.played) this.start();
    }, { signal });
    this.live.addEventListener("click", () => {
      this.stop();
      this.seek(null);
    }, { signal });
    this.save.addEventListener("click", () => this.send({ kind: "page" }), { signal });
    model.on("msg:custom", (content, buffers) => {
      const whole = content?.kind === "file" && this.pieces.add(content, buffers[0]);
      if (whole) download(whole, content.name);
    });
    for (const name of ["page", "ready"]) model.on(`change:${name}`, () => this.draw());
    model.on("change:steps", () => this.draw());
    model.on("change:changes", () => this.mark());
    for (const name of ["words", "recorded"]) model.on(`change:${name}`, () => this.draw());
    model.on("change:shown", () => this.arrived());
    signal.addEventListener("abort", () => this.stop());
    this.draw();
    this.mark();
  }

  get steps() {
    return this.model.get("steps");
  }

  /** The step that is shown or on its way; the newest one while nothing earlier is. */
  get here() {
    const shown = this.model.get("shown"), newest = this.steps[this.steps.length - 1] ?? 0;
    return this.next ?? this.asked?.step ?? (shown === LIVE ? newest : shown);
  }

  /** Whether an answer is on its way. */
  get waits() {
    return this.asked !== null && performance.now() - this.asked.at < LOST;
  }

  /**
   * Ask for a step, or for the newest one again.
   * @param {number | null | undefined} step
   */
  seek(step) {
    if (step === undefined) return;
    const now = performance.now(), there = !this.asked && this.model.get("shown") === step;
    if (there) this.next = null; // it is shown already: no answer would come
    else if (step === null) {
      this.asked = this.next = null;
      this.send({ kind: "seek", step });
    } else if (this.waits) {
      this.next = step;
    } else {
      this.next = null;
      this.asked = { step, at: now };
      this.send({ kind: "seek", step });
    }
    this.draw();
  }

  /** @param {object} content */
  send(content) {
    try {
      this.model.send(content);
    } catch { /* the kernel is gone; watch.js says so */ }
  }

  /** A step is shown: ask for the one that is wanted now. */
  arrived() {
    const { next } = this, shown = this.model.get("shown");
    this.asked = this.next = null;
    if (shown === LIVE) this.stop();
    else if (next !== null && next !== shown) this.seek(next);
    this.draw();
  }

  start() {
    const { steps } = this, here = this.here;
    if (steps.length < 2) return;
    const step = here >= steps[steps.length - 1] ? steps[0] : here;
    this.played = { step, at: performance.now() };
    this.seek(step);
    requestAnimationFrame(() => this.tick());
  }

  stop() {
    this.played = null;
    this.draw();
  }

  tick() {
    if (!this.played) return;
    const { steps } = this, seconds = (performance.now() - this.played.at) / 1000;
    const reached = this.played.step + seconds * this.model.get("pace") * Number(this.speed.value);
    const step = steps[until(steps, reached)];
    if (step > this.here && !this.waits) this.seek(step);
    if (this.here >= steps[steps.length - 1]) this.stop();
    else requestAnimationFrame(() => this.tick());
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { steps } = this, place = moved(event.key, nearest(steps, this.here), steps.length);
    if (place === undefined || !steps.length) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own keys
    this.stop();
    this.seek(steps[place]);
  }

  /** Bring everything up to date with what is kept and shown. */
  draw() {
    const { steps, slider } = this, none = steps.length < 2, here = this.here;
    const live = this.model.get("shown") === LIVE && !this.asked;
    for (const each of [slider, this.play, this.speed]) each.disabled = none;
    this.live.disabled = live;
    slider.min = String(steps[0] ?? 0);
    slider.max = String(steps[steps.length - 1] ?? 1);
    slider.value = String(none ? slider.max : here);
    const recorded = Boolean(this.model.get("recorded"));
    const words = none
      ? "no steps yet"
      : live
      ? (recorded ? "at the end" : "live")
      : `step ${here.toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", live && !none ? `newest step, ${here.toLocaleString("en")}` : words);
    if (this.step.textContent !== words) this.step.textContent = words;
    const end = recorded ? "End" : "Live";
    if (this.live.textContent !== end) this.live.textContent = end;
    this.live.title = recorded ? "Show the end of the run again" : "Show the newest step";
    const page = this.model.get("page"), about = page || this.model.get("words"), ready = this.model.get("ready");
    const [text, help] = ready && page
      ? [`Save ${page.split(", ")[1]}`, SAVE]
      : page
      ? ["Drawing …", page]
      : ["Save …", PREPARE];
    Object.assign(this.save, { title: help, hidden: none || page === undefined, disabled: Boolean(page) && !ready });
    if (this.save.textContent !== text) this.save.textContent = text;
    if (this.words.textContent !== about) this.words.textContent = this.words.title = about;
    this.icon.firstElementChild?.setAttribute("d", this.played ? PAUSE : PLAY);
    this.play.setAttribute("aria-label", this.played ? "Pause the replay" : "Play the replay");
    this.play.title = this.played ? "Pause the replay" : "Play the run again, as far as it has come";
  }

  /** A tick where a control was changed. */
  mark() {
    const { steps } = this;
    this.marks.replaceChildren(
      ...this.model.get("changes").map(([step, words]) => {
        const tick = element("span", "elbo-replay-tick");
        tick.title = `step ${step.toLocaleString("en")}: ${words}`;
        tick.style.left = `${100 * share(steps, step)}%`;
        return tick;
      }),
    );
  }
}

export default {
  /** @param {Started<ReplayValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<ReplayValues>} shown */
  render({ model, el, signal }) {
    new ReplayBar(model, el, signal);
  },
};
