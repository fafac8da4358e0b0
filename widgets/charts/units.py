"""Panel D of a deep exponential family: how many nats every unit of every layer carries, and how active it is."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "KL per unit",
    models=("deep_exponential_family",),
    place=0,
    shows="How much information every unit of every layer carries.",
    axes="Units side by side, layer by layer. Up: KL divergence in nats per data point.",
    reading="A bar near zero is an unused unit. Bluer units are more active on average.",
    tables={
        "bars": {
            "layer": "layer",
            "unit": "unit",
            "value": "KL, nats per data point",
            "activity": "mean activity, of the layer's largest",
        }
    },
)


def chart() -> alt.LayerChart:
    """E_q[log q(z_k) − log p(z_k | above)] per data point, unit by unit; the shade is its mean activity within its layer."""
    x = alt.X("x:Q", scale=scale("x"), axis=None)
    y = alt.Y("value:Q", scale=scale("y"), title="nats per data point", axis=alt.Axis(tickCount=4))
    shade = alt.Color("activity:Q", scale=alt.Scale(domain=[0, 1], range=["#C9C9C9", theme.BLUE]), legend=None)
    bars = named("bars")
    return finish(
        alt.layer(
            bars.mark_rule(clip=True).encode(
                x=x, y=y, y2="floor:Q", color=shade, strokeWidth=alt.StrokeWidth("size:Q", scale=None)
            ),
            named("names")
            .mark_text(align="left", baseline="top", dy=6, color=theme.MUTED, fontSize=theme.SMALL)
            .encode(x=x, y=alt.YValue("height"), text="word:N"),
        ),
        "KL divergence of every unit",
        ranges(),
        right=12,
        plain=True,
        datasets={
            "bars": {"mode": "bars", "fields": ["x", "value", "floor", "activity", "size"], "named": ["layer"]},
            "names": {"mode": "bars", "fields": ["x", "index"], "words": "index"},
        },
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
