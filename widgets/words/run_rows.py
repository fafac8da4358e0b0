"""The rows of the table of runs, and two runs side by side: what the page sorts, filters and draws."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from elbo_room.models.settings import FIRST_MODEL, Knob, Values
from elbo_room.widgets.sessions.run_labels import label_of
from elbo_room.widgets.sessions.runs import curves, home
from elbo_room.widgets.words.snapshot import decimals
from elbo_room.widgets.words.texts import MEASURE, nearest_scene, shown_value

BESIDE = ("seed", "stop_at")  # settings that have a column of their own
POINTS = 160  # of a curve that is drawn side by side with another
Row = dict[str, Any]


def measure_of(settings: Mapping[str, Any]) -> str:
    """What the nats of a run are nats of: runs are comparable where this is the same."""
    return "|".join(str(settings.get(name, FIRST_MODEL if name == "model" else "")) for name in MEASURE)


def change(knob: Knob, before: Any, after: Any) -> str:
    """“B 1 → 8”, “score”: how a setting differs from a scene's."""
    if knob["kind"] == "choice":
        return shown_value(knob, after)
    name = knob["symbol"] if 0 < len(knob["symbol"]) <= 2 else knob["label"]
    if knob["kind"] == "bool":
        return f"{name} {'on' if after else 'off'}"
    return f"{name} {shown_value(knob, before)} → {shown_value(knob, after)}".replace("-", "−")


def scene_and_changes(settings: Values, catalogue: dict[str, Any]) -> tuple[str, str]:
    """The label of the scene that these settings are nearest to, and what differs from it, apart from seed and last step."""
    model = settings.get("model", FIRST_MODEL)
    knobs = {knob["name"]: knob for knob in catalogue["models"][model]["knobs"]}
    whole = {name: settings.get(name, knob["default"]) for name, knob in knobs.items()}
    own = {name: value for name, value in whole.items() if knobs[name]["default"] != value}
    key, other = nearest_scene({**own, "model": model}, catalogue)
    preset = catalogue["presets"][key]
    words = [
        change(knobs[name], preset["settings"].get(name, knobs[name]["default"]), whole[name])
        for name in other
        if name in knobs and name not in BESIDE
    ]
    return preset["label"], ", ".join(words)


def date_words(identity: str) -> tuple[str, str]:
    """When a run was started, as short as it is clear today, and in full: its name tells."""
    at = time.strptime(identity[:15], "%Y%m%d-%H%M%S")
    today = identity[:8] == time.strftime("%Y%m%d")
    short = time.strftime("%H:%M", at) if today else f"{at.tm_mday} {time.strftime('%b %Y', at)}"
    return short, time.strftime("%Y-%m-%d %H:%M:%S", at)


def row_of(run: dict[str, Any], catalogue: dict[str, Any]) -> Row:
    """One run as the page lists it, even one whose settings are damaged or of another version."""
    settings, label = run["settings"], label_of(home() / run["identity"])
    when, date = date_words(run["identity"])
    row = {
        "id": run["identity"], "name": label.name, "pinned": label.pinned, "when": when, "date": date, "step": run["number"],
        "score": run["elbo"], "spark": run["spark"], "fault": "", "scene": "", "changes": "", "seed": None, "stop": None,
        "measure": "",
    }  # fmt: skip
    try:
        scene, changes = scene_and_changes(settings, catalogue)
        knobs = {
            knob["name"]: knob["default"] for knob in catalogue["models"][settings.get("model", FIRST_MODEL)]["knobs"]
        }
        beside = {name: int(settings.get(name, knobs[name])) for name in BESIDE}
        row |= {"scene": scene, "changes": changes, "seed": beside["seed"], "stop": beside["stop_at"]}
        row["measure"] = measure_of(settings)
    except Exception:  # noqa: BLE001 - settings from a file may be anything
        row["fault"] = "Its settings cannot be read."
    if "note" in run:
        row["changes"] = " · ".join(filter(None, [run["note"], str(row["changes"])]))
    return row


def damaged_row(identity: str, why: str) -> Row:
    """A run that is listed only to say that it cannot be opened."""
    when, date = date_words(identity)
    return {
        "id": identity, "name": label_of(home() / identity).name, "pinned": False, "when": when, "date": date, "step": 0,
        "score": None, "spark": [], "fault": f"Cannot be opened: {why}.", "scene": "", "changes": "", "seed": None, "stop": None,
        "measure": "",
    }  # fmt: skip


def title_of(row: Row) -> str:
    """What a run is called in a sentence: its own name, else its scene."""
    return str(row["name"] or row["scene"] or row["date"])


def side_by_side(runs: list[dict[str, Any]], catalogue: dict[str, Any], estimators: list[str]) -> dict[str, Any]:
    """Two runs: what they are called, the settings that differ, how far they came, their ELBO and their estimator's variance."""
    rows = [row_of(run, catalogue) for run in runs]
    tables = [curves(run["identity"], estimators) for run in runs]
    return {
        "ids": [row["id"] for row in rows],
        "names": [title_of(row) for row in rows],
        "comparable": rows[0]["measure"] == rows[1]["measure"] != "",
        "settings": _differing([run["settings"] for run in runs], catalogue),
        "results": [
            ["ELBO, nats per data point", *("–" if row["score"] is None else decimals(row["score"], 2) for row in rows)],
            ["Steps", *(f"{row['step']:,}" for row in rows)],
            ["Started", *(row["date"] for row in rows)],
        ],
        "elbo": [thinned(table["elbo"][:, :2]) for table in tables],
        "variance": [
            thinned(variance_of(table["variance"], estimator_of(run["settings"], catalogue), estimators)[:, :2])
            for table, run in zip(tables, runs, strict=True)
        ],
    }  # fmt: skip


def estimator_of(settings: Values, catalogue: dict[str, Any]) -> str:
    """The name of the estimator that a run was trained with."""
    knobs = catalogue["models"][settings.get("model", FIRST_MODEL)]["knobs"]
    default = next((knob["default"] for knob in knobs if knob["name"] == "estimator"), "")
    return str(settings.get("estimator", default))


def variance_of(table: np.ndarray[Any, Any], estimator: str, estimators: list[str]) -> np.ndarray[Any, Any]:
    """The rows of one estimator's variance in a run's table; empty if it was not measured."""
    place = estimators.index(estimator) if estimator in estimators else -1
    return table[table[:, -1] == place]


def thinned(points: np.ndarray[Any, Any]) -> list[list[float]]:
    """At most `POINTS` of a curve, from its first to its last."""
    points = points[np.isfinite(points).all(1)]
    places = np.unique(np.linspace(0, max(len(points) - 1, 0), POINTS).round().astype(int))[: len(points)]
    return [[float(step), float(f"{value:.6g}")] for step, value in points[places].tolist()]


def _differing(settings: list[Values], catalogue: dict[str, Any]) -> list[list[str]]:
    """Label and both values of the settings that both runs have and that differ, each in the words of its own model."""
    own = [
        {knob["name"]: knob for knob in catalogue["models"][each.get("model", FIRST_MODEL)]["knobs"]}
        for each in settings
    ]
    found = []
    for name in own[0]:
        pairs = [
            (knobs[name], each.get(name, knobs[name]["default"]))
            for knobs, each in zip(own, settings, strict=True)
            if name in knobs
        ]
        if len(pairs) == len(own) and pairs[0][1] != pairs[1][1]:
            found.append([name_of(pairs[0][0]), *(_value(knob, value) for knob, value in pairs)])
    return found


def name_of(knob: Knob) -> str:
    """A setting's label, with its symbol if that is short."""
    return f"{knob['label']} {knob['symbol']}".strip() if len(knob["symbol"]) <= 2 else str(knob["label"])


def _value(knob: Knob, value: Any) -> str:
    return ("on" if value else "off") if knob["kind"] == "bool" else shown_value(knob, value).replace("-", "−")
