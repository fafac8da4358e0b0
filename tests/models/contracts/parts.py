"""What every part must say about itself, and rules that a form can follow."""

from string import Formatter
from typing import Any

from elbo_room.models.catalogue import all_knobs
from elbo_room.models.settings import objection

EVERY = [knob for own in all_knobs().values() for knob in own]
BY_NAME = {knob["name"]: knob for knob in EVERY}
NAMES = set(BY_NAME)


def meant(need: dict[str, Any]) -> Any:
    """The knob that a rule speaks of: families of models may have one of the same name with other choices."""
    own = [knob for knob in EVERY if knob["name"] == need["knob"]]
    among = set(need["among"] or ())
    return next((knob for knob in own if among <= {choice["name"] for choice in knob["choices"] or ()}), own[0])


def check_words(part: Any, name: str, *, symbol: bool = True) -> None:
    """name, label, symbol and help are there, short enough for a form, and the part is listed under its own name."""
    assert part.name == name
    assert name.isidentifier()
    for words, longest in ((part.label, 40), (part.help, 160)):
        assert isinstance(words, str)
        assert 0 < len(words) <= longest
        assert words == words.strip()
    assert part.help.endswith((".", "!", "?", ")"))
    assert isinstance(part.symbol, str)
    assert part.symbol or not symbol


def check_rules(part: Any) -> None:
    """Each rule names a real knob, can be met, and its reason can be filled in from the settings."""
    defaults = {name: knob["default"] for name, knob in BY_NAME.items()}
    for need in part.requires:
        assert set(need) == {"knob", "reason", "low", "among"}
        knob = meant(need)
        assert (need["low"] is None) != (need["among"] is None)
        if need["low"] is not None:
            assert knob["low"] < need["low"] <= knob["high"]
            refused, allowed = knob["low"], need["low"]
        else:
            choices = [choice["name"] for choice in knob["choices"]]
            assert set(need["among"]) < set(choices)
            refused, allowed = next(name for name in choices if name not in need["among"]), need["among"][0]
        assert {field for _, field, _, _ in Formatter().parse(need["reason"]) if field} <= NAMES
        choice = {"requires": [need]}
        sentence = objection(choice, defaults | {need["knob"]: refused})
        assert sentence
        assert sentence.endswith(".")
        assert "{" not in sentence
        assert objection(choice, defaults | {need["knob"]: allowed}) is None
