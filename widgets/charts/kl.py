"""Panel D: how many nats each latent dimension carries, and which ones have collapsed; a strip, so that the pictures have the room."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "KL per z",
    models=("deep_generative",),
    place=0,
    strip=True,
    shows=(
        "How much information each latent dimension carries: the KL divergence of q from the prior, averaged over"
        " the data."
    ),
    axes="Across: the latent dimensions. Up: nats per data point.",
    reading=(
        "Below the dashes (0.01 nats) a dimension has collapsed: the decoder ignores it. Click a bar to walk "
        "along that dimension."
    ),
    tables={
        "bars": {"dimension": "latent dimension", "value": "KL, nats per data point"},
        "theory": {"dimension": "latent dimension", "value": "KL in closed form, nats"},
        "marked": {"dimension": "latent dimension", "value": "KL of the selected data, nats"},
    },
)

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
NAMES = [f"z{k}".translate(SUBSCRIPTS) for k in range(1, 33)]
ROOM = 34  # pixels of a dimension that its number needs


def chart() -> alt.LayerChart:
    """KL(q(zₖ) ‖ p(zₖ)), averaged over the data; below 0.01 nats (dashed) a dimension carries no information about the data.

    Dark ticks: the theoretical value, where a closed form is known. A red tick: the average over the data that are selected on the map.
    """
    y = alt.Y("value:Q", scale=scale("y"), title="nats", axis=alt.Axis(tickCount=3))
    x = alt.X(
        "dimension:O", title=None, sort="ascending", scale=alt.Scale(paddingInner=0.25, paddingOuter=0.15),
        axis=alt.Axis(
            labelExpr=f"{NAMES}[datum.value] || 'z' + (datum.value + 1)", labelAngle=0, ticks=False, domain=False, labelPadding=5,
        ),
    )  # fmt: skip
    states = alt.Color("state:N", scale=alt.Scale(domain=[0, 1], range=list(theme.KL_STATES)), legend=None)
    bars, theory = named("bars"), named("theory")
    wide = "min(46, bandwidth('x'))"
    return finish(
        alt.layer(
            bars.mark_bar(cornerRadiusEnd=2, clip=True, size=alt.ExprRef(expr=wide)).encode(
                x=x, y=y.stack(None), color=states
            ),
            bars.transform_calculate(
                label=f"datum.value < {theme.COLLAPSE} ? '< {theme.COLLAPSE}' : format(datum.value, '.2f')"
            )
            .mark_text(
                baseline="bottom",
                dy=-2,
                fontSize=theme.SMALL,
                color=theme.MUTED,
                opacity=alt.ExprRef(expr=f"bandwidth('x') < {ROOM} ? 0 : 1"),
            )
            .encode(x=x, y=y.stack(None), text="label:N"),
            *(
                theory.mark_tick(orient="horizontal", thickness=thick, color=ink, clip=True).encode(
                    x=x, y=y.stack(None)
                )
                for thick, ink in ((4.5, theme.PAPER), (2.5, theme.INK))
            ),
            bars.mark_rule(color=theme.INK, strokeDash=[3, 3], size=1).encode(y=alt.YDatum(theme.COLLAPSE)),
            named("marked")
            .mark_tick(
                orient="horizontal",
                color=theme.ORANGE,
                opacity=1,
                thickness=4,
                clip=True,
                size=alt.ExprRef(expr="min(56, bandwidth('x'))"),
            )
            .encode(x=x, y=y),
        ),
        "KL divergence from the prior",
        ranges(),
        right=12,
        bottom=24,
        datasets={
            "bars": {"mode": "bars", "fields": ["dimension", "value", "state"], "x": "value"},
            "theory": {"mode": "bars", "fields": ["dimension", "value"]},  # where a closed form is known
            "marked": {"mode": "bars", "fields": ["dimension", "value"]},
        },
        x={"band": "dimension"},
        y={"scale": "linear", "least": 0.1, "zero": True},
    )
