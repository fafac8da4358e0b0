"""Panel C: the latent plane as the decoder bends it. Over the axes the browser draws a grid of pictures, or a bent grid over the data."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import finish, named, ranges, scale
from elbo_room.widgets.painting.views import View

VIEW = View(
    "c",
    "manifold",
    models=("deep_generative",),
    place=1,
    choices=("plane",),
    numbers="manifold.Manifold",
    shows="The latent plane as the decoder bends it: a regular grid of z, decoded.",
    axes=(
        "For images: each cell is the picture decoded at that place of the latent space. For points: the grid "
        "drawn among the data."
    ),
    reading=(
        "Neighbours should change gradually. Where the grid is stretched, a small step in z changes the data a lot."
    ),
    tables={"grid": {"across": "z across", "up": "z up", "size": "an area of z becomes so many of x"}},
)


def chart() -> alt.LayerChart:
    """Axes over `grid`: `shade` 0 … 1 (log magnification over its range `factor`) and `decoded`, row by row, x fastest.

    For its table, `across`, `up` and `size` are each place and its magnification.

    For data in the plane the axes are theirs and `data` is drawn behind the grid; otherwise they are the plane's, over `domain`.
    """
    x = alt.X("x:Q", scale=scale("x"), title=None, axis=alt.Axis(tickCount=5, grid=False))
    y = alt.Y("y:Q", scale=scale("y"), title=None, axis=alt.Axis(tickCount=5, grid=False))
    cloud = named("data").mark_circle(size=9, clip=True).encode(
        x=x, y=y, color=alt.Color("color:N", scale=None), opacity=alt.Opacity("alpha:Q", scale=None)
    )  # fmt: skip
    return finish(
        alt.layer(cloud),
        "Manifold",
        [*ranges(), alt.param(name="domain", value=[-3, 3, -3, 3]), alt.param(name="side", value=2)],
        right=10,
        datasets={
            "data": {"mode": "bars", "fields": ["x", "y", "label"]},
            "grid": {"mode": "bars"},
        },
        classes=list(theme.CLASSES),
        manifold=True,
        square=True,
        x={"scale": "linear"},
        y={"scale": "linear"},
    )
