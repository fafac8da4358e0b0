"""What a browser sends, checked once and made into actions; what is of no known form becomes none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeGuard

from elbo_room.widgets.actions import (
    CompareBy,
    CompareRuns,
    DeleteRun,
    HoldXi,
    MarkRows,
    OpenRun,
    OverlayRuns,
    PageReady,
    PinRun,
    PressKey,
    Quietly,
    RenameRun,
    Reshape,
    RestoreRun,
    Shared,
    TickEstimator,
)
from elbo_room.widgets.messages import Decode, Explore, SelectParameter
from elbo_room.widgets.words.estimator_words import MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from elbo_room.widgets.actions import Action

MOST_RUNS, MOST_LETTERS = 100, 1000  # of one message


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(value: Any) -> TypeGuard[list[float]]:
    return isinstance(value, list) and all(_number(each) for each in value)


def of_page(content: Mapping[str, Any]) -> Action | None:
    """The action in a message of the page, which `Page` has let through."""
    kind = content["kind"]
    if kind == "key":
        return PressKey(str(content["key"]))
    if kind == "ready":
        return PageReady(str(content.get("query", "")), bool(content.get("voila")))
    if kind == "shared":
        return Shared(bool(content.get("copied")), str(content.get("link", "")))
    return None


def of_runs(content: Mapping[str, Any]) -> Action | None:
    """The action in a message of the table of runs."""
    kind, identity, identities = content.get("kind"), content.get("id"), content.get("ids")
    if isinstance(identities, list):
        few = len(identities) <= MOST_RUNS and all(isinstance(each, str) for each in identities)
        if kind == "overlay" and few:
            return OverlayRuns(identities)
        return CompareRuns(identities) if kind == "compare" and few else None
    if kind == "restore":
        return RestoreRun()
    if not isinstance(identity, str):
        return None
    if kind == "open":
        return OpenRun(identity)
    if kind == "delete":
        return DeleteRun(identity)
    if kind == "pin":
        return PinRun(identity, content.get("pinned") is True)
    return RenameRun(identity, str(content.get("name", ""))[:MOST_LETTERS]) if kind == "rename" else None


def of_pointer(chart: str, kind: str, content: Mapping[str, Any]) -> Action | None:
    """The action in an event of a chart, whose values `LiveChart` has found to be numbers or lists of numbers."""
    if kind == "hover" and chart == "latent":
        return _hover(content)
    if kind == "lasso" and _numbers(places := content.get("rows")):
        return MarkRows([int(place) for place in places])
    if kind == "pins" and _numbers(flat := content.get("places")):
        triples = zip(*(flat[k::3] for k in range(3)), strict=False)
        return Quietly(Explore(pins=[(float(x), float(y), int(row)) for x, y, row in triples]))
    if kind == "draw" and isinstance(row := content.get("row"), int) and isinstance(seed := content.get("seed"), int):
        return Quietly(Explore(draw=(row, seed)))
    if kind == "click" and chart == "kl" and isinstance(dimension := content.get("dimension"), int):
        return Quietly(Explore(dimension=dimension))
    if kind == "drag" and _number(value := content.get("value")):
        return HoldXi(float(value))
    if kind == "reshape":
        return Reshape(str(content["name"]), content["value"])
    if kind == "select":
        return SelectParameter(name=content.get("name"), unit=content.get("unit"))
    return None


def of_legend(content: Mapping[str, Any]) -> Action | None:
    """The action in a message of panel B's legend."""
    kind, name, on = (content.get(key) for key in ("kind", "name", "on"))
    if kind == "tick" and isinstance(name, str) and isinstance(on, bool):
        return TickEstimator(name[:64], on)
    measure = next((each for each in MEASURES if each == name), None)
    return CompareBy(measure) if kind == "measure" and measure else None


def _hover(content: Mapping[str, Any]) -> Action | None:
    question, x, y, row = (content.get(name) for name in ("id", "x", "y", "row"))
    if not isinstance(question, int) or not _number(x) or not _number(y):
        return None
    return Quietly(Decode(question, float(x), float(y), row if isinstance(row, int) else -1))
