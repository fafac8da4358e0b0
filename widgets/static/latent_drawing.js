// What is drawn over the map of the latent space, and which data a pointer or a lasso means.

const within = (path, x, y) => {
  let odd = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [ax, ay] = path[i], [bx, by] = path[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
};

Object.assign(Latent.prototype, {
  /** The row of the datum near a place, or -1. */
  nearest(x, y) {
    const { cloud } = this;
    if (!cloud?.x) return -1;
    const { width, height } = this.panel.plot, [a, b, c, d] = this.domain, [kx, ky] = [width / (b - a), height / (d - c)];
    let best = NEAR * NEAR, row = -1;
    for (let i = 0; i < cloud.x.length; i++) {
      const distance = ((cloud.x[i] - x) * kx) ** 2 + ((cloud.y[i] - y) * ky) ** 2;
      if (distance < best) [best, row] = [distance, i];
    }
    return row;
  },

  /** The rows inside a path of pixels. */
  inside(path) {
    const { cloud } = this, rows = [];
    for (let i = 0; i < (cloud?.x?.length ?? 0); i++) if (within(path, ...this.pixel(cloud.x[i], cloud.y[i]))) rows.push(i);
    return rows;
  },

  /** Select rows, beside those that are selected already if `more`. */
  choose(rows, more) {
    this.chosen = new Set(more ? [...this.chosen, ...rows] : rows);
    this.panel.send({ kind: "lasso", rows: [...this.chosen] });
    this.panel.repaint();
    this.show();
  },

  /** The key's chip of a class was pressed: select its data, or let go of them. */
  chooseClass(k) {
    const values = this.cloud?.value ?? this.panel.store.statics.cloud?.label ?? [], rows = [];
    values.forEach((value, i) => { if (value === k) rows.push(i); });
    const same = rows.length === this.chosen.size && rows.every((i) => this.chosen.has(i));
    this.choose(same ? [] : rows, false);
  },

  overlay() {
    const context = this.panel.pen(), { cloud } = this;
    this.titles(context);
    if (!this.domain) return;
    context.strokeStyle = this.panel.ink(0.8);
    context.lineWidth = 1.5;
    if (this.drag?.path.length > 1) this.lasso(context);
    if (this.strip?.places?.length) this.steps(context);
    this.pins.forEach((pin, k) => this.flag(context, this.place(pin), this.pins.length > 1 ? "AB"[k] : ""));
    const where = this.at ?? (this.pins.length === 1 ? this.place(this.pins[0]) : null);
    if (this.at) this.cross(context, this.at);
    if (where?.row >= 0 && where.row < (cloud?.x?.length ?? 0)) this.posterior(context, cloud, where.row);
  },

  cross(context, { x, y }) {
    const [px, py] = this.pixel(x, y);
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(px + 3 * dx, py + 3 * dy);
      context.lineTo(px + 9 * dx, py + 9 * dy);
    }
    context.stroke();
  },

  lasso(context) {
    context.beginPath();
    this.drag.path.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = this.panel.ink(0.08);
    context.fill();
    context.setLineDash([4, 3]);
    context.stroke();
    context.setLineDash([]);
  },

  /** The stops of a walk; a path and a dimension are lines, draws are not. */
  steps(context) {
    const { places, walk } = this.strip, at = [];
    for (let k = 0; k + 1 < places.length; k += 2) at.push(this.pixel(places[k], places[k + 1]));
    context.strokeStyle = context.fillStyle = this.card.colour;
    context.beginPath();
    if (walk !== "draws") at.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
    for (const [x, y] of at) {
      context.beginPath();
      context.arc(x, y, 3, 0, 7);
      context.fill();
    }
    context.strokeStyle = this.panel.ink(0.8);
  },

  /** A pinned place. */
  flag(context, { x, y }, name) {
    const [px, py] = this.pixel(x, y);
    context.beginPath();
    context.arc(px, py, 5.5, 0, 7);
    context.stroke();
    if (!name) return;
    context.font = `600 ${12 * this.panel.factor}px ${CARD_FONT}`;
    context.lineWidth = 3;
    context.strokeStyle = this.panel.paper();
    context.strokeText(name, px + 8, py - 5);
    context.fillStyle = this.panel.ink(1);
    context.fillText(name, px + 8, py - 5);
    context.lineWidth = 1.5;
    context.strokeStyle = this.panel.ink(0.8);
  },

  /** A ring around a datum's mean, and the ellipse of two standard deviations of its posterior, in the shown plane. */
  posterior(context, cloud, row) {
    const [x, y] = [cloud.x[row], cloud.y[row]], [cx, cy] = this.pixel(x, y), [ox, oy] = this.pixel(0, 0);
    context.beginPath();
    context.arc(cx, cy, 5, 0, 7);
    context.stroke();
    if (!cloud.sx || !cloud.sy) return;
    const [right, up] = [this.pixel(2 * cloud.sx[row], 0)[0] - ox, this.pixel(0, 2 * cloud.sy[row])[1] - oy]; // up is negative
    const both = (cloud.rho?.[row] ?? 0) * right * up, half = (right * right - up * up) / 2, middle = (right * right + up * up) / 2;
    const spread = Math.hypot(half, both), angle = Math.atan2(both, half) / 2; // of a symmetric 2 × 2 matrix
    context.beginPath();
    context.ellipse(cx, cy, Math.sqrt(middle + spread), Math.sqrt(Math.max(0, middle - spread)), angle, 0, 7);
    context.stroke();
    context.fillStyle = this.panel.ink(0.1);
    context.fill();
  },

  titles(context) {
    const { plot, params, factor } = this.panel, [a, b] = params.axes ?? [1, 2];
    const share = params.principal ? `PCA plane, ${Math.round(100 * params.principal)} % of the variance` : "";
    context.fillStyle = this.panel.ink(0.8);
    context.textAlign = "center";
    context.fillText(share || `z${subscript(a)}`, plot.width / 2, plot.height + 31 * factor);
    if (!share) context.fillText(`z${subscript(b)}`, -40 * factor, plot.height / 2);
    context.textAlign = "left";
  },
});
