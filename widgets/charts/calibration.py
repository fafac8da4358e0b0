"""Panel C, second view: is the stated uncertainty right? Predicted against observed frequency on held-out data."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.fit import diagonal
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "calibration",
    models=("conditional",),
    place=3,
    choices=("bands",),
    numbers="calibration.Calibration",
    shows="Whether the stated uncertainty is right, on held-out data.",
    axes="Across: the predicted probability. Up: how often it came true.",
    reading=(
        "On the dashed line probabilities are frequencies. Below it the model is overconfident, above it too cautious."
    ),
    tables={
        "points": {
            "predicted": "predicted probability",
            "observed": "observed frequency",
            "low": "− 2 standard errors",
            "high": "+ 2 standard errors",
        }
    },
)


def chart() -> alt.LayerChart:
    """Classes: how often the most probable class is the right one, by its probability. Numbers: how often y is below each quantile.

    On the dashed line where the model's probabilities are frequencies; whiskers are two standard errors.
    """
    x = alt.X("predicted:Q", scale=scale("x"), title="predicted probability", axis=alt.Axis(tickCount=5))
    y = alt.Y("observed:Q", scale=scale("y"), title="observed frequency", axis=alt.Axis(tickCount=5))
    points = named("points")
    whiskers = points.mark_rule(clip=True, color=theme.GREEN, opacity=0.6).encode(
        x=x, y=alt.Y("low:Q", scale=scale("y")), y2="high:Q"
    )
    line = points.mark_line(clip=True, color=theme.GREEN, strokeWidth=1.5).encode(x=x, y=y)
    return finish(
        alt.layer(
            diagonal(), whiskers, line, points.mark_circle(clip=True, color=theme.GREEN, size=30).encode(x=x, y=y)
        ),
        "Calibration on held-out data",
        ranges(),
        right=12,
        datasets={
            "points": {"mode": "bars", "fields": ["predicted", "observed", "low", "high"]},
            "diagonal": {"mode": "bars", "fields": ["at"]},
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
