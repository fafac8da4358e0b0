"""What a panel draws, as tables: for users who cannot see charts, and for those who want the numbers.

`tabulated` thins each dataset to what can be read, as its chart declares it (`View.tables`); `comma_separated` has every row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets.painting.views import all_views
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.wire.bus import Bus
from elbo_room.widgets.wire.spreadsheet import inert

ROWS = 12  # of a table: evenly spread from the first to the last
Columns = dict[str, Any]
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NOTHING = "Nothing is drawn here yet."


def number(value: float) -> str:
    """Four digits, a true minus sign, powers of ten for what is very small or large; whole numbers unchanged."""
    if not np.isfinite(value):
        return "–"
    if value == round(value) and abs(value) < 1e6:
        return f"{value:,.0f}".replace("-", "−")
    if 1e-3 <= abs(value) < 1e6:
        return (f"{value:,.0f}" if abs(value) >= 1e3 else f"{value:.4g}").replace("-", "−")
    digits, power = f"{value:.2e}".split("e")
    return f"{digits.replace('-', '−')}·10{str(int(power)).translate(RAISED)}"


def interval(low: float, high: float) -> str:
    """The band of a value; if it is open upwards, only its lower end is known."""
    return f" (at least {number(low)})" if high >= OPEN else f" ({number(low)} to {number(high)})"


def spread(count: int) -> list[int]:
    """At most `ROWS` places, evenly from the first to the last."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(ROWS, count))}) if count else []


def curves(columns: Columns, how: Mapping[str, Any], heads: Mapping[str, str], labels: Sequence[str]) -> dict[str, Any]:
    """Lines over a shared x: one row per x, one column per series, with the interval if there is a band."""
    x, y, key = (
        np.asarray(columns[how["x"]]),
        np.asarray(columns[how["y"]]),
        np.asarray(columns.get(how.get("by") or "", 0)),
    )
    key = np.broadcast_to(key, x.shape).astype(int)
    found = [k for k in sorted(set(key.tolist())) if k < len(labels)]
    places = np.unique(x[np.isin(key, found)])
    total = len(places)
    if how["x"] == "step":  # a running mean is drawn at the middle of its window, which may lie between two steps
        places = places[places == np.round(places)]
    places = places[spread(len(places))]
    rows, slack = [], 0.02 * float(places[-1] - places[0]) if len(places) else 0.0
    for place in places:
        row = [number(float(place))]
        for k in found:
            mine = np.flatnonzero(key == k)
            at = mine[np.abs(x[mine] - place).argmin()]
            near = abs(x[at] - place) <= slack  # thinned lines do not share the same x
            band = interval(float(columns["low"][at]), float(columns["high"][at])) if "high" in columns else ""
            row.append(f"{number(float(y[at]))}{band}" if near else "–")
        rows.append(row)
    named = [labels[k] for k in found]
    return {
        "heads": [heads.get(how["x"], how["x"]), *named],
        "unit": heads.get(how["y"], ""),
        "rows": rows,
        "total": total,
    }


def points(
    columns: Columns, how: Mapping[str, Any], heads: Mapping[str, str], words: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """A cloud or bars: the columns that have a head, at rows that are evenly spread. `words` name the numbers of a column."""
    flat = {
        name: np.asarray(columns[name]) for name in heads if name in columns and np.asarray(columns[name]).ndim == 1
    }
    size = min((len(column) for column in flat.values()), default=0)
    rows = [[_cell(name, float(column[k]), words) for name, column in flat.items()] for k in spread(size)]
    del how
    return {"heads": [heads[name] for name in flat], "unit": "", "rows": rows, "total": size}


def _cell(name: str, value: float, words: Mapping[str, Sequence[str]]) -> str:
    """A number, or the word that it encodes."""
    if name in words:
        return words[name][int(value)] if 0 <= value < len(words[name]) else "–"
    if name == "dimension":  # counted from 1, as z₁ is
        return number(value + 1)
    return "at least" if value >= OPEN else number(value)


def naming(chart: LiveChart, dataset: str) -> dict[str, list[str]]:
    """By column of a dataset, the words that its numbers stand for: series, and places in the chart's labels."""
    meta, how, labels = chart.spec["usermeta"], chart.datasets.get(dataset, {}), list(chart.labels)
    found = {"series": [series["label"] for series in meta["series"]]} if meta.get("series") else {}
    for column in filter(None, (how.get("words"), *how.get("named", ()))):
        found[column] = labels
    if meta.get("classes") and len(labels) > 1 and not chart.params.get("colour"):
        found |= {"value": labels, "label": labels}
    return found


def tabulated(bus: Bus, chart: LiveChart) -> dict[str, Any]:
    """All that a chart shows: its title, its sentence, and one table per dataset that it declares as one."""
    view, shown, parts = all_views()[chart.name], bus.shown(chart.name), []
    for name, heads in view.tables.items():
        if name not in shown:
            continue
        how, words = chart.datasets.get(name, {}), naming(chart, name)
        if how.get("mode") == "lines":
            part = curves(shown[name], how, heads, words.get("series", ["value"]))
        else:
            part = points(shown[name], how, heads, words)
        if part["rows"]:
            parts.append({"name": name, **part})
    title = chart.heading or chart.title
    empty = "" if parts else NOTHING
    return {"chart": chart.name, "title": title, "summary": chart.summary, "parts": parts, "empty": empty}


def comma_separated(bus: Bus, chart: LiveChart, dataset: str) -> str:
    """Every row of one dataset of a chart, with its words for numbers, as comma-separated values; empty if it has none."""
    columns, words = bus.shown(chart.name).get(dataset, {}), naming(chart, dataset)
    flat = {name: np.asarray(column) for name, column in columns.items() if np.asarray(column).ndim == 1}
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(map(inert, flat))
    for row in zip(*(column.tolist() for column in flat.values()), strict=False):
        writer.writerow([_plain(name, value, words) for name, value in zip(flat, row, strict=True)])
    return written.getvalue() if flat else ""


def _plain(name: str, value: float, words: Mapping[str, Sequence[str]]) -> str:
    """A number that a program reads: of the seven digits that it was sent with; an open end is empty."""
    if name in words and 0 <= value < len(words[name]):
        return inert(words[name][int(value)])
    return "" if value >= OPEN else f"{value:.7g}"
