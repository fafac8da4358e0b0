"""The finished run that a scene opens with: recorded from the real engine, shipped as one small file a scene, read when it is opened.

`python -m elbo_room.widgets.record` records the scenes whose file is missing or has other settings, together with the catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from elbo_room.models.settings import FIRST_MODEL, Knob, Values
from elbo_room.widgets.built_assets import STATIC
from elbo_room.widgets.messages import (
    Against,
    CurveTables,
    Evidence,
    Frame,
    Grid,
    Message,
    Replayed,
    Scores,
    Started,
    StatesKept,
)
from elbo_room.widgets.theme import MINIBATCH
from elbo_room.widgets.wire.bundle import unpack
from elbo_room.widgets.wire.history_file import renumbered

RECORDED: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (Started, Frame, Scores, Against, Evidence, StatesKept)
}
CATALOGUE, SCENES = STATIC / "catalogue.json", STATIC / "scenes"
THUMBNAILS = SCENES / "thumbnails.json"  # by scene, the picture in the gallery: an SVG
FIRST_SCENE, FIRST_SHOWN = "digits", 5


@cache
def catalogue() -> dict[str, Any]:
    """The shipped copy of `elbo_room.models.catalogue.catalogue()`; a test fails when it is out of date."""
    found: dict[str, Any] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return found


@cache
def all_knobs() -> dict[str, list[Knob]]:
    """The knobs of every model family."""
    return {name: model["knobs"] for name, model in catalogue()["models"].items()}


def series() -> list[str]:
    """What the series of panel B count through: estimators, then the minibatch."""
    return [*catalogue()["estimators"], MINIBATCH]


def file_of(scene: str) -> Path:
    """Where the recorded run of a scene is."""
    return SCENES / f"{scene}.run"


def steps_file_of(scene: str) -> Path:
    """Where what its panels showed at earlier steps is."""
    return SCENES / f"{scene}.steps"


def settings_of(scene: str) -> Values:
    """All settings of a scene, with its model's defaults filled in."""
    chosen = catalogue()["presets"][scene]["settings"]
    return {knob["name"]: knob["default"] for knob in all_knobs()[chosen.get("model", FIRST_MODEL)]} | chosen


def estimators_of(scene: str) -> list[str]:
    """What panel B shows of a scene: its own list or the first five, the estimator in use, and those in its questions."""
    preset, model = catalogue()["presets"][scene], settings_of(scene)["model"]
    offered = next(knob["choices"] for knob in all_knobs()[model] if knob["name"] == "estimator") or []
    usable = [choice["name"] for choice in offered if not choice.get("unavailable")]
    asked = {task["measure"].get(part) for task in preset.get("tasks", []) for part in ("of", "to")}
    wanted = {*preset.get("shown", usable[:FIRST_SHOWN]), preset["settings"].get("estimator"), *asked}
    return [name for name in usable if name in wanted]


def steps_of(scene: str, finished: Frame) -> list[Replayed]:
    """What the panels showed at some steps of a scene's run, in order; read when somebody first moves the slider."""
    found = [Replayed(**fields) for _, fields in unpack(steps_file_of(scene).read_bytes())["messages"]]
    return [
        replace(step, grid=cast("Grid", {**(finished.grid or {}), **step.grid})) if step.grid else step
        for step in found
    ]


def example(scene: str = FIRST_SCENE) -> list[Message]:
    """The recorded messages of a scene's finished run, in order."""
    content = unpack(file_of(scene).read_bytes())
    names = content["series"]
    return [TODAY.get(kind, _as_it_is)(RECORDED[kind](**fields), names, scene) for kind, fields in content["messages"]]


# A message as the engine would send it now: with the settings that have been added since, and with today's places of the estimators.


def _as_it_is(message: Any, names: list[str], scene: str) -> Message:
    del names, scene
    return cast("Message", message)


def _started(message: Started, names: list[str], scene: str) -> Message:
    curves = {**message.curves, "variance": renumbered(message.curves["variance"], names, series())}
    return replace(message, curves=cast("CurveTables", curves), settings={**settings_of(scene), **message.settings})


def _against(message: Against, names: list[str], scene: str) -> Message:
    del scene
    return replace(message, rows=renumbered(message.rows, names, series()))


def _evidence(message: Evidence, names: list[str], scene: str) -> Message:
    del scene
    places = np.array([series().index(name) if name in series() else -1 for name in names], np.float32)
    charts = {
        chart: {
            dataset: {
                name: places[column.astype(np.int64)] if name == "series" else column
                for name, column in columns.items()
            }
            for dataset, columns in datasets.items()
        }
        for chart, datasets in message.picture.get("replace", {}).items()
    }
    return replace(message, picture={**message.picture, "replace": charts}) if charts else message


TODAY: dict[str, Callable[[Any, list[str], str], Message]] = {
    "Started": _started,
    "Against": _against,
    "Evidence": _evidence,
}
