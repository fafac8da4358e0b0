"""Words of the drawer and the links: what is computed, this run in Python, earlier runs, help. Plain text, nothing is evaluated."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote

from models.settings import FIRST_MODEL, Knob, Values

HELP = """A  ELBO per datum in nats at every step; 'terms' splits it. Dashed grey: the earlier run. Drag to zoom, double click resets.
B  Variance of the gradient of every estimator at the running model's own parameters, with common noise; the band is ±2 standard errors.
C  Each point is a datum's posterior mean. Move the pointer: the decoder's picture of that z. Near a point: its posterior ellipse (±2 sd).
   Click two places: a decoded path. Drag around data, or click a class in the key: they are selected, and `selection` has their rows.
D  KL of each latent dimension from its prior. Below 0.01 nats it has collapsed. Click a bar to walk along that dimension.

Keys, while the focus is in the lab and not in a field: Space run or pause · . one step · R reset · [ ] fewer or more draws
E next estimator · P projector. On the map: arrows, Enter pins, s draws from q, Escape lets go.
⚡ acts at the next step, ⟳ starts a new run; the earlier one is kept under Runs."""


def query(text: str) -> dict[str, str]:
    """The parts of the address the lab reads."""
    return {name: found[-1] for name, found in parse_qs(text.lstrip("?")).items() if name in ("run", "settings")}


def link(encoded: str) -> str:
    """The end of an address that restores settings; the page puts its own beginning before it."""
    return f"?settings={quote(encoded, safe='')}"


def run_line(run: dict[str, Any], catalogue: dict[str, Any]) -> str:
    """One line for a saved run: when, how far, and what differs from the defaults."""
    knobs = catalogue["models"][run["settings"].get("model", FIRST_MODEL)]["knobs"]
    defaults = {knob["name"]: knob["default"] for knob in knobs}
    changed = ", ".join(f"{name} {value}" for name, value in run["settings"].items() if defaults.get(name) != value)
    day, clock = run["identity"][:8], run["identity"][9:15]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]}:{clock[4:]}   step {run['number']:,}   {changed or 'default settings'}"


def code(values: Values, knobs: list[Knob]) -> str:
    """Python that makes exactly this run, step for step."""
    changed = [
        f"    {knob['name']}={values[knob['name']]!r},"
        for knob in knobs
        if values[knob["name"]] != knob["default"] and knob["name"] != "model"
    ]
    settings = "\n".join(["settings = Settings(", *changed, ")"]) if changed else "settings = Settings()"
    lines = [
        "import torch", "from models.inference.run import Run", f"from models.{values['model']}_settings import Settings", "",
        "torch.set_num_threads(1)", settings, "for step in Run(settings):", "    print(step.number, step.elbo)",
    ]  # fmt: skip
    return "\n".join(lines)


def estimator_line(choice: dict[str, Any], catalogue: dict[str, Any]) -> str:
    """One line for an estimator: label, what it costs in truth or comparability, and what it does."""
    part = catalogue["estimators"][choice["name"]]
    marks = [] if part["unbiased"] else ["biased"]
    marks += ["another objective: the importance-weighted bound"] if part["bound"] == "iwae" else []
    return f"{choice['label']}{' [' + ', '.join(marks) + ']' if marks else ''}   {choice['help']}"


def model_line(values: Values, catalogue: dict[str, Any]) -> str:
    """The model's own formula, with the symbols of the chosen parts in it."""
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
    return "\n".join([
        model_line(values, catalogue),
        "ELBO(ν) = E_q[log p(x, z, θ) − log q(z; ν)]        f = log p(x, z_b) − log q(z_b; ν)        s = ∇_ν log q(z_b; ν)",
        f"{part['label']}:   {part['formula']}",
        f"Source: {part['source']}.",
        f"ν ← ν + ρ·Adam(ĝ),  ρ = {values['step_size']:g},  B = {values['draws']},  λ = {values['prior_scale']:.3g}",
    ])  # fmt: skip


def drawer(name: str, values: Values, knobs: list[Knob], catalogue: dict[str, Any]) -> str:
    """The text of one drawer."""
    return {"Formula": lambda: formula(values, catalogue), "Code": lambda: code(values, knobs), "Help": lambda: HELP}[
        name
    ]()
