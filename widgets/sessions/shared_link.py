"""What Share copies, as one line of JSON: settings, live changes with their steps, and what the panels show.

`{"version": 2, "draws": 8, "changes": [[500, {"step_size": 0.001}]], "screen": {"b": "variance_against_draws", …}}`; version 1 has settings
alone, is still written where there is nothing else, and is always read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elbo_room.models.settings import VERSION, Knob, SettingError, Values, decode, encode, knobs_of
from elbo_room.models.training.changes import MOST, Written, changes_from

WIDER = 2  # the version with changes and panels
PANELS = "abcd"
CHOICES = ("colour", "plane", "bands", "text")  # of the map
LETTERS = 64  # of one name
LONGEST = 6_000  # characters: what browsers and servers pass on
FEW = 64  # estimators that a link may name


@dataclass(frozen=True)
class SharedLab:
    """A lab as it was shared; `notes` are sentences about what had to be changed."""

    values: Values
    changes: list[Written] = field(default_factory=list)
    screen: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def shared_text(
    knobs: list[Knob],
    values: Mapping[str, Any],
    changes: Sequence[Written] = (),
    screen: Mapping[str, Any] | None = None,
) -> str:
    """A lab as text; the changes are left out where the text would be too long for an address."""
    text = encode(knobs, values)
    parts = {"changes": [[step, dict(set_to)] for step, set_to in changes], "screen": dict(screen or {})}
    parts = {name: part for name, part in parts.items() if part}
    if not parts:
        return text
    made = _joined(text, parts)
    return made if len(made) <= LONGEST else _joined(text, {"screen": parts.get("screen", {})})


def _joined(text: str, parts: Mapping[str, Any]) -> str:
    return json.dumps({**json.loads(text), **parts, "version": WIDER}, separators=(",", ":"), sort_keys=True)


def shared_lab(models: Mapping[str, list[Knob]], text: str) -> SharedLab:
    """The inverse of `shared_text`, checked value by value. A number outside its range becomes the nearest one inside, with a note.

    Raises:
        SettingError: it cannot be read, comes from a later version, or names what does not exist.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return SharedLab(decode(models, text))  # which refuses it
    notes: list[str] = []
    changes, screen = found.pop("changes", []), found.pop("screen", {})
    if found.get("version") == WIDER:
        found["version"] = VERSION
    knobs = knobs_of(models, found)
    values = decode(models, json.dumps(_within(knobs, found, notes)))
    return SharedLab(values, _changes(knobs, changes, notes), _screen(screen, notes), notes)


def _within(knobs: Sequence[Knob], values: Mapping[str, Any], notes: list[str]) -> Values:
    """The values with numbers moved into their ranges."""
    known, moved = {knob["name"]: knob for knob in knobs}, dict(values)
    for name, value in values.items():
        knob = known.get(name, {"kind": ""})
        if knob["kind"] not in ("int", "float") or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if not math.isfinite(value):
            continue
        near = min(max(value, knob["low"]), knob["high"])
        near = round(near) if knob["kind"] == "int" else near
        if near != value:
            moved[name] = near
            notes.append(f"{knob['label']} was {value:g} in the link; the nearest allowed value, {near:g}, is used.")
    return moved


def _changes(knobs: Sequence[Knob], written: Any, notes: list[str]) -> list[Written]:
    if not isinstance(written, list) or len(written) > MOST:
        raise SettingError("changes", "The link's changes cannot be read. Copy the whole link again.")
    inside = [
        [each[0], _within(knobs, each[1], notes)]
        if isinstance(each, list) and len(each) == 2 and isinstance(each[1], dict)
        else each
        for each in written
    ]
    return [change.written for change in changes_from(knobs, inside)]


def _screen(found: Any, notes: list[str]) -> dict[str, Any]:
    """Names of a known form; whether they exist is known only once a run is there."""
    if not isinstance(found, dict):
        notes.append("The link's panels cannot be read, so they show what the scene does.")
        return {}
    kept: dict[str, Any] = {
        name: found[name]
        for name in (*PANELS, *CHOICES, "measure")
        if isinstance(found.get(name), str) and len(found[name]) <= LETTERS
    }
    names = found.get("estimators")
    if isinstance(names, list):
        kept["estimators"] = [name for name in names[:FEW] if isinstance(name, str) and len(name) <= LETTERS]
    if isinstance(found.get("split"), bool):
        kept["split"] = found["split"]
    axis = found.get("steps")
    if isinstance(axis, list) and len(axis) == 2 and all(isinstance(each, int | float) for each in axis):
        low, high = (float(min(max(each, 0), 1e7)) for each in axis)
        if low < high:
            kept["steps"] = [low, high]
    return kept
