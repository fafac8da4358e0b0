"""Panel B, flipped the other way: variance against the rows M of a minibatch, at one B; what data share no minibatch averages out."""

import altair as alt

from elbo_room.widgets.charts.variance_against_draws import against
from elbo_room.widgets.painting.views import View

VIEW = View("b", "against M", place=2)


def chart() -> alt.LayerChart:
    """Var[ĝ] ∝ 1/M, along the guide, where data points have separate noise; flatter where they share a draw; level for one point's ν."""
    return against("rows", "rows M of the minibatch", "M =")
