"""Panel C: what the predictions of held-out data leave over, y − E y, against the prediction."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "residuals",
    models=("conditional",),
    numbers="residuals.Residuals",
    shows="What the predictions of held-out data points leave over.",
    axes="Across: the prediction. Up: the observed y minus the prediction.",
    reading="A cloud around 0 is noise; a pattern is what the network has not learned.",
    tables={"points": {"predicted": "predicted", "residual": "y − predicted"}},
)


def chart() -> alt.LayerChart | alt.Chart:
    """A point a held-out data point; a pattern is what the network has not learned."""
    x = alt.X("predicted:Q", scale=scale("x"), title="predicted", axis=alt.Axis(tickCount=5))
    y = alt.Y("residual:Q", scale=scale("y"), title="y − predicted", axis=alt.Axis(tickCount=5))
    return finish(
        named("points").mark_circle(clip=True, color=theme.BLUE, size=22).encode(x=x, y=y),
        "Residuals of held-out data",
        ranges(),
        right=12,
        datasets={"points": {"mode": "bars", "fields": ["predicted", "residual"]}},
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
