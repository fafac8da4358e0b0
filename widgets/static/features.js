// The decode card of a table: what sets a place of the latent space apart, feature by feature; without a place, what marks each class.

const REACH = 4; // powers of two, or standard deviations, from the middle of a bar to its end

Object.assign(Card.prototype, {
  setFeatures(message, buffer) {
    const { names, counts, average, spread, least, markers } = message;
    this.table = { names, counts, average, spread, least, markers, observed: numbersOf(buffer, -1) };
  },

  /** How far a value is from the feature's average: powers of two of a count, standard deviations of other data. */
  apart(value, k) {
    const { counts, average, spread, least } = this.table;
    return counts ? Math.log2((value + least) / (average[k] + least)) : (value - average[k]) / spread[k];
  },

  /** How much that says: a ratio of large counts says more. */
  weight(value, k) {
    const { counts, average } = this.table;
    return counts ? Math.abs(Math.sqrt(Math.max(0, value)) - Math.sqrt(average[k])) : Math.abs(this.apart(value, k));
  },

  features(context, width, height, where, decode) {
    const { cloud } = this.panel.store.clouds, { size } = this.grid, { counts, observed } = this.table;
    const datum = where && where.row >= 0 && cloud && (where.row + 1) * size <= observed.length;
    if (!where && this.strip) return this.heat(context, width, height);
    if (!where) return this.marks(context, width, height);
    const place = datum ? [cloud.x[where.row], cloud.y[where.row]] : [where.x, where.y], values = decode(...place);
    const rows = Math.max(1, Math.floor(height / this.line())), every = Array.from({ length: size }, (_, k) => k);
    const told = every.length <= rows ? every : every.sort((a, b) => this.weight(values[b], b) - this.weight(values[a], a)).slice(0, rows);
    told.forEach((k, row) => this.bar(context, width, row, k, values[k], datum ? observed[where.row * size + k] : null));
    const unit = counts ? "expected counts; a full bar is ×16 the average" : "decode(z); a full bar is 4 sd off the average";
    this.words.textContent = datum ? `Ring: this datum. Bar: its ${unit}.` : `z = (${short(place[0])}, ${short(place[1])}): ${unit}.`;
    return undefined;
  },

  line() {
    return 13 * Math.sqrt(this.panel.factor);
  },

  word(context, text, left, row, wide, align = "left", line = this.line()) {
    context.font = `${10 * Math.sqrt(this.panel.factor)}px ${CARD_FONT}`;
    context.textAlign = align;
    let shown = text;
    while (shown.length > 2 && context.measureText(shown).width > wide) shown = `${shown.slice(0, -2)}…`;
    context.fillText(shown, left, (row + 0.75) * line);
    context.textAlign = "left";
  },

  /** One feature: a bar from the average in the middle, over it its name and value; a ring where the datum itself is. */
  bar(context, width, row, k, value, own) {
    const middle = width / 2, top = row * this.line();
    const to = (v) => middle + (Math.max(-REACH, Math.min(REACH, v)) / REACH) * (middle - 3), end = to(this.apart(value, k));
    context.globalAlpha = 0.4;
    context.fillStyle = end < middle ? this.low() : this.colour;
    context.fillRect(Math.min(middle, end), top + 1, Math.max(1, Math.abs(end - middle)), this.line() - 2);
    context.globalAlpha = 1;
    context.fillStyle = this.panel.ink(0.4);
    context.fillRect(middle - 0.5, top, 1, this.line());
    context.fillStyle = this.panel.ink(0.95);
    this.word(context, this.table.names[k], 1, row, 0.66 * width);
    this.word(context, short(value), width - 1, row, 0.33 * width, "right");
    if (own === null) return;
    context.strokeStyle = this.panel.ink(0.9);
    context.beginPath();
    context.arc(to(this.apart(own, k)), top + this.line() / 2, 3, 0, 7);
    context.stroke();
  },

  low() {
    return this.panel.dark ? "#56B4E9" : "#0072B2";
  },

  /** Nobody points anywhere: the features that mark each class, by the decoder at the class's average z. */
  marks(context, width, height) {
    const { markers, names } = this.table, labels = this.panel.model.get("labels") ?? [], classes = this.panel.plot?.meta.classes ?? [];
    const rows = Math.floor(height / this.line()), line = Math.min(this.line(), height / (2 * Math.max(1, markers.length)));
    markers.forEach(([label, found], i) => {
      context.fillStyle = classes[label] ?? this.panel.ink(0.8);
      context.beginPath();
      context.arc(4, (2 * i + 0.5) * line, 3.5, 0, 7);
      context.fill();
      context.fillStyle = this.panel.ink(0.9);
      this.word(context, labels[label] ?? "", 11, 2 * i, width - 11, "left", line);
      context.fillStyle = this.panel.ink(0.65);
      this.word(context, found.join(" "), 11, 2 * i + 1, width - 11, "left", line);
    });
    if (!markers.length) {
      context.fillStyle = this.panel.ink(0.65);
      names.slice(0, rows).forEach((text, row) => this.word(context, text, 0, row, width));
    }
    const what = markers.length ? "What marks each class, by the decoder." : "What the decoder moves most over the data.";
    this.words.textContent = `${what} Point at the map.`;
  },

  /** One dimension walks from low to high: each feature's row of steps, blue below its average and orange above. */
  heat(context, width, height) {
    const { values, count, dimension } = this.strip, { size } = this.grid, name = Math.min(66 * Math.sqrt(this.panel.factor), width / 2), cell = (width - name) / count;
    const range = (k) => Math.abs(Math.sqrt(Math.max(0, values[(count - 1) * size + k])) - Math.sqrt(Math.max(0, values[k])));
    const told = Array.from({ length: size }, (_, k) => k).sort((a, b) => range(b) - range(a)).slice(0, Math.floor(height / this.line()));
    told.forEach((k, row) => {
      context.fillStyle = this.panel.ink(0.85);
      this.word(context, this.table.names[k], 0, row, name - 4);
      for (let step = 0; step < count; step++) {
        const apart = this.apart(values[step * size + k], k);
        context.globalAlpha = Math.min(1, Math.abs(apart) / REACH);
        context.fillStyle = apart < 0 ? this.low() : this.colour;
        context.fillRect(name + step * cell, row * this.line(), cell + 0.5, this.line() - 1);
      }
      context.globalAlpha = 1;
    });
    this.words.textContent = `z${subscript(dimension + 1)} goes from low to high, the others stay: blue below a feature's average, orange above.`;
  },
});
