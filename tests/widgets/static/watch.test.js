import { Banner, kernelOf, PING, Watch } from "../../../widgets/static/watch.js";
import { equal, holds, standIn, test } from "./harness.js";

/** A page with a kernel whose signals a test sends. */
function watched() {
  /** @type {Record<string, unknown>[]} */
  const said = [];
  /** @type {Record<string, (sender: unknown, value?: string) => void>} */
  const ears = {};
  /** @param {string} name */
  const signal = (name) => ({
    connect: (/** @type {(sender: unknown, value?: string) => void} */ act) => (ears[name] = act),
    disconnect: () => delete ears[name],
  });
  const kernel = {
    statusChanged: signal("status"),
    connectionStatusChanged: signal("connection"),
    disposed: signal("gone"),
  };
  const model = { get: () => ({ reload: "Reload.", rerun: "Run it again." }), widget_manager: { kernel } };
  const banner = new Banner(document.body);
  /** @param {Record<string, unknown>} content */
  const send = (content) => void said.push(content);
  return { said, ears, banner, watch: new Watch(standIn({ model, client: "me", send }), banner) };
}

test("the gravest reason is shown; when it goes, the next one is", () => {
  const { banner } = watched();
  banner.set("python", "from Python");
  banner.set("dead", "stopped", true);
  banner.set("silent", "silent");
  equal([banner.words.textContent, banner.button.hidden], ["stopped", false]);
  banner.set("dead", "");
  equal([banner.words.textContent, banner.button.hidden], ["silent", true]);
  banner.set("silent", "");
  banner.set("python", "");
  holds(banner.box.hidden, "an empty banner is shown");
});

test("a kernel that dies or goes is reported, one that is busy is not", () => {
  for (
    const [name, value, dead] of [["status", "busy", false], ["status", "autorestarting", true], ["gone", "", true]]
  ) {
    const { ears, watch, banner } = watched();
    ears[String(name)](null, String(value));
    equal([watch.dead, banner.box.hidden], [dead, !dead]);
  }
  const { ears, banner } = watched();
  ears.status(null, "dead");
  equal(banner.words.textContent, "The kernel stopped. Run it again.");
});

test("a connection that comes back is followed by a heartbeat at once", () => {
  const { ears, said } = watched();
  ears.connection(null, "connecting");
  ears.connection(null, "connected");
  equal(said.map(({ kind }) => kind), ["heartbeat"]);
});

test("a kernel that does not answer for long is called silent until it answers", () => {
  const { watch, banner, said } = watched();
  watch.ping();
  watch.ping();
  holds(banner.box.hidden, "two questions are no silence");
  watch.answered -= 3 * PING + 1;
  watch.ping();
  holds(!banner.box.hidden, "the silence is not shown");
  watch.pong();
  holds(banner.box.hidden, "the answer was not heard");
  equal(said.map(({ kind, client }) => [kind, client]), Array(3).fill(["ping", "me"]));
});

test("a watch that is closed hears nothing more", () => {
  const { watch, ears } = watched();
  watch.close();
  equal(Object.keys(ears), []);
});

test("the kernel is found where JupyterLab and Voilà keep it", () => {
  const kernel = {};
  const managers = [{ kernel }, { _kernel: kernel }, { context: { sessionContext: { session: { kernel } } } }];
  equal(managers.map((manager) => kernelOf(manager) === kernel), [true, true, true]);
  equal([kernelOf(undefined), kernelOf({})], [null, null]);
});
