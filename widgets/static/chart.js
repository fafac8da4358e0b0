// The widget of every chart. What draws it comes with the bus, which a page has once: so that code travels once, and not with each chart.

import { busOf, hear } from "./anywidget_recovery.js";

/** @import { ChartValues, Shown, Started } from "./shapes.d.ts" */

export default {
  /** @param {Started<ChartValues>} started */
  initialize({ model }) {
    hear(model);
  },
  /** @param {Shown<ChartValues>} shown */
  async render(shown) {
    const { model, host } = shown, { channel, drawings } = await busOf(host, model);
    await drawings[model.get("drawing")](shown, channel);
  },
};
