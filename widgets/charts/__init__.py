"""The charts of the lab, one per file: `VIEW` declares what the page needs to know about it, `chart()` is its specification.

Only `python -m elbo_room.widgets.prepare` imports the files, and records both. A chart is drawn over named, empty datasets. Its
`usermeta` tells the browser how data reach it: `padding` around the plot in pixels, `datasets` (mode, series column, x, y, band), `x`
and `y` (scale, and how the range is chosen), `series`, `dark` colours.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from elbo_room.widgets.painting.views import View


class ChartFile(Protocol):
    """A file of this folder that is a chart; the others have what charts share."""

    VIEW: View

    def chart(self) -> Any:
        """An Altair chart, or the specification of what is no Vega view."""


@cache
def all_charts() -> dict[str, ChartFile]:
    """Every chart of this folder by its name, in the order of the panels' lists."""
    files = {each.name: import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)}
    charts: dict[str, Any] = {name: file for name, file in files.items() if hasattr(file, "VIEW")}
    return dict(sorted(charts.items(), key=lambda one: (one[1].VIEW.panel, one[1].VIEW.place, one[0])))


def specification(name: str) -> dict[str, Any]:
    """The Vega-Lite specification of one chart."""
    made = all_charts()[name].chart()
    return made if isinstance(made, dict) else dict(made.to_dict())
