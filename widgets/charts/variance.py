"""Panel B, the signature of the lab: every estimator's gradient variance at the same parameters, over the steps."""

import altair as alt

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets.charts.frame import (
    MODE_OF_LINES,
    POWERS,
    STEPS,
    bands,
    by_series,
    ends,
    estimators,
    finish,
    named,
    ranges,
    scale,
)
from elbo_room.widgets.painting.views import View

VIEW = View("b", "against step", place=0)


def chart() -> alt.LayerChart:
    """Σᵢ Var[ĝᵢ] on a log scale; the band holds the true variance 95 times in 100; `active` is the one in use."""
    shown = estimators()
    look = by_series(shown)
    x = alt.X("step:Q", scale=scale("x"), title="step", axis=STEPS)
    y = alt.Y("value:Q", scale=scale("y", "log"), title="Var(ĝ), nats²", axis=POWERS)
    color, active = look["color"], "datum.series == active"
    lines = (
        named("lines")
        .mark_line(clip=True, strokeJoin="round", point=alt.OverlayMarkDef(size=14, filled=True))
        .encode(
            x=x,
            y=y,
            color=color,
            strokeDash=look["strokeDash"],
            strokeWidth=alt.condition(active, alt.value(3.2), alt.value(1.5)),
        )
    )
    return finish(
        alt.layer(bands(x, color), lines, ends()),
        "Variance of ĝ",
        [*ranges(), alt.param(name="active", value=-1)],
        right=122,
        datasets={"lines": {**MODE_OF_LINES, "band": ["low", "high"], "open": OPEN}, "ends": {"mode": "ends"}},
        series=[one.as_dict() for one in shown],
        x={"scale": "linear", "zoom": "step", "word": "step"},
        y={"scale": "log", "unit": "nats²"},
    )
