"""The picture of a scene in the gallery: one chart of its recorded run, as an SVG of a few kilobytes that is as true as the chart itself.

Every line, dot, bar and cell is a number of the run; axes, names and bands are left out. What is ink takes the page's text colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from elbo_room.widgets import theme
from elbo_room.widgets.messages import Against, Columns, Frame, Message, Started

WIDE, HIGH, EDGE = 264, 168, 10  # units of the picture; and how far from its sides what is drawn stays
DOTS = 260  # data points at most
SHADES = 5  # of a cell
DRAWN_ROWS = 3  # of samples: two layers and x
COARSER = 3  # a plane's cells are so many times wider than on the chart
INK = "currentColor"
Array = np.ndarray[Any, Any]


class Chart:
    """The columns of one chart in a recording."""

    def __init__(self, name: str, messages: Sequence[Message]) -> None:
        started = next(message for message in messages if type(message) is Started)
        frame = next(message for message in messages if type(message) is Frame)
        self.curves = started.curves
        self.ladders = [message for message in messages if type(message) is Against]
        self.params = frame.picture.get("params", {}).get(name, {})
        self.datasets: dict[str, Columns] = {}
        for charts in (
            started.about.get("static", {}),
            frame.picture.get("replace", {}),
            frame.picture.get("append", {}),
        ):
            for dataset, columns in charts.get(name, {}).items():
                self.datasets[dataset] = {**self.datasets.get(dataset, {}), **columns}

    def __call__(self, dataset: str, *names: str) -> list[Array]:
        """Some columns of a dataset."""
        return [np.asarray(self.datasets[dataset][name], np.float64) for name in names]


def _axis(
    values: Iterable[float], size: float, span: tuple[float, float] | None = None, *, down: bool = False
) -> Array:
    """Numbers as places in the picture; `down` where larger ones are higher."""
    found = np.asarray(values, np.float64)
    low, high = span or (float(found.min()), float(found.max()))
    share = (found - low) / (high - low or 1)
    return EDGE + (1 - share if down else share) * (size - 2 * EDGE)


def _points(x: Array, y: Array) -> str:
    return "".join(f"{'L' if index else 'M'}{a:.0f} {b:.0f}" for index, (a, b) in enumerate(zip(x, y, strict=True)))


def _path(d: str, **style: Any) -> str:
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<path d="{d}"{attributes}/>'


def _line(x: Array, y: Array, colour: str, width: float = 4, **style: Any) -> str:
    return _path(_points(x, y), fill="none", stroke=colour, stroke_width=width, stroke_linejoin="round", **style)


def _dots(x: Array, y: Array, label: Array, size: float = 7) -> list[str]:
    some = np.linspace(0, len(x) - 1, min(len(x), DOTS)).round().astype(int)
    found = []
    for kind in sorted(set(label[some].tolist())):
        own = [k for k in some if label[k] == kind]
        colour = theme.CLASSES[int(kind) % len(theme.CLASSES)]
        d = "".join(f"M{x[k]:.0f} {y[k]:.0f}h0" for k in own)
        found.append(_path(d, stroke=colour, stroke_width=size, stroke_linecap="round"))
    return found


def _cells(x: Array, y: Array, wide: Array, high: Array, value: Array, colour: str = INK) -> list[str]:
    """Rectangles with one opacity for each of `SHADES` levels of a value in [0, 1]."""
    level = np.ceil(np.clip(value, 0, 1) * SHADES - 0.25).astype(int)
    found = []
    for shade in range(1, SHADES + 1):
        own = np.flatnonzero(level == shade)
        d = "".join(f"M{x[k]:.0f} {y[k]:.0f}h{wide[k]:.0f}v{high[k]:.0f}h-{wide[k]:.0f}z" for k in own)
        found += [_path(d, fill=colour, fill_opacity=shade / SHADES)] if d else []
    return found


def _bars(left: Array, wide: float, height: Array, colour: str, **style: Any) -> str:
    """Bars from the bottom; heights in [0, 1]."""
    tall = height * (HIGH - 2 * EDGE)
    d = "".join(
        f"M{a:.0f} {HIGH - EDGE}v-{b:.0f}h{wide:.0f}v{b:.0f}z" for a, b in zip(left, tall, strict=True) if b >= 1
    )
    return _path(d, fill=colour, **style)


def _series(x: Array, y: Array, series: Array, looks: Sequence[theme.Series]) -> list[str]:
    """One line for each series, on shared axes."""
    across, up = _axis(x, WIDE), _axis(y, HIGH, down=True)
    lines = []
    for kind in sorted(set(series.tolist())):
        own = series == kind
        order = np.argsort(x[own], kind="stable")
        lines.append(_line(across[own][order], up[own][order], looks[int(kind) % len(looks)].color))
    return lines


def _looks() -> list[theme.Series]:
    return [*theme.estimators([""] * 64)]


# one function for each chart that is a scene's picture


def _variance(chart: Chart) -> list[str]:
    step, value, _, _, series = np.asarray(chart.curves["variance"], np.float64).T
    seen = value > 0
    return _series(step[seen], np.log(value[seen]), series[seen], _looks())


def _elbo(chart: Chart) -> list[str]:
    step, elbo = np.asarray(
        chart.curves["mean"] if len(chart.curves["mean"]) else chart.curves["elbo"][:, :2], np.float64
    ).T
    low, high = np.quantile(elbo, [0.05, 1])
    shown = np.clip(elbo, low - 0.3 * (high - low), None)
    return [_line(_axis(step, WIDE), _axis(shown, HIGH, down=True), theme.BLUE)]


def _log_evidence(chart: Chart) -> list[str]:
    draws, value, series = chart("curve", "draws", "value", "series")
    return _series(np.log(draws), value, series, theme.EVIDENCE)


def _latent(chart: Chart) -> list[str]:
    x, y = chart("cloud", "x", "y")
    label = np.asarray(chart.datasets["cloud"].get("label", np.zeros(len(x))))
    spans = [tuple(np.quantile(each, [0.005, 0.995])) for each in (x, y)]
    inside = np.logical_and.reduce(
        [(each >= low) & (each <= high) for each, (low, high) in zip((x, y), spans, strict=True)]
    )
    return _dots(_axis(x[inside], WIDE), _axis(y[inside], HIGH, down=True), label[inside])


def _kl(chart: Chart) -> list[str]:
    value, state = chart("bars", "value", "state")
    room = (WIDE - 2 * EDGE) / len(value)
    left, height = EDGE + room * (np.arange(len(value)) + 0.1), np.clip(value / max(value.max(), 1e-9), 0, 1)
    ground = _line(np.array([EDGE, WIDE - EDGE]), np.full(2, HIGH - EDGE + 1.0), INK, 2)
    return [
        _bars(left[state == on], 0.8 * room, np.maximum(height[state == on], 0.02), theme.KL_STATES[on])
        for on in (0, 1)
    ] + [ground]


def _function(chart: Chart) -> list[str]:
    x, mean, low, high = chart("line", "x", "mean", "y_low", "y_high")
    at, y = chart("points", "x", "y")
    span = float(min(low.min(), y.min())), float(max(high.max(), y.max()))
    some, across = slice(None, None, 4), (float(x.min()), float(x.max()))
    up = lambda values: _axis(np.clip(values, *span), HIGH, span, down=True)  # noqa: E731
    along = _axis(x, WIDE, across)
    band = _points(np.r_[along[some], along[some][::-1]], np.r_[up(low)[some], up(high)[some][::-1]])
    return [
        _path(f"{band}z", fill=theme.SKY, fill_opacity=0.45),
        *_dots(_axis(at, WIDE, across), up(y), np.full(len(at), 9), 6),
        _line(along[some], up(mean)[some], theme.BLUE),
    ]


def _surface(chart: Chart) -> list[str]:
    x, x2, y, y2, label, sure = chart("cells", "x", "x2", "y", "y2", "label", "sure")
    columns, rows = (np.unique(each)[::COARSER] for each in (x, y))
    across, up = (float(x.min()), float(x2.max())), (float(y.min()), float(y2.max()))
    wide, high = (WIDE - 2 * EDGE) / len(columns) + 0.5, (HIGH - 2 * EDGE) / len(rows) + 0.5
    kept = np.isin(x, columns) & np.isin(y, rows)
    found = []
    for kind in sorted(set(label.tolist())):
        own = kept & (label == kind)
        left, top = _axis(x[own], WIDE, across), _axis(y[own], HIGH, up, down=True) - high
        same = np.ones(len(left))
        colour = theme.CLASSES[int(kind) % len(theme.CLASSES)]
        found += _cells(left, top, wide * same, high * same, 0.6 * sure[own], colour)
    px, py, kinds = chart("points", "x", "y", "label")
    return found + _dots(_axis(px, WIDE, across), _axis(py, HIGH, up, down=True), kinds, 6)


def _calibration(chart: Chart) -> list[str]:
    predicted, observed = chart("points", "predicted", "observed")
    x, y, ends = _axis(predicted, WIDE, (0, 1)), _axis(observed, HIGH, (0, 1), down=True), np.array([0.0, 1.0])
    diagonal = _line(_axis(ends, WIDE, (0, 1)), _axis(ends, HIGH, (0, 1), down=True), INK, 2, stroke_dasharray="6 5")
    return [diagonal, *_dots(x, y, np.zeros(len(x)), 11)]


def _weights(chart: Chart) -> list[str]:
    left, right, height = chart("bins", "x", "x2", "height")
    at, density = chart("prior", "x", "density")
    span, top = (float(left.min()), float(right.max())), float(max(height.max(), density.max()))
    wide = (WIDE - 2 * EDGE) / len(left)
    bars = _bars(_axis(left, WIDE, span), wide, height / top, theme.BLUE, fill_opacity=0.6)
    return [bars, _line(_axis(at, WIDE, span), _axis(density, HIGH, (0, top), down=True), theme.VERMILLION)]


def _relevance(chart: Chart) -> list[str]:
    value = next(
        np.asarray(chart.datasets["bars"][name], np.float64)
        for name in ("value", "scale")
        if name in chart.datasets["bars"]
    )
    room = (WIDE - 2 * EDGE) / len(value)
    size = np.log(np.maximum(value, 1e-6))
    height = 0.03 + 0.97 * (size - size.min()) / (np.ptp(size) or 1)
    return [_bars(EDGE + room * (np.arange(len(value)) + 0.1), 0.8 * room, height, theme.BLUE)]


def _heat(chart: Chart) -> list[str]:
    """Cells of a map whose rows run downward; of positive and negative values the positive ones are darker."""
    x, y, value = chart("cells", "x", "y", "value")
    low, high = min(0.0, float(value.min())), float(value.max())
    cell = min((WIDE - 2 * EDGE) / (np.ptp(x) + 1), (HIGH - 2 * EDGE) / (np.ptp(y) + 1))
    left = (WIDE - cell * (np.ptp(x) + 1)) / 2 + cell * (x - x.min())
    top = (HIGH - cell * (np.ptp(y) + 1)) / 2 + cell * (y - y.min())
    wide = np.full(len(x), cell)
    return _cells(left, top, wide, wide, (value - low) / (high - low or 1), theme.BLUE)


def _samples(chart: Chart) -> list[str]:
    """The first half of the draws, which are below the data: their layers and x."""
    x, y, x2, y2, value = chart("cells", "x", "y", "x2", "y2", "value")
    (rows,) = chart("names", "y")
    high = min(1.0, DRAWN_ROWS / max(1, len(rows)))
    kept = (x2 <= 0.5 + 1e-6) & (y <= high + 1e-6)
    left, right = _axis(x[kept], WIDE, (0, 0.5)), _axis(x2[kept], WIDE, (0, 0.5))
    top, bottom = _axis(y[kept], HIGH, (0, high), down=True), _axis(y2[kept], HIGH, (0, high), down=True)
    return _cells(left, top, np.maximum(right - left, 1), np.maximum(bottom - top, 1), value[kept])


def _layers(chart: Chart) -> list[str]:
    x, y, x2, y2, size = (
        chart("edges", "x", "y", "x2", "y2", "size") if len(chart.datasets.get("edges", {})) else [np.zeros(0)] * 5
    )
    at, up, activity = chart("nodes", "x", "y", "activity")
    words, lines, strength = chart("words", "x", "y", "strength")
    across = float(min([*at, *x, *words, 0])), float(max([*at, *x2, *words, 1]))
    tall = float(min([*up, *lines])), float(max([*up, *lines]))
    place = lambda values: _axis(values, WIDE, across)  # noqa: E731
    rise = lambda values: _axis(values, HIGH, tall, down=True)  # noqa: E731
    found = []
    for level in range(1, SHADES + 1):
        own = np.ceil(size * SHADES).astype(int) == level
        ends = zip(place(x[own]), rise(y[own]), place(x2[own]), rise(y2[own]), strict=True)
        d = "".join(f"M{a:.0f} {b:.0f}L{c:.0f} {e:.0f}" for a, b, c, e in ends)
        found += [_path(d, fill="none", stroke=INK, stroke_width=2, stroke_opacity=level / SHADES / 2)] if d else []
    d = "".join(
        f"M{a:.0f} {b:.0f}h{8 + 26 * s:.0f}" for a, b, s in zip(place(words), rise(lines), strength, strict=True)
    )
    found += [_path(d, stroke=INK, stroke_width=5, stroke_opacity=0.35)] if d else []
    shade = np.ceil(np.clip(activity, 0.01, 1) * SHADES).astype(int)
    for level in range(1, SHADES + 1):
        own = shade == level
        d = "".join(f"M{a:.0f} {b:.0f}h0" for a, b in zip(place(at[own]), rise(up[own]), strict=True))
        look = {
            "stroke": theme.BLUE,
            "stroke_width": 11,
            "stroke_linecap": "round",
            "stroke_opacity": 0.25 + 0.75 * level / SHADES,
        }
        found += [_path(d, **look)] if d else []
    return found


def _arm(chart: Chart) -> list[str]:
    """The drawn arms from the side and from above, each as large as fits."""
    place, x, y, x2, y2, kind = chart("bones", "place", "x", "y", "x2", "y2", "kind")
    half, found = WIDE / 2, []
    for view in (0, 1):
        own = (place == view) & (kind == 1)
        across, up = (np.r_[first[own], second[own]] for first, second in ((x, x2), (y, y2)))
        side = max(np.ptp(across) / half, np.ptp(up) / HIGH)  # of a unit of the picture
        spans = [
            (float(m - side * size / 2), float(m + side * size / 2))
            for m, size in ((_middle(across), half), (_middle(up), HIGH))
        ]
        a, c = (_axis(each[own], half, spans[0]) + view * half for each in (x, x2))
        b, e = (_axis(each[own], HIGH, spans[1], down=True) for each in (y, y2))
        d = "".join(f"M{p:.0f} {q:.0f}L{r:.0f} {t:.0f}" for p, q, r, t in zip(a, b, c, e, strict=True))
        found.append(_path(d, fill="none", stroke=theme.BLUE, stroke_width=3, stroke_linecap="round"))
    return found


def _middle(values: Array) -> float:
    return float(values.min() + values.max()) / 2


DRAWN: dict[str, Callable[[Chart], list[str]]] = {
    "variance": _variance,
    "elbo": _elbo,
    "log_evidence": _log_evidence,
    "latent": _latent,
    "kl": _kl,
    "function": _function,
    "surface": _surface,
    "calibration": _calibration,
    "weights": _weights,
    "relevance": _relevance,
    "attention_map": _heat,
    "filters": _heat,
    "samples": _samples,
    "layers": _layers,
    "arm": _arm,
}


def thumbnail(chart: str, messages: Sequence[Message]) -> str:
    """The SVG of one chart of a recording.

    Raises:
        ValueError: this chart cannot be a scene's picture.
    """
    if chart not in DRAWN:
        raise ValueError(f"A scene's picture was to be the chart {chart!r}. Choose one of: {', '.join(DRAWN)}.")
    drawn = "".join(DRAWN[chart](Chart(chart, messages)))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" aria-hidden="true">{drawn}</svg>'
