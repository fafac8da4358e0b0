"""Panel A: the ELBO over the steps, on request split into its terms, with earlier runs, and the band of several seeds."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import MODE_OF_LINES, STEPS, by_series, ends, finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "a",
    "ELBO",
    place=0,
    shows=(
        "The ELBO (evidence lower bound), a lower bound on log p(x), at every step. The dark line is its mean "
        "over the last pass through the data."
    ),
    axes=(
        "Across: optimiser steps. Up: nats per data point; nats are natural units of information, 1 nat = 1.44 bits."
    ),
    reading=(
        "Higher is better. A ragged line means noisy gradients, a level one that training has converged. Dashed "
        "grey: an earlier run of the same model and data. EM: the bound with the exact posterior of a linear Gaussian "
        "model, an iteration a step. Drag to zoom, double-click resets."
    ),
    tables={
        "lines": {"step": "step", "value": "nats per data point"},
        "seeds": {"step": "step", "mean": "mean, nats per data point", "low": "mean − sd", "high": "mean + sd"},
    },
)

# Five figures and a sign would reach into the axis' title.
THOUSANDS = "abs(datum.value) >= 1000 ? format(datum.value / 1000, '~r') + 'k' : datum.label"


def chart() -> alt.LayerChart:
    """ELBO = E[log p(x | z)] − KL(q ‖ p(z)), a bound on log p(x | θ) in nats per data point; `split` shows its terms.

    `split` also shows log p(θ)/N of a point estimate θ, and the objective that is climbed, where it is not the ELBO. With `faint` every
    step's ELBO recedes behind its running mean. Of a linear decoder the exact log p(x), its maximum and EM are lines too.
    """
    look = by_series(theme.ELBO)
    x = alt.X("step:Q", scale=scale("x"), title="step", axis=STEPS)
    y = alt.Y("value:Q", scale=scale("y"), title="nats per data point", axis=alt.Axis(tickCount=5, labelExpr=THOUSANDS))
    changes = named("changes").mark_rule(color=theme.RULE, strokeDash=[1, 3], clip=True).encode(x=x)
    beside = {
        "angle": 270,
        "align": "right",
        "baseline": "top",
        "dx": -3,
        "dy": 2,
        "fontSize": theme.SMALL,
        "clip": True,
    }
    encoding = {"x": x, "y": alt.YValue(0), "text": "word:N"}
    change_back = named("changes").mark_text(stroke=theme.BACK, strokeWidth=4, **beside).encode(**encoding)
    change_words = named("changes").mark_text(color=theme.INK, **beside).encode(**encoding)
    levels = named("levels")
    yardsticks = levels.mark_rule(color=theme.MUTED, strokeDash=[6, 3], size=1.2, clip=True).encode(y=y)
    place = {"x": alt.XValue(0), "y": y, "text": "word:N"}
    look_of = {
        "align": "left",
        "baseline": "top",
        "dx": 4,
        "dy": 3,
        "fontSize": theme.SMALL,
    }  # a curve begins far below its bound
    halo = levels.mark_text(stroke=theme.BACK, strokeWidth=4, **look_of).encode(
        **place
    )  # a line behind the words must not hide them
    words = levels.mark_text(color=theme.INK, **look_of).encode(**place)
    seeds = named("seeds")
    span = seeds.mark_area(color=theme.BLUE, opacity=0.22, clip=True).encode(
        x=x, y=alt.Y("low:Q", scale=scale("y")), y2="high:Q"
    )
    middle = seeds.mark_line(color=theme.INK, strokeWidth=1.4, clip=True).encode(
        x=x, y=alt.Y("mean:Q", scale=scale("y"))
    )
    failure = named("failure").mark_point(shape="cross", angle=45, size=160, color=theme.VERMILLION, filled=True, clip=True).encode(
        x=x, y=y
    )  # fmt: skip
    lines = named("lines").mark_line(clip=True, strokeJoin="round").encode(
        x=x, y=y, color=look["color"], strokeDash=look["strokeDash"],
        strokeWidth=alt.condition(
            f"datum.series == {theme.MEAN} || datum.series == 0 && !faint", alt.value(theme.ELBO[0].width), alt.value(1.5)
        ),
        opacity=alt.when("datum.series == 0 && faint").then(alt.value(0.3)).when("datum.series == 4").then(alt.value(0.75))
        .otherwise(alt.value(1)),
    )  # fmt: skip
    return finish(
        alt.layer(changes, span, yardsticks, lines, middle, failure, halo, words, change_back, change_words, ends()),
        "Evidence lower bound",
        [*ranges(), alt.param(name="split", value=False), alt.param(name="faint", value=False)],
        right=96,
        datasets={
            "lines": MODE_OF_LINES,
            "seeds": {"mode": "bars", "fields": ["step", "mean", "low", "high"]},
            "failure": {"mode": "bars", "fields": ["step", "value"]},
            "changes": {"beside": True, "mode": "bars", "fields": ["step", "index"], "words": "index"},
            "levels": {
                "beside": True,
                "mode": "bars",
                "fields": ["value", "index"],
                "words": "index",
            },  # yardsticks, named by the labels
            "ends": {"mode": "ends"},
        },
        series=[one.as_dict() for one in theme.ELBO],
        x={"scale": "linear", "zoom": "step", "word": "step"},
        y={"scale": "linear", "robust": True, "unit": "nats"},
    )
