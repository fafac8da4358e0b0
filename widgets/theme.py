"""Colours, dashes and words of the charts, declared once; imports nothing heavy, so that everyone can use it.

Lines take the colours of Okabe and Ito (2008), which can be distinguished with any kind of colour blindness; a dash
and a label at the line's end repeat the distinction. Labels need more contrast than lines (4.5 : 1), so on white they are
written in a darker ink.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from elbo_room.models.thresholds import ACTIVE

BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
VERMILLION, PURPLE, GREY = "#D55E00", "#CC79A7", "#8C8C8C"
INK, MUTED, GRID, RULE = "#1F1F1F", "#555555", "#E4E4E4", "#9E9E9E"


@dataclass(frozen=True)
class Series:
    """One line: what it is called at its end, and how it is drawn. `when` names a parameter that shows or hides it."""

    label: str
    color: str
    ink: str
    dash: tuple[int, ...] = (1, 0)
    width: float = 1.5
    when: str | None = None
    light: str = ""  # the name of its term in formulas: they light together

    def as_dict(self) -> dict[str, Any]:
        """Return what the browser must know."""
        return asdict(self)


# Runs drawn beside the one on the screen, on panels A and B: colours that no term of the ELBO and none of the first estimators has.
OVERLAID = (
    Series("run A", "#5D3A9B", "#5D3A9B", (7, 3)),
    Series("run B", SKY, "#2A6F97", (2, 2)),
    Series("run C", "#8A8A00", "#6B6B00", (8, 3, 2, 3)),
)
ELBO = (
    Series("ELBO", BLUE, "#005A8D", width=2.2, light="elbo"),
    Series("log likelihood", GREEN, "#00694D", (7, 3), when="split", light="likelihood"),
    Series("−KL", VERMILLION, "#A64900", (2, 2), when="split", light="kl"),
    Series("log prior θ", PURPLE, "#96446F", (8, 3, 2, 3), when="split", light="prior"),
    Series("earlier run", GREY, "#5F5F5F", (4, 2)),
    Series("exact log p(x)", INK, INK, (2, 2)),
    Series("its maximum", "#555555", "#555555", (8, 3)),
    *OVERLAID,
    Series("EM", ORANGE, "#855C00", (9, 3, 2, 3)),
    Series("objective", "#7F6000", "#7F6000", (12, 2), when="split", light="objective"),
    Series("running mean", BLUE, "#005A8D", width=2.2, light="elbo"),
)
OBJECTIVE = len(ELBO) - 2  # what is maximised, if not the ELBO: with log p(θ)/N, β or free bits
MEAN = len(ELBO) - 1  # the place of the running mean: drawn last, above every step's
EVIDENCE = (  # training rows, held-out rows, annealing, the exact value, what the encoder and what the family of q lose
    Series("training", BLUE, "#005A8D"),
    Series("held out", ORANGE, "#855C00"),
    Series("annealed", GREEN, "#00694D"),
    Series("exact", INK, INK, (5, 3)),
    Series("amortisation gap", VERMILLION, "#A64900"),
    Series("approximation gap", PURPLE, "#96446F"),
)
SCORES = (Series("training", GREY, "#5F5F5F", (4, 2)), Series("held out", BLUE, "#005A8D", width=2.2))
# Estimators in the catalogue's order: the five that are shown at first have their own looks, later ones take a colour with another dash.
_FIRST_LOOKS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    (VERMILLION, "#A64900", (1, 0)),
    (ORANGE, "#855C00", (7, 3)),
    (PURPLE, "#96446F", (2, 2)),
    (BLUE, "#005A8D", (1, 0)),
    (GREEN, "#00694D", (8, 3, 2, 3)),
)
_MORE_LOOKS = ((SKY, "#2A6F97"), (GREY, "#5F5F5F"), ("#7F6000", "#7F6000"), ("#5D3A9B", "#5D3A9B"))
_MORE_DASHES: tuple[tuple[int, ...], ...] = (
    (1, 0), (6, 2), (2, 3), (9, 3, 2, 3), (12, 2), (1, 2), (5, 2, 1, 2, 1, 2), (4, 4), (10, 2, 4, 2),
)  # fmt: skip


def estimators(labels: list[str]) -> list[Series]:
    """Colour, dash and label of every estimator, by its place in the catalogue; its row in the legend lights its curve."""
    more = [(*look, dash) for dash in _MORE_DASHES for look in _MORE_LOOKS]
    looks = [*_FIRST_LOOKS, *more]
    return [Series(label, *looks[k % len(looks)], light=f"estimator-{k}") for k, label in enumerate(labels)]


MINIBATCH = "minibatch"  # the name, in panel B, of the only noise when q is a point mass: the rows of the minibatch
OF_MINIBATCHES = Series("minibatch gradients", INK, INK)  # its line comes after those of all estimators


CLASSES = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, "#7F6000", "#5D3A9B", "#B3B300", "#4D4D4D")

# On a dark page: ink becomes the line's own colour, and blues and greys become lighter.
DARK = {
    BLUE: "#58B5EA", SKY: "#BFE3FA", "#2A6F97": "#BFE3FA", "#005A8D": "#7CC8F2", GREEN: "#1DB88A", "#00694D": "#3CCFA3",
    VERMILLION: "#EE7D27",
    "#A64900": "#F59A55", "#855C00": ORANGE, PURPLE: "#D98BB6", "#96446F": "#E3A1C6", GREY: "#9A9A9A",
    "#5F5F5F": "#B5B5B5", "#7F6000": "#C9A227", "#8A8A00": "#D6D655", "#6B6B00": "#D6D655", "#5D3A9B": "#A98BE0", "#4D4D4D": "#C8C8C8",
    "#1F1F1F": "#F0F0F0", "#555555": "#BDBDBD", "#E4E4E4": "#3A3A3A", "#9E9E9E": "#7A7A7A",
    "#F7F7F7": "#262626", "#FFFFFF": "#181818",
}  # fmt: skip
PAPER = "#F7F7F7"  # nothing, in a heat map
BACK = "#FFFFFF"  # the page behind a plot
KL_STATES = (RULE, BLUE)  # collapsed, active
SMALL = 12  # pixels of type in a chart; nothing is smaller
NAMES = "names_of_series"  # the layer with the names of a chart's series, which has no use beside a legend
COLLAPSE = ACTIVE  # nats: a dimension with less has collapsed

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', sans-serif",
    "axis": {
        "labelColor": MUTED, "titleColor": MUTED, "gridColor": GRID, "domainColor": RULE, "tickColor": RULE,
        "labelFontSize": SMALL, "titleFontSize": SMALL,
        "titleFontWeight": "normal", "tickSize": 4, "labelLimit": 60, "labelOverlap": True, "labelSeparation": 8,
    },
    "axisY": {"minExtent": 46, "maxExtent": 46, "titlePadding": 4, "titleLimit": {"expr": "height + 24"}},
    "axisX": {"minExtent": 17, "maxExtent": 17, "titlePadding": 2},
    "view": {"stroke": None},
    "mark": {"invalid": None},
    "aria": False,  # a sentence for each of 1,797 points, ten times a second, that a canvas shows nobody; the panel has its own label
}  # fmt: skip
