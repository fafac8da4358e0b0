"""What panel A's view of log p(x) shows of an `Evidence`, as numbers, and the sentence that goes with it."""

from collections.abc import Sequence

import numpy as np

from elbo_room.models.diagnostics.evidence.importance import Curve
from elbo_room.models.diagnostics.evidence.overview import Evidence
from elbo_room.widgets.messages import Columns, Params, Picture

CHART = "log_evidence"
TRAINING, HELD_OUT, ANNEALED, EXACT, AMORTISATION, APPROXIMATION = range(6)  # places in theme.EVIDENCE and in WORDS
WORDS = ("training", "held out", "annealed", "exact", "encoder’s gap", "q’s family’s gap")
APART = 0.085  # of the axis: the least distance of two names
LEAST_SPAN = 0.2  # nats; ticks of less than a hundredth do not fit
EDGE = 0.75  # where the bars are, just left of K = 1


def columns(names: str, rows: Sequence[tuple[float, ...]]) -> Columns:
    """Rows as float32 columns of these names."""
    table = np.asarray(rows, np.float32).reshape(-1, len(names.split()))
    return dict(zip(names.split(), table.T, strict=True))


def spread_out(heights: list[float], least: float, top: float) -> list[float]:
    """The heights, in their order, at least so far apart and none above the top."""
    order = sorted(range(len(heights)), key=heights.__getitem__, reverse=True)
    placed, above = list(heights), top + least
    for index in order:
        above = placed[index] = min(heights[index], above - least)
    return placed


def _curve(curve: Curve | None, series: int) -> list[tuple[float, ...]]:
    if curve is None:
        return []
    return [
        (draws, each.value, each.low, each.high, series) for draws, each in zip(curve.draws, curve.bounds, strict=True)
    ]


def _gaps(found: Evidence) -> list[tuple[float, ...]]:
    """What the encoder loses, and what is left up to the best word on log p(x): (K, low, high, series)."""
    if found.gap is None or found.curve is None or found.best is None:
        return []
    low = found.curve.elbo.value
    middle = low + max(found.gap.gap, 0.0)
    high = max(found.best, middle)
    return [
        (EDGE, low, middle, AMORTISATION),
        (EDGE, middle, high, APPROXIMATION),
    ]


def picture(found: Evidence, step: int | None = None) -> Picture:
    """`replace`, `params` and `facts` of what is known so far, at this step of a run; of all rows where their log p(x) is exact."""
    found = found.of_all_rows()
    rows = _curve(found.curve, TRAINING) + _curve(found.held_out, HELD_OUT)
    levels = []
    if found.annealed is not None:
        levels.append((found.annealed.value, found.annealed.low, found.annealed.high, ANNEALED))
    if found.known is not None:
        levels.append((found.known, found.known, found.known, EXACT))
    ends = [
        (each[-1][1], each[-1][4]) for each in (_curve(found.curve, TRAINING), _curve(found.held_out, HELD_OUT)) if each
    ]
    ends += [(level[0], level[3]) for level in levels]
    ends += [((bottom + top) / 2, series) for _, bottom, top, series in _gaps(found)]  # what the bars at K = 1 are
    every = [row[1] for row in rows] + [level[0] for level in levels]
    low, high = min(every), max(every)
    pad = max(0.08 * (high - low), (LEAST_SPAN - (high - low)) / 2)
    low, high = low - pad, high + pad
    heights = spread_out([value for value, _ in ends], APART * (high - low), high - 0.03 * (high - low))
    names = [(height, series, series) for height, (_, series) in zip(heights, ends, strict=True)]
    datasets = {
        "curve": columns("draws value low high series", rows),
        "levels": columns("value low high series", levels),
        "gaps": columns("draws low high series", _gaps(found)),
        "names": columns("value series index", names),
    }
    most = max((row[0] for row in rows), default=1.0)
    params: Params = {"xLow": 0.65, "xHigh": 1.15 * most, "yLow": low, "yHigh": high}
    gaps = [row[2] - row[1] for row in _gaps(found)] if found.known is not None or found.annealed is not None else None
    return {
        "replace": {CHART: datasets},
        "params": {CHART: params},
        "names": {CHART: list(WORDS)},
        "headings": {} if step is None else {CHART: f"From ELBO to log p(x), step {step:,}{of_rows(found, ' · ')}"},
        "facts": {"weighed": sentence(found, step), "gaps": gaps},
    }


def nats(value: float) -> str:
    """Two digits after the point and a true minus."""
    return f"{value:.2f}".replace("-", "−")


def of_rows(found: Evidence, before: str = "") -> str:
    """How many rows the numbers are averages of, where it is not all."""
    return f"{before}{found.rows} rows" if found.rows else ""


def sentence(found: Evidence, step: int | None = None) -> str:
    """The best bound on log p(x), how far below it the ELBO is and why, held-out rows, k̂, and annealing where it is measurably off."""
    found = found.of_all_rows()
    if found.curve is None or found.best is None:
        return "The evidence is being estimated."
    by = {"closed form": "exact", "sum over a grid": "by a grid"}.get(found.how)
    if by is None:
        by = "at least, annealed" if found.annealed is not None and found.best > found.curve.best.value else "at least"
    at = ", ".join(part for part in ("" if step is None else f"step {step:,}", of_rows(found)) if part)
    words = f"{at[:1].upper()}{at[1:]}: " if at else ""
    words += f"log p(x | θ) {nats(found.best)} nats ({by}), the ELBO {nats(found.best - found.curve.elbo.value)} below"
    if found.gap is not None:
        encoder, family = (row[2] - row[1] for row in _gaps(found))
        words += f": the encoder loses {nats(encoder)}, q’s family {nats(family)}"
    parts = [words]
    if found.held_out is not None:
        error = (found.spread**2 + found.held_out_spread**2) ** 0.5
        off = found.held_out.elbo.value - found.curve.elbo.value
        parts.append(f"Held-out rows get {nats(abs(off))} ± {2 * error:.2f} {'less' if off < 0 else 'more'}")
    if found.k is not None:
        parts.append(
            f"On {100 * found.doubtful:.0f} % of rows a few draws decide (Pareto shape k̂ > {found.trusted:.2f})"
        )
    if found.sandwich is not None and found.sandwich.gap.low > 0:
        gap = found.sandwich.gap
        parts.append(f"Annealing is off by {nats(max(gap.value, 0.0))} ± {gap.error:.2f} on simulated data")
    return ". ".join(parts) + "."
