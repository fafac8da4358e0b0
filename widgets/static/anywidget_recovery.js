// Every widget begins with `hear`. anywidget 0.11 makes a model deaf for good when its module was not ready within two seconds (runtime.ts), as on a

/**
 * @import { BusExports, Host, Model } from "./shapes.d.ts"
 */
/**
 * The private parts of a model in the two libraries.
 * @typedef {object} Whole
 * @property {{ on_msg(act: (message: unknown) => void): void, send(content: object): void } | undefined} comm
 * @property {(message: unknown) => Promise<void>} _handle_comm_msg
 */
// machine that stalls for a moment: everything from the kernel is dropped, and the page keeps its first values forever.

/**
 * The model behind anywidget's proxy: events carry it.
 * @param {Pick<Model<unknown>, "on" | "off" | "set">} model
 * @returns {Whole|null}
 */
function whole(model) {
  /** @type {Whole | null} */
  let found = null;
  /** @param {Whole} [itself] */
  const take = (itself) => {
    found = itself ?? null;
  };
  model.on("change:elbo_ear", take);
  model.set("elbo_ear", Math.random()); // no trait: the kernel ignores it
  model.off("change:elbo_ear", take);
  return found;
}

/**
 * To be called by `initialize`, without waiting: a model that has gone deaf hears again, and asks for what it has missed.
 * @param {Pick<Model<unknown>, "on" | "off" | "set">} model
 */
export async function hear(model) {
  const itself = whole(model), comm = itself?.comm;
  if (!comm) return;
  try {
    await itself._handle_comm_msg({ content: { data: { method: "nothing" } } }); // as any message: once anywidget is ready, or never
  } catch {
    const { _handle_comm_msg: plain } = Object.getPrototypeOf(Object.getPrototypeOf(itself)); // ipywidgets' own
    comm.on_msg((message) => plain.call(itself, message));
    comm.send({ method: "request_state" });
  }
}

/**
 * What the page's bus gives to charts, also on a machine on which it takes longer than the ten seconds that anywidget waits for it.
 * @param {Host} host
 * @param {Model<{ bus: string }>} model
 * @returns {Promise<BusExports>}
 */
export async function busOf(host, model) {
  for (let tries = 1;; tries++) {
    try {
      return (await host.getWidget(model.get("bus"))).exports;
    } catch (error) {
      if (tries === 6) throw error;
    }
  }
}
