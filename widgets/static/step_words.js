// What stands beside the drawing of one step: its four lines, the one that is told now underlined, and the key of the picture.
// (vega_view.js stands in front of this text.)

const STAGES = 4;
const TWEEN = 0.45; // share of a stage in which things move; then they stand
const STEP_FONT = "system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif";
const LOWER = "₀₁₂₃₄₅₆₇₈₉";
const lowered = (k) => String(k).replace(/\d/g, (digit) => LOWER[digit]);
/** The nearest of 1, 2, 5 times a power of ten. */
const rounded = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].reduce((best, one) => (Math.abs(one - value / power) < Math.abs(best - value / power) ? one : best));
};
const mixed = (a, b, part) => a + (b - a) * part;

class StepWords {
  write(x, y, text, alpha, bold = false) {
    this.pen.font = `${bold ? "600 " : ""}${11.5 * this.factor}px ${STEP_FONT}`;
    this.pen.fillStyle = this.ink(alpha);
    this.pen.fillText(text, x, y);
    return this.pen.measureText(text).width;
  }

  colour(name) {
    return this.dark ? (this.colours.dark[this.colours[name]] ?? this.colours[name]) : this.colours[name];
  }

  ink(alpha) {
    return this.dark ? `rgba(240,240,240,${alpha})` : `rgba(31,31,31,${alpha})`;
  }

  /** The four lines of the step; the stage that is told now is underlined. */
  explain(bottom) {
    const { about, q, draws } = this.told, pair = (x, y) => `(${short(x)}, ${short(y)})`, [symbol] = this.model.get("labels");
    const more = draws.weight.length > 3 ? ", …" : "", weights = `${[...draws.weight.slice(0, 3)].map(short).join(", ")}${more}`;
    const parts = [
      ["ε_b ~ N(0, I)", [`B = ${draws.x.length} draw${draws.x.length > 1 ? "s" : ""}`]],
      [`${about.row[0] < 0 ? "w" : "z"}_b = μ + s ∘ ε_b`, [`μ = ${pair(q.x[0], q.y[0])}`, `s = ${pair(q.sx[0], q.sy[0])}`]],
      ["ĝ = (1/B) Σ_b G_b", [`G_b = ${symbol ?? ""}`, ...(about.weighted[0] ? [`G_b = w_b s_b, w_b:`, weights] : []), `ĝ of μ = ${pair(q.gx[0], q.gy[0])}`]],
      ["ν ← ν + ρ Adam(ĝ)", [`ρ = ${short(about.step_size[0])}`, ...(about.made[0] ? ["μ moves by", pair(q.x2[0] - q.x[0], q.y2[0] - q.y[0])] : ["not made yet"])]],
    ];
    const { right } = this.frame, { stage } = this.told;
    const lines = parts.reduce((sum, [, details]) => sum + 1.45 + details.length, 0), top = 52 * this.factor;
    const line = Math.min(this.line, (bottom - top + this.line) / lines); // all four lines are always seen
    let y = top;
    parts.forEach(([formula, details], k) => {
      const on = stage === k, alpha = on || stage === STAGES ? 1 : 0.75, width = this.write(right, y, formula, alpha, on || stage === STAGES);
      if (on) this.pen.fillRect(right, y + 3, width, 2);
      for (const words of details) this.write(right + 8, (y += line), words, 0.9 * alpha);
      y += 1.45 * line;
    });
    const key = [["draw", "● draws and → G_b"], [null, "➔ their mean ĝ"], ["posterior", about.row[0] < 0 ? "■ posterior" : "■ p(z | x)"], ["q", "○ q, 2 sd"]];
    const rows = key.filter(([name]) => name !== "posterior" || this.store.clouds.density?.value?.length);
    rows.forEach(([name, words], k) => {
      const place = bottom - (rows.length - 1 - k) * this.line;
      if (place < y - this.line * 0.6) return;
      this.write(right, place, words, 0.85);
      this.pen.fillStyle = name ? this.colour(name) : this.ink(1);
      this.pen.fillText(words[0], right, place);
    });
  }
}
