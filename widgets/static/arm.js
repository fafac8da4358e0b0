// The decode card of points in space joined by bones: the arm from the side and from above.

const FAINT = 60; // poses of the data behind the arm
const VIEWS = [["from the side", 0, 2], ["from above", 0, 1]];

/** Half the width of the picture in units of x, and the middle of the heights: the same scale in both views, the rarest poses cut. */
function framed(points) {
  const sorted = (axes) => Float32Array.from(axes.flatMap((axis) => Array.from(points.filter((_, i) => i % 3 === axis)))).sort();
  const flat = sorted([0, 1]), high = sorted([2]), at = (values, part) => values[Math.floor(part * (values.length - 1))] ?? 0;
  const [low, top] = [at(high, 0.01), at(high, 0.99)];
  return { reach: Math.max(1e-6, -at(flat, 0.01), at(flat, 0.99), (top - low) / 2), middle: (low + top) / 2 };
}

Object.assign(Card.prototype, {
  arms(context, width, height, where, decode) {
    const { clouds, statics } = this.panel.store, { size } = this.grid, { bones } = statics, data = statics.cloud?.images ?? new Float32Array(0);
    if (this.framedFrom !== data) [this.frame, this.framedFrom] = [framed(data), data];
    const rows = Math.floor(data.length / size), pose = (row) => data.subarray(row * size, (row + 1) * size);
    const near = where && where.row >= 0 && where.row < rows && clouds.cloud;
    const place = near ? [clouds.cloud.x[where.row], clouds.cloud.y[where.row]] : where && [where.x, where.y];
    const shown = place ? [decode(...place)] : this.strip ? this.walk(size) : this.spread(size);
    const line = 13 * Math.sqrt(this.panel.factor), side = Math.min(width, height / 2 - line), left = (width - side) / 2;
    context.font = `${10 * Math.sqrt(this.panel.factor)}px ${CARD_FONT}`;
    VIEWS.forEach(([name, a, b], k) => {
      const top = k * (side + line), to = { a, b, left, top, side };
      context.strokeStyle = this.panel.ink(0.3);
      context.lineWidth = 1;
      context.strokeRect(left + 0.5, top + 0.5, side - 1, side - 1);
      for (let i = 0; i < FAINT && rows; i++) this.bone(context, pose(Math.floor((i * rows) / FAINT)), to, this.panel.ink(0.1), 1);
      if (near) this.bone(context, pose(where.row), to, this.panel.ink(0.85), 1.5, 2);
      shown.forEach((each, i) => {
        context.globalAlpha = place ? 1 : 0.25 + (0.75 * (i + 1)) / shown.length;
        this.bone(context, each, to, this.colour, place ? 2.5 : 1.5, place ? 3 : 0);
      });
      context.globalAlpha = 1;
      context.fillStyle = this.panel.ink(0.75);
      context.fillText(name, left + 2, top + side + line - 3);
    });
    const off = place && Math.max(...this.stretch(shown[0], bones)), walked = this.strip && !place;
    this.words.textContent = place ? `z = (${short(place[0])}, ${short(place[1])})${near ? " · black: the data point" : ""} · links off by ${short(100 * off)} % at most`
      : walked ? `${this.path[0].toUpperCase()}${this.path.slice(1)} (bold at its end).` : "Grey: data. Orange: poses all over this map. Point at it.";
  },

  /** One pose in one view; a bone from −1 starts at the origin, where the arm is fixed. */
  bone(context, pose, { a, b, left, top, side }, colour, wide, joint) {
    const { reach, middle } = this.frame, { bones } = this.panel.store.statics, scale = side / (2 * reach);
    const px = (point) => left + side / 2 + scale * (point < 0 ? 0 : pose[3 * point + a]);
    const py = (point) => top + side / 2 - scale * ((point < 0 ? 0 : pose[3 * point + b]) - (b === 2 ? middle : 0));
    context.save();
    context.beginPath();
    context.rect(left, top, side, side);
    context.clip();
    Object.assign(context, { strokeStyle: colour, fillStyle: colour, lineWidth: wide, lineCap: "round" });
    context.beginPath();
    for (let k = 0; k < bones.from.length; k++) {
      context.moveTo(px(bones.from[k]), py(bones.from[k]));
      context.lineTo(px(bones.to[k]), py(bones.to[k]));
    }
    context.stroke();
    for (let k = 0; joint && k < bones.to.length; k++) {
      context.beginPath();
      context.arc(px(bones.to[k]), py(bones.to[k]), joint, 0, 7);
      context.fill();
    }
    context.restore();
  },

  /** By which part every bone is longer or shorter than in the data. */
  stretch(pose, bones) {
    return Array.from(bones.from, (from, k) => {
      const away = [0, 1, 2].map((axis) => pose[3 * bones.to[k] + axis] - (from < 0 ? 0 : pose[3 * from + axis]));
      return Math.abs(Math.hypot(...away) / bones.length[k] - 1);
    });
  },

  walk(size) {
    return Array.from({ length: this.strip.count }, (_, k) => this.strip.values.subarray(k * size, (k + 1) * size));
  },

  /** A few places all over the map. */
  spread(size) {
    const { n, values } = this.grid, at = [0.2, 0.5, 0.8].map((part) => Math.round(part * (n - 1)));
    return at.flatMap((j) => at.map((i) => values.subarray((j * n + i) * size, (j * n + i + 1) * size)));
  },
});
