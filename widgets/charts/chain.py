"""The chain of one data point, x → w → m → η → y, and the gradient identity at it, with live values, where an axis would have its title."""

import altair as alt

from elbo_room.widgets import theme
from elbo_room.widgets.charts.frame import named
from elbo_room.widgets.painting.views import IDENTITIES

BELOW = 50  # pixels that the axis and the two lines need
DATASET = {"mode": "bars", "fields": ["row", "x", "w", "m", "eta", "y", "slope", "identity"]}
_PARTS = {"x": "x", "w": "w", "m": "m", "η": "eta", "y": "y"}
_WORDS = " + ' → ' + ".join(f"'{symbol} ' + format(datum.{name}, '.3~g')" for symbol, name in _PARTS.items())

_IDENTITY = f"{[f'{words} = ' if words else '' for words in IDENTITIES]}[datum.identity]"


def chain() -> alt.Chart:
    """Two lines of text below the plot; x is the first input of the data point, ∂ log p/∂w the slope of its own term."""
    words = f"{_WORDS} + '\\ndata point ' + datum.row + ':  ∂ log p/∂w = ' + {_IDENTITY} + format(datum.slope, '.3~g')"
    text = named("chain").transform_calculate(words=words)
    return text.mark_text(
        align="center", baseline="top", fontSize=theme.SMALL, lineBreak="\n", lineHeight=14, color=theme.MUTED
    ).encode(x=alt.value(alt.ExprRef("width / 2")), y=alt.value(alt.ExprRef("height + 19")), text="words:N")
