"""Panel D: the middle 90 % of each unknown under q, and below it under the posterior that NUTS draws on request."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "d",
    "q against NUTS",
    models=("conditional", "deep_generative"),
    place=6,
    numbers="posterior.PosteriorPicture",
    study="nuts",
    asks="Run NUTS",
    empty="The middle 90 % of each unknown under q comes with the next step; “Run NUTS” draws the posterior itself beside it.",
    shows=(
        "Each unknown under q (blue) and under the exact posterior (black) that NUTS draws for models with at most 200 unknowns. "
        "The draws belong to the run's data and settings and go when these change."
    ),
    axes="Across: the unknowns. Up: their values; a bar is the middle 90 %, the dot the median.",
    reading=(
        "R̂ compares the chains: 1 means that they agree, above 1.01 that they do not. ESS is how many independent draws the draws are "
        "worth; below 400 the tails are rough. Divergences are trajectories that failed: with any, a narrow part of the posterior may "
        "be missing. W₂ is the Wasserstein distance of q from the draws, in units of the unknowns (in brackets: what chance makes of "
        "none). Missing is 1 − Var q/Var NUTS, the share of the variance that q lacks. k̂ is the tail index of q's importance weights: "
        "below 0.7 they correct expectations under q, as the table's column PSIS does for the means."
    ),
    tables={
        "unknowns": {
            "unknown": "unknown",
            "q_low": "q: 5 %",
            "q_middle": "50 %",
            "q_high": "95 %",
            "low": "NUTS: 5 %",
            "middle": "50 %",
            "high": "95 %",
            "psis": "mean, corrected by PSIS",
            "r_hat": "R̂",
            "size": "ESS",
            "missing": "missing variance, %",
            "distance": "W₂",
        }
    },
)


def chart() -> alt.LayerChart:
    """Bars from the 5 % to the 95 % quantile and dots at the median: q to the left in blue, NUTS to the right in ink."""
    x = {"scale": scale("x"), "title": "unknown", "axis": alt.Axis(tickCount=6, format="d", tickMinStep=1)}
    y = {"scale": scale("y")}
    unknowns = named("unknowns")
    q = unknowns.transform_calculate(at="datum.place - 0.18")
    nuts = unknowns.transform_filter("drawn").transform_calculate(at="datum.place + 0.18")
    color = {"q": theme.BLUE, "nuts": theme.INK}

    def interval(points: alt.Chart, low: str, middle: str, high: str, ink: str) -> list[alt.Chart]:
        at = alt.X("at:Q", **x)
        return [
            points.mark_rule(clip=True, color=ink, strokeWidth=2.2, opacity=0.75).encode(
                x=at, y=alt.Y(f"{low}:Q", title="value", axis=alt.Axis(tickCount=5), **y), y2=f"{high}:Q"
            ),
            points.mark_circle(clip=True, color=ink, size=22, opacity=1).encode(x=at, y=alt.Y(f"{middle}:Q", **y)),
        ]

    words = named("beside").mark_text(align="left", baseline="middle", fontSize=theme.SMALL, color=theme.INK)
    return finish(
        alt.layer(
            *interval(q, "q_low", "q_middle", "q_high", color["q"]),
            *interval(nuts, "low", "middle", "high", color["nuts"]),
            words.encode(x=alt.value(alt.ExprRef("width + 8")), y=alt.Y("py:Q", scale=None), text="word:N"),
        ),
        "q against NUTS",
        [*ranges(), alt.param(name="drawn", value=False)],
        right=138,
        datasets={
            "unknowns": {
                "mode": "bars",
                "fields": ["place", "unknown", "q_low", "q_middle", "q_high", "low", "middle", "high"],
                "tabulated": ["psis", "r_hat", "size", "missing", "distance"],  # in the table alone, once NUTS has run
                "words": "unknown",
            },
            "beside": {"mode": "bars", "fields": ["index", "py"], "words": "index"},
        },
        plain=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
