// The banner at the top of the page, and the watch over the kernel that fills it.

const SILENCE = 6000, PING = 3000; // ms
const DEAD = new Set(["dead", "autorestarting", "restarting", "terminating", "unknown"]);

function make(kind, name, text) {
  const made = document.createElement(kind);
  made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Voilà serves a page, JupyterLab a document: only in the first the address is ours and a reload starts over. */
const inVoila = () => document.body.dataset.voila === "voila" || location.pathname.includes("/voila/");

/** The kernel connection behind a widget manager: JupyterLab's and Voilà's both have one. */
function kernelOf(manager) {
  return manager?.kernel ?? manager?._kernel ?? manager?.context?.sessionContext?.session?.kernel ?? null;
}

class Banner {
  constructor(parent) {
    this.box = make("div", "elbo-banner");
    this.words = make("span", "elbo-banner-words");
    this.button = make("button", "", "Reload");
    this.button.addEventListener("click", () => location.reload());
    this.box.setAttribute("role", "alert");
    this.box.append(this.words, this.button);
    this.box.hidden = true;
    parent.append(this.box);
    this.reasons = new Map(); // the first reason in this order is shown
  }

  set(reason, text, reload = false) {
    if (text) this.reasons.set(reason, [text, reload]);
    else this.reasons.delete(reason);
    const shown = ["dead", "silent", "python"].map((name) => this.reasons.get(name)).find(Boolean);
    this.box.hidden = !shown;
    if (!shown) return;
    if (this.words.textContent !== shown[0]) this.words.textContent = shown[0];
    this.button.hidden = !shown[1];
  }
}

/** Watches the kernel by its signals where the host shows them, and by asking where it does not. */
class Watch {
  constructor(page, banner) {
    Object.assign(this, { page, banner, answered: performance.now(), asked: 0 });
    this.kernel = kernelOf(page.model.widget_manager);
    this.onStatus = (_, status) => this.status(status);
    this.onConnection = (_, status) => { if (status === "connected") this.page.send({ kind: "heartbeat", hidden: document.hidden }); };
    this.kernel?.statusChanged?.connect(this.onStatus);
    this.kernel?.connectionStatusChanged?.connect(this.onConnection);
    this.kernel?.disposed?.connect?.(this.onGone = () => this.stopped());
  }

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
    this.kernel?.statusChanged?.disconnect(this.onStatus);
    this.kernel?.connectionStatusChanged?.disconnect(this.onConnection);
    this.kernel?.disposed?.disconnect?.(this.onGone);
  }
}
