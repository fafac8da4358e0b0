"""Panel B's legend in words: each estimator's row, and how many times the least variance it has, or the work for one accuracy."""

from __future__ import annotations

import math
from typing import Any, Literal, TypedDict

from elbo_room.models.probing.variance import LEAST, Band, apart, quotient
from elbo_room.models.settings import Knob, Values, objection
from elbo_room.widgets import theme
from elbo_room.widgets.words.caption import peers

Facts = dict[str, Any]
Measure = Literal["variance", "evaluations", "seconds"]
# What a row's multiple compares: the name of a choice in the legend's list, and the noun of its sentence.
MEASURES: dict[Measure, tuple[str, str]] = {
    "variance": ("variance", "variance"),
    "evaluations": ("variance × evaluations", "evaluations of log p for the same accuracy"),
    "seconds": ("variance × seconds", "seconds for the same accuracy"),
}
MOST_SHOWN = 8  # lines that panel B can hold
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NOTHING = 1e3 * LEAST  # below it a variance is rounding
PENDING = "Its cost is measured while the variance panel shows the variance over the steps."


class Row(TypedDict):
    """One estimator in the legend."""

    name: str
    label: str
    group: str
    color: str
    ink: str
    light: str  # what its curve lights with
    dash: list[int]
    notes: list[str]  # biased, another objective
    reason: str  # why it does not apply now; empty if it does
    never: bool  # it does not apply to this model family at all, and cannot be ticked
    fixed: bool  # it has no tick box
    help: str
    formula: str  # MathML
    source: str


class Multiple(TypedDict):
    """What a row shows of its measurement."""

    text: str  # “859×”
    range: str  # “700 to 1,050×”
    close: bool  # not separable from the best
    says: str  # the same as a sentence


def rows(knob: Knob, values: Values, catalogue: dict[str, Any]) -> list[Row]:
    """Every estimator in the catalogue's order, which is the order of the charts' colours; of a point mass its minibatches first.

    `knob` is the model family's own, whose choices say what they need.
    """
    parts = catalogue["estimators"]
    looks = dict(zip(parts, theme.estimators([part["label"] for part in parts.values()]), strict=True))
    idle = objection(knob, values)
    found = [_minibatches()] if idle else []
    for choice in knob["choices"]:
        part, look, never = parts[choice["name"]], looks[choice["name"]], choice.get("unavailable")
        biased = not part["unbiased"] or (choice["name"] == "score_xi" and values.get("xi_from") == "same_draws")
        notes = ["biased"] * biased + ["another objective"] * (part["bound"] != "elbo")
        found.append({
            "name": choice["name"], "label": choice["label"].removesuffix(" (biased)"), "group": part["group"],
            "color": look.color, "ink": look.ink, "light": look.light, "dash": list(look.dash), "notes": notes,
            "reason": str(never or idle or objection(choice, values) or ""), "never": bool(never or idle), "fixed": False,
            "help": choice["help"], "formula": part["formula"], "source": part["source"],
        })  # fmt: skip
    return found


def _minibatches() -> Row:
    look = theme.OF_MINIBATCHES
    return {
        "name": theme.MINIBATCH, "label": look.label, "group": "", "color": look.color, "ink": look.ink, "light": look.light,
        "dash": list(look.dash), "notes": [], "reason": "", "never": False, "fixed": True,
        "help": "q is a point mass: nothing is drawn, and the gradient varies with the data points of the minibatch alone.",
        "formula": "", "source": "",
    }  # fmt: skip


def measured(facts: Facts, measure: Measure) -> dict[str, Band]:
    """The variance of every estimator, or its variance × cost, with the interval of the variance; what has no cost yet is missing."""
    variance: dict[str, Band] = facts.get("variance", {})
    if measure == "variance":
        return dict(variance)
    costs = facts.get("evidence", {}).get("variance_cost", {}).get("cost", {})
    unit = measure == "seconds"  # (evaluations, seconds)
    return {
        name: (value * costs[name][unit], low * costs[name][unit], high * costs[name][unit])
        for name, (value, low, high) in variance.items()
        if name in costs
    }


def multiples(facts: Facts, measure: Measure) -> dict[str, Multiple]:
    """Every measured estimator as a multiple of the best unbiased one of the objective in use, with its 95 % interval."""
    found, labels = measured(facts, measure), facts["labels"]
    fair = [name for name in peers(facts) if name in found] or list(found)
    pending: dict[str, Multiple] = {
        name: {"text": "…", "range": "", "close": False, "says": PENDING} for name in facts.get("variance", {})
    }
    if not fair:
        return pending
    best = min(fair, key=lambda name: found[name][0])
    step = facts.get("variance_at")
    at = "" if step is None else f" at step {step:,}"
    noun = MEASURES[measure][1]
    mine = {name: _multiple(name, best, found, labels, noun, at) for name in found}
    return pending | mine


def _multiple(name: str, best: str, found: dict[str, Band], labels: dict[str, str], noun: str, at: str) -> Multiple:
    if name == best:
        alone = "" if len(found) == 1 else f": the least {noun} of those measured"
        return {"text": "1×", "range": "best" if len(found) > 1 else "", "close": False, "says": f"1×{alone}{at}."}
    if found[best][0] <= NOTHING:
        gone = f"{labels[best]} has no variance{at}"
        return {"text": "–", "range": "", "close": False, "says": f"No multiple: {gone}."}
    ratio = quotient(found[name], found[best])
    more = ratio[0] >= 1
    close = not apart(found[name], found[best])
    span = interval(ratio)
    many = (
        f"{times(ratio)} the {noun}" if math.isfinite(ratio[2]) or ratio[1] >= 1 else f"An open multiple of the {noun}"
    )
    says = f"{many} of {labels[best]}{at}; 95 % interval {span}"
    if close:
        says += ": not separable from it" if more else ": not separable"
    return {"text": times(ratio), "range": span, "close": close, "says": f"{says}."}


def times(ratio: Band) -> str:
    """“859×”; if only its lower end is known, “≥ 12×”, or “open” where that says nothing."""
    if math.isfinite(ratio[2]):
        return f"{_plain(ratio[0])}×"
    return f"≥ {_plain(ratio[1])}×" if ratio[1] >= 1 else "open"


def interval(ratio: Band) -> str:
    """“700 to 1,050×”."""
    _, low, high = ratio
    return f"{_plain(low)} to {_plain(high)}×" if math.isfinite(high) else f"{_plain(low)}× or more"


def _plain(value: float) -> str:
    """Two or three figures; a power of ten where more would be needed."""
    if value >= 99_999.5 or 0 < value < 0.005:
        return f"10{str(round(math.log10(value))).translate(RAISED)}"
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"
