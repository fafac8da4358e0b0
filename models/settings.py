"""Settings: every knob is declared once, and the form, the checks, the share link and the exported code follow.

A knob is a dataclass field made by `setting`. `describe` turns a settings class into plain data (the *catalogue* that a kernel
without torch reads); `validate` checks values against that plain data, so the engine and the screen run the same checks.
"""

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

VERSION = 1
FIRST_MODEL = "deep_generative"  # the model of settings that do not name one
GROUPS = ("Data", "Model", "Prior", "Inference", "Run")
Knob = dict[str, Any]
Values = dict[str, Any]
Condition = dict[str, Any]  # {"knob", "low", "among"}: what another knob must be
Need = dict[str, Any]  # {"reason", "ways", "hides"}: lists of conditions, one of which must hold completely


class SettingError(ValueError):
    """A value that is not allowed: the message states what came, what is allowed, and what to do.

    >>> import elbo_room as er
    >>> try:
    ...     er.run_from({"draws": 0})
    ... except er.SettingError as error:
    ...     print(error)
    Draws B was 0; it must be a whole number from 1 to 64. The nearest allowed value is 1.
    """

    def __init__(self, knob: str, sentence: str) -> None:
        super().__init__(sentence)
        self.knob = knob


def setting(
    default: Any,
    *,
    label: str,
    group: str,
    help: str,  # noqa: A002 - the field's standard name
    symbol: str = "",
    low: float | None = None,
    high: float | None = None,
    log: bool = False,
    live: bool = False,
    choices: str | None = None,
    requires: tuple[Need, ...] = (),
    why: str = "",
) -> Any:
    """Declare a knob: default, bounds, scale, whether it is live or needs a restart, and (for a choice) the folder of its parts.

    `why`: the reason for its bounds, for the sentence about a number beyond them.
    """
    kind = "choice" if choices else {bool: "bool", int: "int", float: "float"}[type(default)]
    knob = {"label": label, "group": group, "help": help, "symbol": symbol, "low": low, "high": high, "log": log}
    metadata = {**knob, "live": live, "choices": choices, "kind": kind, "requires": list(requires)}
    metadata |= {"why": why} if why else {}
    return dataclasses.field(default=default, metadata=metadata)


def describe(cls: type, folders: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Knob]:
    """The knobs of a settings class as plain data, by group, its own before those of its base classes.

    `folders` has the choices: name, label, symbol, help, requires, unavailable. A class may declare, in `RULES`, what knobs that it
    inherits require in its model family.
    """
    knobs = []
    own: Mapping[str, Iterable[Need]] = getattr(cls, "RULES", {})
    owners = [vars(each).get("__annotations__", {}) for each in cls.__mro__]
    rank = {name: index for index, names in reversed(list(enumerate(owners))) for name in names}
    order = sorted(dataclasses.fields(cls), key=lambda field: (GROUPS.index(field.metadata["group"]), rank[field.name]))
    for field in order:
        knob = {"name": field.name, "default": field.default, **field.metadata}
        knob["requires"] = list(own.get(field.name, knob["requires"]))
        if knob["choices"]:
            knob["choices"] = [dict(choice) for choice in folders[knob["choices"]]]
        knobs.append(knob)
    return knobs


def when(knob: str, *, low: float | None = None, among: Iterable[Any] | None = None) -> Condition:
    """A condition on another knob, as plain data: at least `low`, or one of `among`."""
    return {"knob": knob, "low": low, "among": None if among is None else list(among)}


def either(reason: str, *ways: Iterable[Condition], hides: bool = False) -> Need:
    """What a part or a knob requires of other knobs: every condition of one of these alternatives; otherwise `reason` is shown.

    `hides`: if unmet, the form does not show the knob at all, because it belongs to a part that is not chosen.
    """
    return {"reason": reason, "ways": [list(way) for way in ways], "hides": hides}


def rule(
    knob: str, reason: str, *, low: float | None = None, among: Iterable[Any] | None = None, hides: bool = False
) -> Need:
    """The usual case: one condition on one other knob."""
    return either(reason, [when(knob, low=low, among=among)], hides=hides)


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Whether another knob meets the condition; a knob that this model family does not have always does."""
    if condition["knob"] not in values:
        return True
    value = values[condition["knob"]]
    if condition["among"] is not None:
        return value in condition["among"]
    return bool(value >= condition["low"])


def unmet(part: Mapping[str, Any], values: Mapping[str, Any]) -> Need | None:
    """The first requirement of a choice or a knob that the other values do not meet."""
    needs: Iterable[Need] = part.get("requires", ())
    return next(
        (need for need in needs if not any(all(holds(each, values) for each in way) for way in need["ways"])), None
    )


def objection(choice: Mapping[str, Any], values: Mapping[str, Any]) -> str | None:
    """Why a choice (or a knob) does not apply, at all or with the other values, in the part's own words; None if it does."""
    if reason := choice.get("unavailable"):
        return str(reason)
    need = unmet(choice, values)
    return None if need is None else str(need["reason"]).format(**values)


def idle(knob: Knob, values: Mapping[str, Any]) -> str | None:
    """Why changing a knob would have no effect: by its own rules, or because none of its other choices applies; None if it has one."""
    if reason := objection(knob, values):
        return reason
    others = [choice for choice in knob["choices"] or () if choice["name"] != values[knob["name"]]]
    reasons = [f"“{each['label']}” does not apply: {reason}" for each in others if (reason := objection(each, values))]
    return reasons[0] if others and len(reasons) == len(others) else None


def _number(knob: Knob, value: Any) -> Any:
    name = f"{knob['label']}{' ' + knob['symbol'] if knob['symbol'] else ''}"
    span = f"a {'whole ' if knob['kind'] == 'int' else ''}number from {knob['low']:g} to {knob['high']:g}"
    try:
        number = float(value)
        if isinstance(value, bool) or not math.isfinite(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        sentence = f"{name} was {str(value)[:40]!r}; it must be {span}. Set it to {knob['default']:g} to start over."
        raise SettingError(knob["name"], sentence) from None
    if not knob["low"] <= number <= knob["high"] or (knob["kind"] == "int" and number != int(number)):
        near = min(max(number, knob["low"]), knob["high"])
        near = int(near) if knob["kind"] == "int" else near
        why = f" {knob['why']}" if knob.get("why") else ""
        raise SettingError(
            knob["name"], f"{name} was {number:g}; it must be {span}.{why} The nearest allowed value is {near:g}."
        )
    return int(number) if knob["kind"] == "int" else number


def check(knob: Knob, value: Any) -> Any:
    """One value against its knob; returns it in the knob's type or raises `SettingError`."""
    if knob["kind"] == "choice":
        names = [choice["name"] for choice in knob["choices"]]
        part = getattr(value, "name", None)
        if not isinstance(value, str) and part in names:
            sentence = (
                f"{knob['label']} was the part {part!r} itself; settings hold names. Write {knob['name']}={part!r}."
            )
            raise SettingError(knob["name"], sentence)
        if not isinstance(value, str) or value not in names:
            sentence = f"{knob['label']} was {str(value)[:40]!r}; choose one of: {', '.join(names)}."
            raise SettingError(knob["name"], sentence)
        return value
    if knob["kind"] == "bool":
        if not isinstance(value, bool):
            sentence = f"{knob['label']} was {str(value)[:40]!r}; it must be true or false."
            raise SettingError(knob["name"], sentence)
        return value
    return _number(knob, value)


def validate(knobs: list[Knob], values: Mapping[str, Any]) -> Values:
    """All values against all knobs; defaults fill in missing ones. Raises `SettingError` for the first that is not allowed."""
    known = {knob["name"]: knob for knob in knobs}
    for name in values:
        if name not in known:
            sentence = f"There is no setting called {str(name)[:40]!r}; the settings are: {', '.join(known)}."
            raise SettingError(str(name), sentence)
    whole = {name: check(knob, values.get(name, knob["default"])) for name, knob in known.items()}
    for name, knob in known.items():
        for choice in knob["choices"] or ():
            if choice["name"] == whole[name] and (reason := objection(choice, whole)):
                raise SettingError(name, f"{knob['label']}: {choice['label']} does not apply. {reason}")
    return whole


def settled(knobs: list[Knob], values: Mapping[str, Any], changed: str) -> tuple[Values, list[str]]:
    """The values, with every other choice that no longer applies after the change set to the first that does.

    Returns the values and the names of the choices that had to change; a choice without a valid alternative is left unchanged.
    """
    whole, moved = dict(values), []
    for knob in knobs:
        name = knob["name"]
        now = next((choice for choice in knob["choices"] or () if choice["name"] == whole.get(name)), None)
        if name == changed or now is None or objection(now, whole) is None:
            continue
        fitting = next((choice["name"] for choice in knob["choices"] if objection(choice, whole) is None), None)
        if fitting:
            whole[name] = fitting
            moved.append(name)
    return whole, moved


def encode(knobs: list[Knob], values: Mapping[str, Any]) -> str:
    """Settings as one line of JSON: the version and only what differs from the defaults. Used in run files and links."""
    changed = {knob["name"]: values[knob["name"]] for knob in knobs if values[knob["name"]] != knob["default"]}
    if values["model"] != FIRST_MODEL:  # older links, from before there was a choice of models, name none
        changed["model"] = values["model"]
    return json.dumps({"version": VERSION, **changed}, separators=(",", ":"), sort_keys=True)


def knobs_of(models: Mapping[str, list[Knob]], values: Mapping[str, Any]) -> list[Knob]:
    """The knobs of the model family named in the values; those of the first one by default."""
    name = values.get("model", FIRST_MODEL)
    if not isinstance(name, str) or name not in models:
        raise SettingError("model", f"Model was {str(name)[:40]!r}; choose one of: {', '.join(models)}.")
    return models[name]


def decode(models: Mapping[str, list[Knob]], text: str) -> Values:
    """The inverse of `encode`, checked value by value against its model's knobs; nothing is ever evaluated."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        sentence = (
            f"These settings cannot be read: {text[:60]!r}. Copy the whole link again, or start from the defaults."
        )
        raise SettingError("version", sentence)
    version = values.pop("version", VERSION)
    if version != VERSION:
        sentence = f"These settings have version {repr(version)[:20]}; this lab reads version {VERSION}. "
        sentence += "Update the lab, or use its defaults."
        raise SettingError("version", sentence)
    return validate(knobs_of(models, values), values)
