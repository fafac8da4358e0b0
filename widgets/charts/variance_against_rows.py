"""Panel B, flipped the other way: variance against the rows M of a minibatch, at one B; what data share no minibatch averages out."""

import altair as alt

from elbo_room.widgets.charts.variance_against_draws import against
from elbo_room.widgets.painting.views import View

VIEW = View(
    "b",
    "against data M",
    place=2,
    shows="How the variance changes with the number of data points in a minibatch.",
    axes="Across: data points M of the minibatch. Up: the variance of the gradient ĝ in nats². Both scales are logarithmic.",
    reading=(
        "Along the guide the noise of the data points averages out. A flatter line is noise that data points "
        "share; a level one belongs to a single data point."
    ),
    tables={"lines": {"rows": "data points M", "value": "nats²"}},
)


def chart() -> alt.LayerChart:
    """Var[ĝ] ∝ 1/M, along the guide, where data points have separate noise; flatter where they share a draw; level for one point's ν."""
    return against("rows", "data points M of the minibatch", "M =")
