"""What every part must declare, and rules that a form can follow."""

from collections.abc import Iterable
from random import Random
from string import Formatter
from typing import Any

from elbo_room.models.catalogue import all_knobs
from elbo_room.models.settings import holds, objection

EVERY = [knob for own in all_knobs().values() for knob in own]
BY_NAME = {knob["name"]: knob for knob in EVERY}
NAMES = set(BY_NAME)


def meant(condition: dict[str, Any]) -> Any:
    """The knob that a condition speaks of: families of models may have one of the same name with other choices."""
    own = [knob for knob in EVERY if knob["name"] == condition["knob"]]
    among = set(condition["among"] or ())
    return next((knob for knob in own if among <= allowed(knob)), own[0])


def allowed(knob: dict[str, Any]) -> set[Any]:
    """The values of a choice, or of a switch."""
    return {True, False} if knob["kind"] == "bool" else {choice["name"] for choice in knob["choices"] or ()}


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


def check_rules(requires: Iterable[dict[str, Any]]) -> None:
    """Each rule names real knobs, can be met and unmet, and its reason can be filled in from the settings."""
    for need in requires:
        check_need(need)


def check_need(need: dict[str, Any]) -> None:
    """One rule: each way can be met, and then nothing is shown; all can be unmet, and then the reason is."""
    defaults = {name: knob["default"] for name, knob in BY_NAME.items()}
    assert set(need) == {"reason", "ways", "hides"}
    assert {field for _, field, _, _ in Formatter().parse(need["reason"]) if field} <= NAMES
    conditions = conditions_of({"requires": [need]})
    for way in need["ways"]:
        assert objection({"requires": [need]}, defaults | met(way)) is None
    chance = Random(0)
    drawn = ({each["knob"]: chance.choice(values(each)) for each in conditions} for _ in range(500))
    sentence = next((found for each in drawn if (found := objection({"requires": [need]}, defaults | each))), "")
    assert sentence.endswith(".")
    assert "{" not in sentence


def conditions_of(part: dict[str, Any]) -> list[dict[str, Any]]:
    """Every condition of a part's rules, each one checked: a knob that exists, and a bound within its own or some of its values."""
    found = [condition for need in part["requires"] for way in need["ways"] for condition in way]
    for condition in found:
        assert set(condition) == {"knob", "low", "among"}
        knob = meant(condition)
        assert (condition["low"] is None) != (condition["among"] is None)
        if condition["among"] is None:
            assert knob["low"] < condition["low"] <= knob["high"]
        else:
            assert set(condition["among"]) < allowed(knob)
            assert condition["among"]
    return found


def values(condition: dict[str, Any]) -> list[Any]:
    """Values of the knob that a condition speaks of: all its choices, or the least and the bound."""
    return sorted(allowed(meant(condition))) or [meant(condition)["low"], condition["low"]]


def met(way: list[dict[str, Any]]) -> dict[str, Any]:
    """Values that meet every condition of a way; of two on the same knob, both."""
    own = {each["knob"]: [other for other in way if other["knob"] == each["knob"]] for each in way}
    return {
        knob: next(value for value in values(each[0]) if all(holds(other, {knob: value}) for other in each))
        for knob, each in own.items()
    }
