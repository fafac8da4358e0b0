"""The finished run that a new page shows first: recorded from the real worker, shipped as one npz.

`python -m elbo_room.widgets.record example` records it again, together with the catalogue.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from elbo_room.models.settings import Knob
from elbo_room.widgets.built_assets import STATIC
from elbo_room.widgets.messages import Against, Evidence, Frame, Message, Started

RECORDED: dict[str, type[Message]] = {kind.__name__: kind for kind in (Started, Frame, Against, Evidence)}
EXAMPLE, CATALOGUE = STATIC / "example.npz", STATIC / "catalogue.json"


@cache
def catalogue() -> dict[str, Any]:
    """The shipped copy of `elbo_room.models.catalogue.catalogue()`; a test fails when it is out of date."""
    found: dict[str, Any] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return found


@cache
def all_knobs() -> dict[str, list[Knob]]:
    """The knobs of every model family."""
    return {name: model["knobs"] for name, model in catalogue()["models"].items()}


def example() -> list[Message]:
    """The recorded messages of the worker, in order."""
    with np.load(EXAMPLE, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        return [RECORDED[kind](**_unpack(fields, file)) for kind, fields in about]


def _unpack(value: Any, arrays: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            found = arrays[value["array"]]
            return found.astype(np.float32) if found.dtype == np.float16 else found
        return {key: _unpack(item, arrays) for key, item in value.items()}
    return value


def pack(messages: list[Message]) -> tuple[str, dict[str, np.ndarray[Any, Any]]]:
    """Messages as JSON with the arrays stored separately."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}

    def strip(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            name = f"a{len(arrays)}"
            arrays[name] = value
            return {"array": name}
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items()}
        return list(value) if isinstance(value, tuple) else value

    return json.dumps([(type(message).__name__, strip(vars(message))) for message in messages]), arrays
