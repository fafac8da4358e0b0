"""Reads what `python -m elbo_room.widgets.prepare` made, specifications and scripts, without Altair and torch."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "static"
MADE = STATIC / "made"
BUNDLE = MADE / "vega.js.gz"
SPECS = MADE / "specs.json"


class NotPreparedError(RuntimeError):
    """The charts have not been made yet."""

    def __init__(self, file: Path, what: str = "is missing") -> None:
        """Name the file, what is wrong with it, and what makes it."""
        super().__init__(
            f"The charts are not ready: {file.name} {what}. Run this once: python -m elbo_room.widgets.prepare"
        )


def script(name: str) -> str:
    """Return a widget's module of `static/`, joined with all that it imports."""
    path = MADE / f"{name}.js"
    if not path.exists():
        raise NotPreparedError(path)
    return path.read_text(encoding="utf-8")


def style(name: str) -> str:
    """Return a style sheet of `static/`."""
    return (STATIC / name).read_text(encoding="utf-8")


@cache
def bundle() -> bytes:
    """Return the gzip-compressed Vega bundle."""
    if not BUNDLE.exists():
        raise NotPreparedError(BUNDLE)
    return BUNDLE.read_bytes()


@cache
def _recorded() -> dict[str, dict[str, Any]]:
    if not SPECS.exists():
        raise NotPreparedError(SPECS)
    found: dict[str, dict[str, Any]] = json.loads(SPECS.read_text(encoding="utf-8"))
    if "views" not in found:
        raise NotPreparedError(SPECS, "is of an earlier version")
    return found


def views() -> dict[str, dict[str, Any]]:
    """Return what every chart's `VIEW` declares, in the order of the panels' lists."""
    return _recorded()["views"]


def title(name: str) -> str:
    """Return the title in the specification of one chart."""
    return str(_recorded()["charts"][name]["usermeta"]["title"])


@cache
def axis_titles(name: str) -> tuple[str, ...]:
    """Return the titles of the axes of one chart."""
    return tuple(dict.fromkeys(_titles(_recorded()["charts"][name])))


def _titles(part: Any) -> Iterator[str]:
    """The titles of a specification's encodings, from the outermost layer inwards."""
    for encoding in part.get("encoding", {}).values():
        if isinstance(encoding, dict) and encoding.get("title"):
            yield str(encoding["title"])
    for layer in part.get("layer", ()):
        yield from _titles(layer)


def spec(name: str) -> dict[str, Any]:
    """Return a copy of the Vega-Lite specification of one chart."""
    charts = _recorded()["charts"]
    if name not in charts:
        raise ValueError(f"There is no chart {name!r}. Allowed are: {', '.join(charts)}. Choose one of these.")
    return copy.deepcopy(charts[name])
