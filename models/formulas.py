r"""The lines of a model's formula as plain data: each part declares its own symbol, each family of models the lines they stand in.

`<knob>` in a line becomes the symbol of the part that is chosen there, `<knob:label>` its name, and `<knob?…>` what is written there if
the knob is on. A line is shown where all its conditions hold, so that the formula follows the settings.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from elbo_room.models.mathml import INDEXED, latex_of
from elbo_room.models.settings import Condition, Knob, Values, holds, unmet

Line = dict[str, Any]  # {"label", "latex", "when", "unless"}
PLACE = re.compile(r"<(\w+)(:label|\?[^<>]*)?>")


def line(label: str, latex: str, *when: Condition, unless: Iterable[Condition] = ()) -> Line:
    """One line: what it is, in words, and its LaTeX; shown if all of `when` hold, and not all of `unless`."""
    return {"label": label, "latex": latex, "when": list(when), "unless": list(unless)}


def shown(each: Line, values: Values, knobs: list[Knob]) -> bool:
    """Whether the line belongs to these settings: its conditions hold, and the parts in it apply."""
    left_out = bool(each["unless"]) and all(holds(one, values) for one in each["unless"])
    chosen = {found[1] for found in PLACE.finditer(each["latex"]) if not (found[2] or "").startswith("?")}
    idle = any(knob["name"] in chosen and unmet(knob, values) for knob in knobs)
    return all(holds(one, values) for one in each["when"]) and not left_out and not idle


def numbers(knobs: Iterable[Knob], values: Values) -> dict[str, Knob]:
    """By symbol, the knobs that are numbers of a formula and apply now."""
    return {
        knob["symbol"]: knob
        for knob in knobs
        if knob["kind"] in ("float", "int") and knob["symbol"] and unmet(knob, values) is None
    }


def filled(each: Line, values: Values, knobs: list[Knob]) -> str:
    """The line's LaTeX with the symbols of the chosen parts; a part and the numbers in its symbol light their controls."""
    by_name = {knob["name"]: knob for knob in knobs}
    known = {symbol: knob for symbol, knob in numbers(knobs, values).items() if knob["kind"] == "float"}

    def part(found: re.Match[str]) -> str:
        knob = by_name[found[1]]
        if (found[2] or "").startswith("?"):
            on = values[knob["name"]] and unmet(knob, values) is None
            return rf"\lit{{{knob['name']}}}{{{found[2][1:]}}}" if on else ""
        choice = next(each for each in knob["choices"] if each["name"] == values[knob["name"]])
        if found[2]:
            return rf"\lit{{{knob['name']}}}{{\text{{{choice['label']}}}}}"
        symbol = symbol_of(choice, values)
        symbol = marked(symbol, known) if knob["group"] in ("Model", "Prior") else symbol
        return rf"\lit{{{knob['name']}}}{{{symbol}}}"

    return latex_of(PLACE.sub(part, each["latex"]))


def symbol_of(choice: Mapping[str, Any], values: Values) -> str:
    """A part's symbol; in the natural DEF, some have another one."""
    natural = choice.get("natural_symbol") if values.get("link") == "natural" else ""
    return str(natural or choice["symbol"])


def marked(symbol: str, known: Mapping[str, Knob]) -> str:
    """Single letters that are the symbol of a knob, also with an index, light its control."""
    indexed = "".join(f"{name}|" for name in known if name == INDEXED)
    letters = "".join(name for name in known if len(name) == 1) or " "
    letter = re.compile(rf"(?<![A-Za-z\\])({indexed}[{letters}])(?![A-Za-z])")
    return letter.sub(lambda found: rf"{{\lit{{{known[found[1]]['name']}}}{{{found[1]}}}}}", symbol)
