"""Panel A of a conditional model, flipped: log p(y) against the ELBO and Laplace, for this run and for others like it."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "a",
    "log p(y)",
    models=("conditional",),
    place=1,
    numbers="evidence_gap.EvidenceGapPicture",
    study="evidence",
    asks="Measure log p(y)",
    empty="“Measure log p(y)” estimates it for this run and for the same run with other q, λ and widths.",
    shows=(
        "log p(y) of this run, and of the same run trained with other families of q, other λ and other widths, each beside its ELBO "
        "and Laplace's approximation. It belongs to the run's data and settings and goes when these change."
    ),
    axes="One row a run. Across: nats per data point.",
    reading=(
        "Black: log p(y) by bridge sampling from the draws of NUTS, ±2 standard errors. Blue: the ELBO; the bar between them is the "
        "gap, KL(q ‖ p(w | y)), in nats for all data at the right. Orange: Laplace, exact where the posterior is Gaussian. A richer q "
        "shortens the bar and leaves the black mark where it is; λ and width move the mark."
    ),
    tables={
        "rows": {
            "index": "run",
            "value": "log p(y), nats per data point",
            "low": "− 2 standard errors",
            "high": "+ 2",
            "elbo": "ELBO",
            "laplace": "Laplace",
            "gap": "gap, nats for all data",
            "k": "Pareto's k̂ of q",
        }
    },
)


def chart() -> alt.LayerChart:
    """Bars from the ELBO (dot) to log p(y) (stroke with whiskers), and Laplace as a diamond; names at the left, gaps at the right."""
    x = {"scale": scale("x")}
    y = alt.Y(
        "row:Q",
        scale=alt.Scale(
            domainMin=alt.ExprRef(expr="yLow"),
            domainMax=alt.ExprRef(expr="yHigh"),
            nice=False,
            zero=False,
            reverse=True,
        ),
        axis=None,
    )
    rows = named("rows")
    title = {"title": "nats per data point", "axis": alt.Axis(tickCount=5)}
    names = named("rows").mark_text(align="right", baseline="middle", fontSize=theme.SMALL, color=theme.INK)
    gaps = named("gaps").mark_text(align="left", baseline="middle", fontSize=theme.SMALL, color=theme.MUTED)
    return finish(
        alt.layer(
            rows.mark_rule(clip=True, color=theme.BLUE, strokeWidth=5, opacity=0.35).encode(
                x=alt.X("elbo:Q", **title, **x), x2="value:Q", y=y
            ),
            rows.mark_point(clip=True, color=theme.ORANGE, shape="diamond", size=60, filled=True).encode(
                x=alt.X("laplace:Q", **x), y=y
            ),
            rows.mark_circle(clip=True, color=theme.BLUE, size=46, opacity=1).encode(x=alt.X("elbo:Q", **x), y=y),
            rows.mark_rule(clip=True, color=theme.INK, strokeWidth=1.6).encode(x=alt.X("low:Q", **x), x2="high:Q", y=y),
            rows.mark_tick(clip=True, color=theme.INK, thickness=2.4, size=13).encode(x=alt.X("value:Q", **x), y=y),
            names.encode(x=alt.value(-8), y=y, text="word:N"),
            gaps.encode(x=alt.value(alt.ExprRef("width + 8")), y=y, text="word:N"),
        ),
        "log p(y) against the ELBO",
        ranges(),
        left=120,
        right=84,
        datasets={
            "rows": {
                "mode": "bars",
                "fields": ["row", "index", "elbo", "value", "low", "high", "laplace", "gap", "k"],
                "words": "index",
            },
            "gaps": {"mode": "bars", "fields": ["row", "index"], "words": "index"},
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
