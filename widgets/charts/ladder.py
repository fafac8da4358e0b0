"""Panel D of a deep exponential family, flipped: the same gradient with less noise on each rung, from the plain score to the path."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import IS_OPEN, POWERS, finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "variance ladder",
    models=("deep_exponential_family",),
    place=1,
    numbers="ladder.Ladder",
    shows="The same gradient with less noise on each rung, from the plain score to the path derivative.",
    axes="One row per rung. Across: the summed variance of the gradient ĝ in nats², on a log scale.",
    reading=(
        "Each rung leaves out terms whose mean is zero. A rung that is no shorter than the one above it has "
        "nothing to leave out."
    ),
    tables={
        "bars": {
            "rung": "rung, from the whole batch (0) to the path (4)",
            "value": "nats²",
            "low": "95 % from",
            "high": "to",
        }
    },
)

RUNGS = ("whole batch", "plate", "Markov blanket", "leave-one-out", "path")


def chart() -> alt.LayerChart:
    """Σ Var(ĝ) of a site's ν: score with f of the whole batch, of the plate, of the Markov blanket; leave-one-out on it; path."""
    x = alt.X(
        "value:Q", scale=scale("x", "log"), title="variance of the gradient, nats² (ELBO per data point)", axis=POWERS
    )
    y = alt.Y(
        "rung:O", title=None, sort="ascending", scale=alt.Scale(domain=list(range(len(RUNGS))), paddingInner=0.3),
        axis=alt.Axis(labelExpr=f"{list(RUNGS)}[datum.value]", ticks=False, domain=False, labelLimit=96, minExtent=88, maxExtent=88),
    )  # fmt: skip
    bars = named("bars")
    return finish(
        alt.layer(
            named("site")
            .mark_text(align="right", baseline="bottom", dy=-4, fontSize=theme.SMALL, color=theme.MUTED)
            .encode(x=alt.XValue("width"), y=alt.YValue("height"), text="word:N"),
            bars.mark_bar(clip=True, color=theme.BLUE, opacity=0.85).encode(x=x.stack(None), x2="floor:Q", y=y),
            bars.mark_rule(clip=True, color=theme.INK).encode(
                x=alt.X("low:Q", scale=scale("x", "log")), x2="high:Q", y=y
            ),
            bars.transform_calculate(
                end=f"{IS_OPEN} ? datum.value : datum.high",
                word=f"({IS_OPEN} ? '≥ ' + format(datum.low, '.2~g') : format(datum.value, '.2~g'))",
            )
            .mark_text(align="left", dx=6, fontSize=theme.SMALL, color=theme.MUTED)
            .encode(x=alt.X("end:Q", scale=scale("x", "log")), y=y, text="word:N"),
        ),
        "Variance ladder, one set of parameters",
        ranges(),
        right=56,
        left=96,
        plain=True,
        datasets={
            "bars": {"mode": "bars", "fields": ["rung", "value", "floor", "low", "high"]},
            "site": {"mode": "bars", "fields": ["index"], "words": "index"},
        },
        x={"scale": "log"},
        y={"band": "rung"},
    )
