// What the card shows of a whole map, a walk through it, or the selected data; of points in the plane.

Object.assign(Card.prototype, {
  /** The picture of the selected data's mean z, as the worker decoded it, or the mean place's from the grid. */
  meanOf(chosen) {
    const { clouds } = this.panel.store, picture = clouds.marked?.picture;
    if (picture?.length === this.grid.size) return asNumbers(picture);
    const mean = (column) => [...chosen].reduce((sum, i) => sum + column[i], 0) / chosen.size;
    return bilinear(this.grid, mean(clouds.cloud.x), mean(clouds.cloud.y));
  },

  /** The selected data: the mean of what they are, and what the decoder makes of their mean z. */
  average(context, width, height, chosen) {
    const images = this.panel.store.statics.cloud?.images, { size } = this.grid, mean = new Float32Array(size);
    const side = Math.min(width, (height - 22) / 2), left = (width - side) / 2;
    for (const i of chosen) for (let k = 0; k < size; k++) mean[k] += images[i * size + k] / 255 / chosen.size;
    this.digit(context, mean, left, 0, side, "mean x");
    this.digit(context, this.meanOf(chosen), left, side + 11, side, "decode(mean z)");
    this.words.textContent = `${chosen.size} data selected. Shift-drag adds more.`;
  },

  /** Nobody points anywhere: what the decoder draws all over the map. */
  sheet(context, width, height) {
    const { n, size, values } = this.grid, across = Math.min(n, 7), pick = (k) => Math.round(((k + 0.5) * (n - 1)) / across);
    const pictures = Array.from({ length: across * across }, (_, k) => {
      const at = (pick(across - 1 - Math.floor(k / across)) * n + pick(k % across)) * size;
      return values.subarray(at, at + size);
    });
    this.tiles(context, width, height, across, pictures);
    this.words.textContent = "What the decoder draws over this map. Point, click, or drag around data.";
  },

  /** The stops of a walk, row by row. */
  traversal(context, width, height) {
    const { values, count } = this.strip, { size } = this.grid;
    const pictures = Array.from({ length: count }, (_, k) => values.subarray(k * size, (k + 1) * size));
    this.tiles(context, width, height, Math.ceil(Math.sqrt(count)), pictures);
    this.words.textContent = `${count} decoded ${this.strip.walk === "draws" ? "" : "stops "}${this.path}.`;
  },

  /** Data in the plane: the cloud as a small scatter; the decoded point, or what the decoder makes of the whole grid. */
  scatter(context, width, height, where, decode, chosen) {
    const points = asNumbers(this.panel.store.statics.cloud?.images ?? new Float32Array(0)), { values } = this.grid;
    const side = Math.min(width, height), reach = Math.max(1e-6, ...points.map(Math.abs)) * 1.08;
    const to = (v) => (side / 2) * (1 + v / reach);
    const dots = (xy, dot) => {
      for (let i = 0; i + 1 < xy.length; i += 2) context.fillRect(to(xy[i]) - dot / 2, side - to(xy[i + 1]) - dot / 2, dot, dot);
    };
    context.strokeStyle = this.panel.ink(0.3);
    context.strokeRect(0.5, 0.5, side - 1, side - 1);
    context.fillStyle = this.panel.ink(0.3);
    dots(points, 2);
    context.fillStyle = this.panel.ink(0.9);
    for (const i of chosen) dots(points.subarray(2 * i, 2 * i + 2), 3);
    context.fillStyle = this.colour;
    if (!where) {
      const marked = chosen.size ? this.meanOf(chosen) : null;
      dots(this.strip?.values ?? marked ?? values, this.strip ? 5 : marked ? 8 : 2);
      const what = this.strip ? this.path : marked ? "what the decoder makes of their mean z" : "what the decoder makes of the map. Point, click, drag";
      this.words.textContent = `${chosen.size ? `Dark: ${chosen.size} selected data.` : "Grey: data."} Orange: ${what}.`;
      return;
    }
    const decoded = decode(where.x, where.y);
    dots(decoded, 8);
    context.strokeStyle = this.panel.ink(0.9);
    if (where.row >= 0) context.strokeRect(to(points[2 * where.row]) - 4, side - to(points[2 * where.row + 1]) - 4, 8, 8);
    this.words.textContent = `z = (${short(where.x)}, ${short(where.y)}) → (${short(decoded[0])}, ${short(decoded[1])})`;
  },
});
