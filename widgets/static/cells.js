// Heat maps: Vega draws the cells, the words beside them are written on the overlay, and the value under the pointer is told.

class Cells {
  constructor(panel) {
    this.panel = panel;
  }

  paint() {}

  relabel() {
    this.overlay();
  }

  fit() {
    this.overlay();
  }

  /** From cells to pixels of the plot. */
  pixel(x, y) {
    const { plot, params } = this.panel;
    return [(x / (params.xHigh || 1)) * plot.width, (y / (params.yHigh || 1)) * plot.height];
  }

  move(x, y) {
    this.at = [x, y];
    this.overlay();
  }

  out() {
    this.at = null;
    this.overlay();
  }

  overlay() {
    if (!this.panel.plot) return;
    const { store, model, plot, factor } = this.panel, { words, cells } = store.clouds, labels = model.get("labels"), pen = this.panel.pen();
    pen.fillStyle = this.panel.ink(0.85);
    if (!cells?.x?.length) {
      pen.fillText(plot.meta.cells.empty, 4 - plot.meta.padding.left + 4, plot.height / 2);
      return;
    }
    const side = Math.min(plot.height / (this.panel.params.yHigh || 1), plot.width / (this.panel.params.xHigh || 1));
    pen.font = `${Math.max(8, Math.min(11, side)) * factor}px system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif`;
    for (let k = 0; k < (words?.x?.length ?? 0); k++) {
      const [x, y] = this.pixel(words.x[k], words.y[k]), text = labels[words.label[k]] ?? "", kind = words.align[k];
      pen.save();
      pen.translate(x, y);
      if (kind === 2) pen.rotate(-Math.PI / 2); // under a column, read from below
      pen.textAlign = kind === 3 ? "left" : "right";
      pen.textBaseline = kind === 3 ? "alphabetic" : "middle";
      pen.fillText(text, 0, 0);
      pen.restore();
    }
    this.tell(pen, cells);
  }

  tell(pen, cells) {
    if (!this.at) return;
    const { plot, params } = this.panel, x = Math.floor((this.at[0] / plot.width) * (params.xHigh || 1));
    const y = Math.floor((this.at[1] / plot.height) * (params.yHigh || 1));
    const k = cells.x.findIndex((value, i) => value === x && cells.y[i] === y);
    if (k < 0) return;
    const [left, top] = this.pixel(x, y), [right, bottom] = this.pixel(x + 1, y + 1), text = short(cells.value[k]);
    pen.strokeStyle = this.panel.ink(1);
    pen.strokeRect(left, top, right - left, bottom - top);
    const width = pen.measureText(text).width + 8, at = Math.min(plot.width - width, right + 3);
    pen.fillStyle = this.panel.paper();
    pen.fillRect(at, top - 2, width, 16);
    pen.fillStyle = this.panel.ink(1);
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    pen.fillText(text, at + 4, top + 10);
  }
}
