"""Random valid settings: every knob drawn between its declared bounds, every choice among those that apply with the others."""

import math
import random
from typing import Any

from elbo_room.models.catalogue import knobs
from elbo_room.models.settings import Knob, SettingError, Values, objection, validate
from elbo_room.widgets.painting.views import views_of

STEPS = 5
TRIES = 1000
NEAR, FAR = 10.0, 0.1  # a factor from the default, and the share of the draws that may be further from it


def number(knob: Knob, chance: random.Random) -> float | int:
    """Uniform between the bounds, log-uniform where the knob's scale is logarithmic, and then seldom far from the default.

    Between the bounds of the step size and of all prior scales most draws make a model that diverges at once.
    """
    low, high = knob["low"], knob["high"]
    if knob["log"] and chance.random() > FAR:
        low, high = max(low, knob["default"] / NEAR), min(high, knob["default"] * NEAR)
    drawn = math.exp(chance.uniform(math.log(low), math.log(high))) if knob["log"] else chance.uniform(low, high)
    return min(max(round(drawn), low), high) if knob["kind"] == "int" else min(max(drawn, low), high)


def value(knob: Knob, chance: random.Random) -> Any:
    """Any value of a knob, whatever the others are; every second number is the default, which for many knobs means off."""
    if knob["kind"] == "choice":
        return chance.choice([each["name"] for each in knob["choices"] if not each["unavailable"]])
    if knob["kind"] == "bool":
        return chance.random() < 0.5
    return number(knob, chance) if chance.random() < 0.5 else knob["default"]


def fitting(knob: Knob, values: Values) -> list[str]:
    """The choices of a knob that apply beside the others."""
    return [each["name"] for each in knob["choices"] if objection(each, values) is None]


def random_settings(model: str, seed: int) -> Values:
    """One valid set of values for a family of models, the same for the same seed."""
    chance, own = random.Random(f"{model}/{seed}"), {knob["name"]: knob for knob in knobs(model)}
    for _ in range(TRIES):
        values = {name: value(knob, chance) for name, knob in own.items()} | {"model": model, "stop_at": STEPS}
        for _ in range(len(own)):
            try:
                return validate(list(own.values()), values)
            except SettingError as refusal:
                among = fitting(own[refusal.knob], values)
                if not among:
                    break
                values[refusal.knob] = chance.choice(among)
    raise AssertionError(f"no valid settings of {model} in {TRIES} tries")


def random_views(model: str, seed: int) -> tuple[list[str], str]:
    """One chart of each of the panels A, C and D to have in sight, and a view of panel B."""
    chance = random.Random(f"views/{model}/{seed}")
    views = views_of(model)
    return [chance.choice(views[panel]) for panel in "acd"], chance.choice(views["b"])
