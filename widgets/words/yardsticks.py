"""The yardstick of a scene's goal: one declared value of a preset, next to the run's own number in the caption.

A preset's `yardstick` has the `value`, whose it is (`words`), which number of the run is compared (`of`, a name in `SHOWN`) and, in
`holds`, the settings that must be those of the scene; without them the data and the response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from elbo_room.models.settings import FIRST_MODEL, Values
from elbo_room.widgets.words.snapshot import decimals

HOLDS = ("data", "response")


@dataclass(frozen=True)
class Shown:
    """The name and format of a compared number."""

    label: str
    text: Callable[[float], str]


SHOWN = {
    "elbo": Shown("ELBO", lambda value: f"{decimals(value, 4)} nats"),
    "accuracy": Shown("Accuracy", lambda value: f"{100 * value:.3g} %"),
    "test_density": Shown("Held-out data", lambda value: f"{decimals(value, 2)} nats each"),
    "link_error": Shown("Links miss by", lambda value: f"{value:.0f} mm"),
}


def whole(preset: dict[str, Any], catalogue: dict[str, Any]) -> Values:
    """All settings of a scene, with its model's defaults filled in."""
    model = preset["settings"].get("model", FIRST_MODEL)
    return {knob["name"]: knob["default"] for knob in catalogue["models"][model]["knobs"]} | preset["settings"]


def yardstick_of(settings: Values, catalogue: dict[str, Any]) -> dict[str, Any] | None:
    """The yardstick that applies to a run with these settings, whatever its scene."""
    for preset in catalogue["presets"].values():
        found = preset.get("yardstick")
        if found is None:
            continue
        scene = whole(preset, catalogue)
        if all(settings.get(name) == scene.get(name) for name in ("model", *found.get("holds", HOLDS))):
            return dict(found)
    return None


def label(yardstick: dict[str, Any]) -> str:
    """“a logistic regression: 95.5 %”."""
    return f"{yardstick['words']}: {SHOWN[yardstick['of']].text(yardstick['value'])}"


def compared(facts: dict[str, Any]) -> str:
    """The run's number next to the yardstick; empty if there is none, or before the run has a number."""
    yardstick = facts.get("yardstick")
    value = facts.get(yardstick["of"]) if yardstick else None
    if yardstick is None or not isinstance(value, int | float):
        return ""
    shown = SHOWN[yardstick["of"]]
    return f"{shown.label} {shown.text(value)}; {label(yardstick)}."
