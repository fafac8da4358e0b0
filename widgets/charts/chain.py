"""The chain of one datum, x → w → m → η → y with live values, written where an axis would have its title."""

import altair as alt

from widgets import theme
from widgets.charts.frame import named

DATASET = {"mode": "bars", "fields": ["row", "x", "w", "m", "eta", "y"]}
_PARTS = {"x": "x", "w": "w", "m": "m", "η": "eta", "y": "y"}
_WORDS = " + ' → ' + ".join(f"'{symbol} ' + format(datum.{name}, '.3~g')" for symbol, name in _PARTS.items())


def chain() -> alt.Chart:
    """One line of text below the plot; x is the first input of the datum."""
    text = named("chain").transform_calculate(words=f"'datum ' + datum.row + ':  ' + {_WORDS}")
    return text.mark_text(align="center", baseline="bottom", fontSize=11, color=theme.MUTED).encode(
        x=alt.value(alt.ExprRef("width / 2")), y=alt.value(alt.ExprRef("height + 36")), text="words:N"
    )
