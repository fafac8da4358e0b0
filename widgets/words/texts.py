"""Words of the drawer and the links: what is computed, this run in Python, earlier runs, help. Plain text, nothing is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote

from elbo_room.models.settings import FIRST_MODEL, Knob, Values
from elbo_room.widgets.sessions.example import all_knobs

HELP = """A  ELBO, a bound on log p(x | θ), in nats per data point at every step; 'terms' splits it and adds log p(θ) and the objective.
   The dark line and the number above: the mean over the last pass through the data (20 to 200 steps), drawn at its middle.
   Dashed grey: the earlier run. Drag to zoom, double click resets. The list has 'evidence': how far the ELBO is from log p(x),
   whether the encoder or q's family loses it, and held-out rows.
B  Variance of the gradient of every estimator at the running model's own parameters, with common noise. The band
   covers the true variance 95 times in 100; an arrow at the top: open: so few replicates give a lower end only.
C  Each point is a data point's posterior mean. Move the pointer to decode that z. Near a point: its posterior ellipse (±2 sd).
   Click two points: a decoded path. Drag around data, or click a class in the legend, to select them; `selection` has their rows.
   With token attention its list has 'attention map': the words that each word attends to; the list next to it chooses the text.
D  KL of each latent dimension from its prior. Below 0.01 nats it has collapsed. Click a bar to walk along that dimension.

Keys, while the focus is in the lab and not in a field: Space run or pause · . one step · R reset · [ ] fewer or more draws
E next estimator · P projector, there also A to D enlarge one panel, Y fixes the y axes,
S saves a picture, K shows these keys.
On the map: arrows, Enter pins, s draws from q, Escape deselects.
⚡ takes effect at the next step, ⟳ starts a new run; the earlier one is kept under Runs. Speed 'slow' shows every step in panel C.
In the address: ?predict=1 covers B until you reveal it; ?hide=form,d hides parts."""


RUNS = "Every run is kept here. Open one to see and continue it; choose up to three (Ctrl-click) and compare them in panel A."
NO_RUNS = "No run is kept yet. Press Run: every run is kept here automatically, even after the page is closed."


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


def run_line(run: dict[str, Any], catalogue: dict[str, Any]) -> str:
    """A saved run in the list of runs, even one whose settings are damaged or have another version."""
    try:
        return _run_line(run, catalogue)
    except Exception:  # noqa: BLE001 - settings from a file may be anything
        return f"{run['identity']}   its settings cannot be read"


def _run_line(run: dict[str, Any], catalogue: dict[str, Any]) -> str:
    """One line for a saved run: when, how far, and what differs from the defaults."""
    scene, words = departure(run["settings"], catalogue)
    changed = ", ".join(part for part in (catalogue["presets"][scene]["label"], words) if part)
    day, clock = run["identity"][:8], run["identity"][9:15]
    elbo = "–" if run.get("elbo") is None else f"{run['elbo']:,.2f}".replace("-", "−")
    when = f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]}:{clock[4:]}"
    return f"{when}   step {run['number']:>7,}   ELBO {elbo:>9}   {changed}"


def shown_value(knob: Knob, value: Any) -> str:
    """A setting's value as shown in the form."""
    choice = next((choice["label"] for choice in knob["choices"] or () if choice["name"] == value), None)
    return str(choice or (f"{value:.4g}" if isinstance(value, float) else value))


def differences(runs: list[Values]) -> list[str]:
    """For each run, the settings in which the runs differ, in words; the seed only if nothing else differs."""
    names = sorted(
        {name for run in runs for name in run if len({str(other.get(name)) for other in runs}) > 1} - {"stop_at"}
    )
    names = [name for name in names if name != "seed"] or names
    found = []
    for run in runs:
        knobs = {knob["name"]: knob for knob in all_knobs()[run["model"]]}
        found.append(
            ", ".join(
                f"{knobs[name]['label']} {shown_value(knobs[name], run[name])}" for name in names if name in knobs
            )
        )
    return found


def nearest_scene(own: Values, catalogue: dict[str, Any]) -> tuple[str, list[str]]:
    """The key of the scene of this model that differs in the fewest settings from `own`, the non-default settings; and those settings."""
    found = []
    for key, preset in catalogue["presets"].items():
        theirs = {"model": FIRST_MODEL, **preset["settings"]}
        if theirs["model"] == own["model"]:
            other = sorted(name for name in {*own, *theirs} if own.get(name) != theirs.get(name))
            found.append((len([name for name in other if name != "seed"]), key, other))
    _, key, other = min(found, key=lambda each: each[0])
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


def code(values: Values, knobs: list[Knob], own_data: Mapping[str, tuple[str, str]] | None = None) -> str:
    """Python for exactly this run, step for step; `own_data`: the user's data by name, as an import and an expression."""
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
    loop = f"for step in Run(settings{', ' if data else ''}{data}):"
    lines = [
        "import torch",
        *imports,
        "",
        "torch.set_num_threads(1)",
        settings,
        loop,
        "    print(step.number, step.elbo)",
    ]
    return "\n".join(lines)


def estimator_line(choice: dict[str, Any], catalogue: dict[str, Any]) -> str:
    """One line for an estimator: label, whether it is biased or has another objective, and what it does."""
    part = catalogue["estimators"][choice["name"]]
    marks = [] if part["unbiased"] else ["biased"]
    marks += ["another objective: the importance-weighted bound"] if part["bound"] == "iwae" else []
    return f"{choice['label']}{' [' + ', '.join(marks) + ']' if marks else ''}   {choice['help']}"


def model_line(values: Values, catalogue: dict[str, Any]) -> str:
    """The model's formula, with the symbols of the chosen parts."""
    model = catalogue["models"][values["model"]]
    symbols = {
        knob["name"]: next(choice["symbol"] for choice in knob["choices"] if choice["name"] == values[knob["name"]])
        for knob in model["knobs"]
        if knob["choices"]
    }
    return str(model["formula"]).format(**{**values, **symbols})


def formula(values: Values, catalogue: dict[str, Any]) -> str:
    """What is computed, for the settings on the screen."""
    part = catalogue["estimators"][values["estimator"]]
    cooling = f"·min(1, {values['cooling']}/t)" if values["cooling"] else ""
    return "\n".join([
        model_line(values, catalogue),
        "ELBO(ν) = E_q[log p(x, z, θ) − log q(z; ν)]        f = log p(x, z_b) − log q(z_b; ν)        s = ∇_ν log q(z_b; ν)",
        f"{part['label']}:   {part['formula']}",
        f"Source: {part['source']}.",
        f"ν ← ν + ρ·Adam(ĝ),  ρ = {values['step_size']:g}{cooling},  B = {values['draws']},  λ = {values['prior_scale']:.3g}",
    ])  # fmt: skip
