"""Panel C: where q puts each data point in the latent space. The decode card next to it is drawn by the same widget."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "latent space",
    models=("deep_generative",),
    place=0,
    choices=("colour", "plane"),
    shows="Where q puts each data point in the latent space: its posterior mean.",
    axes=(
        "Both axes are latent dimensions, or principal components if there are more than two. Dashed: the prior "
        "p(z) at two standard deviations."
    ),
    reading=(
        "Points that are close are encoded alike; colours that separate were found without labels. Move the "
        "pointer to decode that place, click two points for a path between them, drag around data points to "
        "select them. After “Run NUTS” in the panel below, black dots are exact posterior draws of a dozen data points."
    ),
    tables={"cloud": {"x": "across", "y": "up", "value": "class or colour"}},
)


def chart() -> alt.LayerChart:
    """The posterior means z̃ₘ in a plane of the latent space; `domain` [x low, x high, y low, y high] holds the axes still.

    The browser gives every point its colour, from `value` (classes, or numbers where `colour` has the two ends of their scale), and
    its strength: data that are not selected fade. `axes` names the two dimensions that are shown (from 1), `principal` is the
    share of the variance in PCA's plane, 0 for axes; dashed is p(z), two standard deviations; `scores` are ARI, NMI and silhouette.
    """
    x = alt.X("x:Q", scale=scale("x"), title=None, axis=alt.Axis(tickCount=5))
    y = alt.Y("y:Q", scale=scale("y"), title=None, axis=alt.Axis(tickCount=5))
    cloud = named("cloud").mark_circle(size=14, clip=True).encode(
        x=x, y=y, color=alt.Color("color:N", scale=None), opacity=alt.Opacity("alpha:Q", scale=None)
    )  # fmt: skip
    truth = named("truth").mark_circle(size=5, clip=True, color=theme.INK, opacity=0.4).encode(x=x, y=y)
    prior = named("prior").mark_line(color=theme.INK, opacity=0.6, strokeWidth=1, strokeDash=[4, 3], clip=True).encode(
        x=x, y=y, detail="component:N", order="order:Q"
    )  # fmt: skip
    top = named("prior").transform_filter(
        "datum.order == 10 && datum.component == 0"
    )  # of the heaviest one's 41 corners
    word = {"text": "prior p(z)", "dy": -7, "fontSize": theme.SMALL, "clip": True}
    words = [
        top.mark_text(**word, **look).encode(x=x, y=y)  # data behind it must not hide it
        for look in ({"stroke": theme.BACK, "strokeWidth": 4}, {"color": theme.INK})
    ]
    return finish(
        alt.layer(cloud, truth, prior, *words),
        "Latent space",
        [*ranges(), alt.param(name="domain", value=[-3, 3, -3, 3]), alt.param(name="axes", value=[1, 2])],
        right=10,
        datasets={
            "cloud": {"mode": "cloud", "fields": ["x", "y", "value"], "x": "x", "y": "y"},
            "truth": {"mode": "bars", "fields": ["x", "y"]},
            "marked": {"mode": "bars"},
            "prior": {"mode": "bars", "fields": ["x", "y", "component", "order"]},
            "bones": {"mode": "bars"},  # the card's, of data that are points joined by bones
        },
        classes=list(theme.CLASSES),
        square=True,
        card=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
