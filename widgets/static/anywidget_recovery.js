// In front of every module. anywidget 0.11 makes a model deaf for good when its module was not ready within two seconds (runtime.ts), as on a
// machine that stands still for a moment: everything from the kernel is dropped, and the page keeps its first values for ever.

/** The model behind anywidget's proxy: events carry it. */
function whole(model) {
  let found = null;
  const take = (itself) => { found = itself; };
  model.on("change:elbo_ear", take);
  model.set("elbo_ear", Math.random()); // no trait: the kernel passes over it
  model.off("change:elbo_ear", take);
  return found;
}

/** To be called by `initialize`, without waiting: a model that has gone deaf hears again, and asks for what it has missed. */
async function hear(model) {
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

/** The page's bus, also on a machine on which it takes longer than the ten seconds that anywidget waits for it. */
async function frameChannelOf(host, model) {
  for (let tries = 1; ; tries++) {
    try {
      return (await host.getWidget(model.get("bus"))).exports.road;
    } catch (error) {
      if (tries === 6) throw error;
    }
  }
}
