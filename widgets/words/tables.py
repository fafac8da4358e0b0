"""What a panel draws, as a table in plain text: for users who cannot see charts, and for those who want the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.wire.bus import Bus

ROWS = 12  # of a table: steps spread over a curve, or the first of a cloud
Columns = dict[str, Any]


def number(value: float) -> str:
    """Four digits and a true minus sign; whole numbers unchanged."""
    return (f"{value:,.0f}" if value == round(value) and abs(value) < 1e6 else f"{value:.4g}").replace("-", "−")


def aligned(heads: list[str], rows: list[list[str]]) -> str:
    """Columns of text under their headers, right-aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (heads, *rows)
    )


def interval(low: float, high: float) -> str:
    """The band of a value; if it is open upwards, only its lower end is known."""
    return f" (at least {number(low)})" if high >= OPEN else f" ({number(low)} to {number(high)})"


def curves(columns: Columns, how: dict[str, Any], labels: list[str]) -> str:
    """Lines over a shared x: one row per x, one column per series, and the interval if there is a band."""
    x, y, key = (
        np.asarray(columns[how["x"]]),
        np.asarray(columns[how["y"]]),
        np.asarray(columns.get(how.get("by") or "", 0)),
    )
    key = np.broadcast_to(key, x.shape).astype(int)
    found = [k for k in sorted(set(key.tolist())) if k < len(labels)]
    places = np.unique(x[np.isin(key, found)])
    places = places[np.unique(np.linspace(0, len(places) - 1, min(ROWS, len(places))).round().astype(int))]
    rows, slack = [], 0.02 * float(places[-1] - places[0]) if len(places) else 0.0
    for place in places:
        row = [number(float(place))]
        for k in found:
            mine = np.flatnonzero(key == k)
            at = mine[np.abs(x[mine] - place).argmin()]
            near = abs(x[at] - place) <= slack  # thinned lines do not share the same x
            band = interval(float(columns["low"][at]), float(columns["high"][at])) if "high" in columns else ""
            row.append(f"{number(float(y[at]))}{band}" if near else "")
        rows.append(row)
    return aligned([how["x"], *(labels[k] for k in found)], rows)


def points(columns: Columns) -> str:
    """A cloud or bars: the first rows, and how many there are."""
    flat = {name: np.asarray(column) for name, column in columns.items() if np.asarray(column).ndim == 1}
    size = min((len(column) for column in flat.values()), default=0)
    if not size:
        return ""
    rows = [[number(float(column[k])) for column in flat.values()] for k in range(min(ROWS, size))]
    more = f"\n… {size:,} rows in all" if size > ROWS else ""
    return aligned(list(flat), rows) + more


def table(bus: Bus, chart: LiveChart) -> str:
    """All that a chart shows, dataset by dataset."""
    meta = chart.spec["usermeta"]
    labels = [series["label"] for series in meta.get("series", [])]
    parts = []
    for name, columns in bus.shown(chart.name).items():
        how = chart.datasets.get(name, {})
        text = curves(columns, how, labels or ["value"]) if how.get("mode") == "lines" else points(columns)
        if text:
            parts.append(text if how.get("mode") == "lines" else f"{name}\n{text}")
    title = chart.heading or meta.get("title", chart.name)
    words = "\n\n".join(parts) or "Nothing is drawn here yet."
    return "\n".join(part for part in (title, chart.summary, words) if part)
