"""Formulas typeset: MathML for the drawer, tooltips and notebooks, each term in the colour of its curve.

A term lights with the controls and the curves whose names it has in `data-light`: a knob's name, or one of `TERMS`.
"""

from __future__ import annotations

import html
from typing import Any

from elbo_room.models import mathml as typeset
from elbo_room.models.formulas import filled, numbers, shown
from elbo_room.models.settings import Knob, Values
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.theme import DARK, ELBO, Series

TERMS: dict[str, Series] = {series.light: series for series in reversed(ELBO) if series.light}
DRAWN = ("latent_size", "components")  # not live, but bounds of a sum
HINT = "Point at a term: its control and its curve light up. Point at a control, or at a curve's name: its terms do."


def mathml(name: str, *, block: bool = False) -> str:
    """The formula of one draw's gradient by this estimator, named as in the catalogue, as a `<math>` element."""
    return typeset.mathml(typeset.latex_of(catalogue()["estimators"][name]["symbol"]), block=block)


def rows(values: Values, found: dict[str, Any]) -> list[tuple[str, str]]:
    """The formula that these settings compute, line by line: what a line is, and its MathML."""
    model = found["models"][values["model"]]
    knobs, lines = model["knobs"], [*model["lines"], *found["lines"]]
    made = [
        (each["label"], typeset.mathml(filled(each, values, knobs))) for each in lines if shown(each, values, knobs)
    ]
    return made if model["lines"] else [("Model", typeset.mathml(typeset.latex_of(model["symbol"]))), *made]


def numbers_now(values: Values, knobs: list[Knob]) -> str:
    """The numbers of the formula as they are set: B = 4, ρ = 0.005, …, each lights its control."""
    return "\u2003".join(
        f'<span class="elbo-term elbo-now" data-light="{knob["name"]}">'
        f"{typeset.mathml(typeset.latex_of(symbol))} = {values[knob['name']]:g}</span>"
        for symbol, knob in numbers(knobs, values).items()
        if values[knob["name"]] and (knob["live"] or knob["name"] in DRAWN)
    )


def sheet(values: Values, found: dict[str, Any]) -> str:
    """The drawer's formula as HTML."""
    part, knobs = found["estimators"][values["estimator"]], found["models"][values["model"]]["knobs"]
    scrolls = '<dd tabindex="0">'  # a long formula, also by keyboard
    lines = [f"<div><dt>{html.escape(words)}</dt>{scrolls}{math}</dd></div>" for words, math in rows(values, found)]
    lines.append(f"<div><dt>Now</dt><dd>{numbers_now(values, knobs)}</dd></div>")
    lines.append(f"<div><dt>{html.escape(part['label'].capitalize())}</dt><dd>{html.escape(part['source'])}</dd></div>")
    return f'<dl class="elbo-formulas">{"".join(lines)}</dl><p class="elbo-quiet">{HINT}</p>'


def style() -> str:
    """The colours of the terms, those of the curves' names, on a light and on a dark page."""
    rules = []
    for name, series in TERMS.items():
        term, dark = f'.elbo-term[data-light~="{name}"]', DARK.get(series.ink, series.ink)
        rules += [
            f"{term} {{ color: {series.ink}; }}",
            f'[data-jp-theme-light="false"] {term} {{ color: {dark}; }}',
            f"@media (prefers-color-scheme: dark) {{ body:not([data-jp-theme-light]) {term} {{ color: {dark}; }} }}",
        ]
    return "\n".join(rules)
