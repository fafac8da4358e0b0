"""What a click on the drawing of the network changes: layers, units, activation, residuals, attention."""

from __future__ import annotations

from typing import Any, TypedDict

from elbo_room.models.settings import Knob, Values, idle, objection, unmet


class Offer(TypedDict):
    """One part of the architecture: its knob, what it is now, and what a click makes of it."""

    name: str
    label: str
    help: str
    words: str
    value: Any
    less: int | None  # the next smaller value; None at the end, and where there is no order
    more: int | None
    options: list[list[str]]  # label and name of the choices that apply
    reason: str  # why it does not apply now


NAMES = ("depth", "width", "activation", "input_reinjection", "identity_residual", "dense_skip", "attention")


def offers(knobs: list[Knob], values: Values) -> list[Offer]:
    """The knobs of a family that change its network, in this order, without those of parts that are not chosen."""
    by_name = {knob["name"]: knob for knob in knobs}
    if "network" not in by_name:  # a deep exponential family has layers of latents, which its panels show
        return []
    found = (by_name[name] for name in NAMES if name in by_name)
    return [_offer(knob, values) for knob in found if not (unmet(knob, values) or {}).get("hides", False)]


def _offer(knob: Knob, values: Values) -> Offer:
    value = values[knob["name"]]
    less, more = _neighbours(knob, value) if knob["kind"] == "int" else (None, None)
    fitting = [choice for choice in knob["choices"] or () if objection(choice, values) is None]
    return {
        "name": knob["name"],
        "label": knob["label"],
        "help": knob["help"],
        "words": _words(knob, value),
        "value": value,
        "less": less,
        "more": more,
        "options": [[_choice_words(knob, choice), choice["name"]] for choice in fitting],
        "reason": idle(knob, values) or "",
    }


def _neighbours(knob: Knob, value: int) -> tuple[int | None, int | None]:
    """One more or fewer; of a size, twice or half."""
    less, more = (value // 2, value * 2) if knob["name"] == "width" else (value - 1, value + 1)
    return (less if less >= knob["low"] else None), (more if more <= knob["high"] else None)


def _choice_words(knob: Knob, choice: dict[str, Any]) -> str:
    """“tanh”; of attention “no attention”, “simplex attention”."""
    label = "no" if choice["name"] == "none" else choice["label"]
    return f"{label} attention" if knob["name"] == "attention" else str(choice["label"])


def _words(knob: Knob, value: Any) -> str:
    """“2 layers”, “64 units”, or the knob's symbol."""
    if knob["name"] == "depth":
        return f"{value} layer{'s' * (value != 1)}"
    return f"{value} units" if knob["name"] == "width" else str(knob["symbol"] or knob["label"])
