// A saved page: the panels of one run with a slider over its kept steps, in a file of its own, without a kernel and without a network.

import { FrameChannel } from "./bus.js";
import { element } from "./elements.js";
import { Panel } from "./live_chart.js";
import { Diagram } from "./network_diagram.js";
import { OneStep } from "./one_step.js";
import { serveMenus } from "./panel_menu.js";
import { ReplayBar } from "./replay_bar.js";

/** @import { Model, SavedChart, SavedPage, SavedStep } from "./shapes.d.ts" */

/** @type {Record<string, new (model: never, el: HTMLElement, channel: FrameChannel, signal: AbortSignal) => unknown>} */
const DRAWN = { network: Diagram, one_step: OneStep }; // not Vega views

/** Values of a widget that no kernel holds. */
export class Values {
  /** @type {Map<string, (() => void)[]>} */
  heard = new Map();

  /**
   * @param {Record<string, unknown>} values
   * @param {(content: object) => void} [send]
   */
  constructor(values, send = () => {}) {
    this.values = values;
    this.send = send;
  }

  /** @param {string} name */
  get(name) {
    return this.values[name];
  }

  /** @param {string} name @param {unknown} value */
  set(name, value) {
    this.values[name] = value;
    for (const act of this.heard.get(`change:${name}`) ?? []) act();
  }

  /** @param {string} kind @param {() => void} act */
  on(kind, act) {
    this.heard.set(kind, [...(this.heard.get(kind) ?? []), act]);
  }

  off() {}
}

/**
 * Bytes from the text that a page holds them as.
 * @param {string} name the identity of its element
 * @returns {Uint8Array<ArrayBuffer>}
 */
function bytesOf(name) {
  const text = document.getElementById(name)?.textContent ?? "";
  return Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0));
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function unzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export class ReplayPage {
  /** @type {Map<string, Values>} */
  charts = new Map();

  /**
   * @param {SavedPage} page
   * @param {ArrayBuffer} data
   * @param {Uint8Array<ArrayBuffer>} bundle
   */
  constructor(page, data, bundle) {
    this.page = page;
    this.data = data;
    const bus = new Values({ bundle: new DataView(bundle.buffer) });
    this.channel = new FrameChannel(/** @type {Model<any>} */ (/** @type {unknown} */ (bus)));
  }

  /** @param {HTMLElement} root */
  async draw(root) {
    const { page } = this, { signal } = new AbortController();
    const [panels, foot, bar, words] = ["panels", "foot", "elbo-replay", "words"].map((name) => element("div", name));
    this.words = words;
    words.setAttribute("role", "status");
    const settings = element("details", "settings");
    settings.append(element("summary", "", "Settings of this run"), element("p", "", page.settings));
    root.append(element("h1", "", page.title), element("p", "goal", page.goal), bar, words, panels, foot);
    foot.append(settings, element("p", "", page.source));
    this.steps = new Values(
      { steps: page.steps.map(({ step }) => step), shown: -1, changes: page.changes, words: "", pace: page.pace },
      (content) => this.show(/** @type {{ step: number | null }} */ (content).step),
    );
    this.pass(page.first);
    for (const chart of page.charts) await this.add(chart, panels, signal);
    serveMenus(signal);
    new ReplayBar(/** @type {Model<any>} */ (/** @type {unknown} */ (this.steps)), bar, signal);
    this.show(null);
  }

  /**
   * @param {SavedChart} chart
   * @param {HTMLElement} panels
   * @param {AbortSignal} signal
   */
  async add(chart, panels, signal) {
    const values = new Values({ ...chart, bus: "", height: "100%", waiting: "" });
    const panel = element("section", `elbo-panel elbo-${chart.panel}`),
      host = element("div", ""),
      save = element("button", "elbo-export");
    save.title = "Save this panel";
    save.setAttribute("aria-label", `Save the panel ${chart.title}`);
    panel.append(host, save);
    panels.append(panel);
    this.charts.set(chart.name, values);
    const model = /** @type {Model<any>} */ (/** @type {unknown} */ (values));
    if (DRAWN[chart.name]) {
      await this.channel.load();
      new DRAWN[chart.name](/** @type {never} */ (model), host, this.channel, signal);
    } else await new Panel(model, host, this.channel, signal).build();
  }

  /**
   * A frame as the kernel would have sent it.
   * @param {SavedStep["frame"]} frame
   */
  pass({ content, at, extra }) {
    const view = (/** @type {[number, number]} */ [from, size]) => new DataView(this.data, from, size);
    this.channel.receive({ ...content, frame: this.channel.last + 1 }, [at, ...extra].map(view));
  }

  /**
   * Show a step; null is the newest one.
   * @param {number | null} step
   */
  show(step) {
    const { steps } = this.page, found = steps.find((each) => each.step === step) ?? steps[steps.length - 1];
    const live = step === null;
    this.pass(found.frame);
    for (const { name } of this.page.charts) {
      const values = this.charts.get(name), now = found.charts[name] ?? {}, cut = live ? -1 : found.step;
      if (!values) continue;
      values.set("params", { .../** @type {object} */ (values.get("params")), ...now.params, cut });
      for (const each of /** @type {const} */ (["labels", "heading"])) if (now[each]) values.set(each, now[each]);
    }
    if (this.words) this.words.textContent = found.words;
    this.steps?.set("shown", live ? -1 : found.step);
  }
}

export default {
  /** Draw the page from what its file holds. */
  async open() {
    const data = await unzipped(bytesOf("data")), length = new DataView(data).getUint32(0, true);
    const page = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    const start = 4 * Math.ceil((4 + length) / 4);
    const saved = new ReplayPage(page, data.slice(start), bytesOf("bundle"));
    await saved.draw(document.body.appendChild(element("main", "elbo-room")));
  },
};
