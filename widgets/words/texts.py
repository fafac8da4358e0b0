"""Words of the drawer and the links: what is computed, this run in Python, earlier runs, help. Plain text, nothing is evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote

from elbo_room.models.settings import FIRST_MODEL, Knob, Values
from elbo_room.widgets.sessions.example import all_knobs

PROJECTOR = "Projector keys: A to D enlarge one panel · Y fixes the y axes · S saves a picture · [ ] draws · E estimator · P back."
MEASURE = ("model", "data", "response")  # nats for other data or another density are not comparable
QUERY = ("run", "settings", "predict", "hide", "text")
HIDEABLE = ("form", "a", "b", "c", "d", "tabs")  # what ?hide=… can hide


def query(text: str) -> dict[str, str]:
    """The parts of the address that the lab uses."""
    return {name: found[-1] for name, found in parse_qs(text.lstrip("?")).items() if name in QUERY}


def link(encoded: str) -> str:
    """The end of an address that restores settings; the page adds its own beginning."""
    return f"?settings={quote(encoded, safe='')}"


def shown_value(knob: Knob, value: Any) -> str:
    """A setting's value as shown in the form."""
    choice = next((choice["label"] for choice in knob["choices"] or () if choice["name"] == value), None)
    return str(choice or (f"{value:.4g}" if isinstance(value, float) else value))


def differences(runs: list[Values]) -> list[str]:
    """For each run, the settings in which the runs differ, in words; the seed only if nothing else differs.

    A run of an earlier version lacks settings that came later: it had their defaults.
    """
    knobs = [{knob["name"]: knob for knob in all_knobs()[run.get("model", FIRST_MODEL)]} for run in runs]
    whole = [
        {name: run.get(name, knob["default"]) for name, knob in own.items()}
        for run, own in zip(runs, knobs, strict=True)
    ]
    names = sorted(
        {name for run in whole for name in run if len({str(other.get(name)) for other in whole}) > 1} - {"stop_at"}
    )
    names = [name for name in names if name != "seed"] or names
    return [
        ", ".join(f"{own[name]['label']} {shown_value(own[name], run[name])}" for name in names if name in own)
        for run, own in zip(whole, knobs, strict=True)
    ]


def nearest_scene(own: Values, catalogue: dict[str, Any]) -> tuple[str, list[str]]:
    """The scene of this model nearest to `own`, the non-default settings: on the same data if there is one, with the fewest other settings.

    Its key, and the settings that differ.
    """
    found = []
    for key, preset in catalogue["presets"].items():
        theirs = {"model": FIRST_MODEL, **preset["settings"]}
        if theirs["model"] == own["model"]:
            other = sorted(name for name in {*own, *theirs} if own.get(name) != theirs.get(name))
            count = len([name for name in other if name != "seed"])
            found.append(("data" in other, count, key, other))
    *_, key, other = min(found, key=lambda each: each[:2])
    return key, other


def departure(settings: Values, catalogue: dict[str, Any]) -> tuple[str, str]:
    """The scene that these settings are nearest to, and in words what differs from it; empty if it is the scene itself."""
    model = settings.get("model", FIRST_MODEL)
    knobs = {knob["name"]: knob for knob in catalogue["models"][model]["knobs"]}
    own = {name: value for name, value in settings.items() if name in knobs and knobs[name]["default"] != value}
    key, other = nearest_scene({**own, "model": model}, catalogue)
    words = (
        f"{knobs[name]['label']} {shown_value(knobs[name], own.get(name, knobs[name]['default']))}" for name in other
    )
    return key, ", ".join(words)


def code(
    values: Values,
    knobs: list[Knob],
    own_data: Mapping[str, tuple[str, str]] | None = None,
    changes: Sequence[tuple[int, Any]] = (),
) -> str:
    """Python for exactly this run, step for step, with its live changes.

    `own_data`: the user's data by name, as an import and an expression. A change without values is a step that diverged.
    """
    changed = [
        f"    {knob['name']}={values[knob['name']]!r},"
        for knob in knobs
        if values[knob["name"]] != knob["default"] and knob["name"] != "model"
    ]
    settings = "\n".join(["settings = Settings(", *changed, ")"]) if changed else "settings = Settings()"
    more, data = (own_data or {}).get(values["data"], ("", ""))
    imports = [more] if more else []
    imports += [
        "from elbo_room.models.training.run import Run",
        f"from elbo_room.models.{values['model']}.settings import Settings",
    ]
    run = f"Run(settings{', ' if data else ''}{data})"
    made = [f"    ({step}, {dict(set_to)!r})," for step, set_to in changes]
    plan = ["changes = [  # live, each after so many steps", *made, "]"] if made else []
    loop = f"for step in {run}{'.with_changes(changes)' if made else ''}:"
    lines = [
        "import torch",
        *imports,
        "",
        "torch.set_num_threads(1)",
        settings,
        *plan,
        loop,
        "    print(step.number, step.elbo)",
    ]
    return "\n".join(lines)
