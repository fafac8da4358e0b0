// Panels with bars: the range of x, and the dimension under the pointer.

/** Horizontal bars: the range of x, and a click or a key that chooses a dimension. */
class Bars {
  constructor(panel) {
    this.panel = panel;
    panel.box.tabIndex = 0;
  }

  paint() {
    const { plot, store } = this.panel, { bars, marked, theory } = store.clouds, column = plot.meta.datasets.bars.x;
    // theory: where a closed form says how long the bars should be
    const values = [...(bars?.[column] ?? []), ...(marked?.[column] ?? []), ...(theory?.value ?? [])];
    const high = Math.max(plot.meta.x.least, ...values);
    this.range = settled(this.range, 0, high * 1.02, false);
    plot.signal("xLow", 0);
    plot.signal("xHigh", this.range[1]);
  }

  rows() {
    return [...(this.panel.store.clouds.bars?.dimension ?? [])].sort((a, b) => a - b);
  }

  move(x, y) {
    this.over = Math.min(this.rows().length - 1, Math.floor((y / this.panel.plot.height) * this.rows().length));
    this.panel.area.style.cursor = this.over >= 0 ? "pointer" : "";
    this.overlay();
  }

  out() {
    this.over = undefined;
    this.panel.area.style.cursor = "";
    this.overlay();
  }

  release() {
    const dimension = this.rows()[this.over];
    if (dimension !== undefined) this.panel.send({ kind: "click", dimension });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], last = this.rows().length - 1;
    if (step) this.over = Math.min(last, Math.max(0, (this.over ?? -step) + step));
    else if (event.key === "Enter") this.release();
    else return;
    event.preventDefault();
    this.overlay();
  }

  overlay() {
    const { plot } = this.panel, count = this.rows().length;
    if (this.over === undefined || this.over < 0 || !count) return this.panel.wipe();
    const context = this.panel.pen();
    context.fillStyle = this.panel.ink(0.08);
    context.fillRect(-40, (this.over * plot.height) / count, plot.width + 70, plot.height / count);
  }
}
