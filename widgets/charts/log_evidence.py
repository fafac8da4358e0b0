"""Panel A, flipped: how far below log p(x) the ELBO is, and whether that is due to the encoder or to the family of q."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale, solid
from elbo_room.widgets.painting.views import View

VIEW = View(
    "a",
    "evidence",
    models=("deep_generative",),
    place=1,
    empty="The evidence is estimated after five seconds of training, or at once when the run is paused.",
    shows="How far the ELBO is below log p(x), and whether the encoder or the family of q loses it.",
    axes="Across: the number of draws K of the importance-weighted bound, on a log scale. Up: nats per data point.",
    reading=(
        "The curves rise towards log p(x) as K grows. The bars at K = 1 are the two gaps: a long amortisation gap"
        " asks for a better encoder, a long approximation gap for a richer q."
    ),
    tables={
        "curve": {"series": "of", "draws": "draws K", "value": "nats per data point", "low": "95 % from", "high": "to"},
        "levels": {"series": "of", "value": "nats per data point", "low": "95 % from", "high": "to"},
        "gaps": {"series": "gap", "low": "from, nats per data point", "high": "to, nats per data point"},
    },
)


def chart() -> alt.LayerChart:
    """L_K = E log (1/K) Σ w against K, band: 95 % over the draws; rules: annealing, the exact value; bars at K = 1: the two gaps."""
    powers = alt.Axis(values=[4**k for k in range(8)])
    x = alt.X("draws:Q", scale=scale("x", "log"), title="draws K of the importance-weighted bound", axis=powers)
    y = alt.Y("value:Q", scale=scale("y"), title="nats per data point", axis=alt.Axis(tickCount=5))
    color = solid(theme.EVIDENCE)
    low = alt.Y("low:Q", scale=scale("y"))
    curve, levels, gaps = named("curve"), named("levels"), named("gaps")
    names = named("names").transform_calculate(ink=f"{[one.ink for one in theme.EVIDENCE]}[datum.series]")
    return finish(
        alt.layer(
            levels.mark_rect(clip=True, opacity=0.18).encode(y=low, y2="high:Q", color=color),
            levels.mark_rule(clip=True, strokeWidth=1.4).encode(
                y=y,
                color=color,
                strokeDash=alt.condition("datum.series == 3", alt.value([5, 3]), alt.value([1, 0])),
            ),
            curve.mark_area(clip=True, opacity=0.18).encode(x=x, y=low, y2="high:Q", color=color),
            curve.mark_line(clip=True, point=alt.OverlayMarkDef(size=18)).encode(x=x, y=y, color=color),
            gaps.mark_rule(clip=True, strokeWidth=5, opacity=0.75).encode(x=x, y=low, y2="high:Q", color=color),
            names.mark_text(align="left", baseline="middle", fontSize=theme.SMALL).encode(
                x=alt.value(alt.ExprRef("width + 6")), y=y, text="word:N", color=alt.Color("ink:N", scale=None)
            ),
        ),
        "From the ELBO to log p(x)",
        ranges(x_low=0.7),
        right=112,
        datasets={
            "curve": {"mode": "bars", "fields": ["draws", "value", "low", "high", "series"]},
            "levels": {"mode": "bars", "fields": ["value", "low", "high", "series"]},
            "gaps": {"mode": "bars", "fields": ["draws", "low", "high", "series"]},
            "names": {"mode": "bars", "fields": ["value", "series", "index"], "words": "index"},
        },
        plain=True,
        x={"scale": "log"},
        y={"scale": "linear"},
    )
