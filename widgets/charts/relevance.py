"""How much each input counts: the scale λⱼ of its weights, its attention, or how far its weights are selected."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "relevance",
    models=("conditional",),
    place=0,
    numbers="relevance.Relevance",
    shows="Which inputs the model uses: the scale λ of an input's weights, its attention, or how far its weights are selected.",
    axes="One row per input. Across: the scale λ, the attention, or the selection.",
    reading=(
        "Grey inputs are switched off: their λ is less than a tenth of the largest, their attention is below the average, or their "
        "weights are selected no more than before any data (1). A whisker is the central 95 % of λ's q, or of the data's attention."
    ),
    tables={"bars": {"dimension": "input", "value": "relevance", "low": "95 % from", "high": "to"}},
)


def chart() -> alt.LayerChart:
    """Bars: the relevance; a whisker where it has a spread (its central 95 %). Grey: switched off."""
    x = alt.X("value:Q", scale=scale("x"), title="λⱼ, attention Aⱼ, or selection of wⱼ", axis=alt.Axis(tickCount=5))
    y = alt.Y(
        "dimension:O", title=None, sort="ascending", scale=alt.Scale(paddingInner=0.25, paddingOuter=0.15),
        axis=None,
    )  # fmt: skip
    states = alt.Color("state:N", scale=alt.Scale(domain=[0, 1], range=list(theme.KL_STATES)), legend=None)
    bars = named("bars")
    names = bars.mark_text(align="right", dx=-6, fontSize=theme.SMALL, color=theme.INK, limit=100)
    size = alt.ExprRef(expr="min(22, bandwidth('y'))")
    return finish(
        alt.layer(
            bars.mark_bar(cornerRadiusEnd=2, clip=True, size=size).encode(x=x.stack(None), y=y, color=states),
            bars.mark_rule(color=theme.INK, size=1.5, clip=True).encode(
                x=alt.X("low:Q", scale=scale("x")), x2="high:Q", y=y
            ),
            bars.mark_text(align="left", dx=4, fontSize=theme.SMALL, color=theme.MUTED).encode(
                x=alt.X("high:Q", scale=scale("x")), y=y, text=alt.Text("value:Q", format=".2r")
            ),
            names.encode(x=alt.value(0), y=y, text="word:N"),
        ),
        "Relevance of each input",
        ranges(),
        right=40,
        left=112,
        datasets={
            "bars": {
                "mode": "bars",
                "fields": ["dimension", "value", "low", "high", "state"],
                "x": "high",
                "words": "dimension",
            }
        },
        x={"scale": "linear", "least": 1e-3, "zero": True},
        y={"band": "dimension"},
    )
