"""What Help says: the tour, each panel in its chart's own words, the keys."""

from __future__ import annotations

import html
from typing import Any

from elbo_room.widgets.painting.views import View

# Where each step points, the first selector that is found counting; its head; its words.
TOUR: list[dict[str, Any]] = [
    {
        "at": [".elbo-run"],
        "head": "Run a model",
        "words": "Press Run. A model trains live on this computer, and the panels follow it.",
    },
    {
        "at": [".elbo-headline", ".elbo-caption"],
        "head": "Read the caption",
        "words": "It says in one sentence what the run shows now: as a rule, how many times as noisy as another one gradient is.",
    },
    {
        "at": [".elbo-legend", ".elbo-controls .widget-dropdown:has([title*='stimator'])", ".elbo-controls"],
        "label": "Estimator",
        "head": "Change the estimator",
        "words": "Choose score instead of reparameterisation, or raise the draws B. Both take effect at the next step; the run goes on.",
    },
    {
        "at": [".elbo-b"],
        "head": "See the noise change",
        "words": "Every estimator, measured at the same parameters, on a log scale. Lower is better; the thick line is in use.",
    },
]
KEYS = [
    ["Space", "run or pause"],
    [".", "one step"],
    ["R", "reset: the same seed makes the same run"],
    ["[  ]", "fewer or more draws B"],
    ["E", "next estimator"],
    ["P", "projector; there A to D enlarge a panel, Y fixes the y axes, S saves a picture, K shows these keys"],
    [
        "Arrows, Enter",
        "on the map of the latent space: move, and pin a data point; S draws from its q, Escape deselects",
    ],
]
NOTES = [
    "The slider below the ELBO shows any kept step of the run in every panel, by arrow keys too; training goes on, and Live returns to it.",
    "“Save …” beside it makes one HTML file that replays without a kernel. The arrow in a panel's head saves it as SVG, PNG or CSV.",
    "Keys work while the focus is in the lab and not in a field.",
    "⚡ takes effect at the next step, ⟳ starts a new run; the earlier one is kept under Runs.",
    "Speed “slow” shows every step, stage by stage.",
    "In the address, ?predict=1 covers the variance panel until the room has voted, by hands or by phones, and ?hide=form,d hides parts.",
]


def panel_words(letter: str, title: str, view: View) -> dict[str, str]:
    """What a panel shows now, in its chart's words."""
    return {
        "letter": letter.upper() if letter in "abcd" else "",
        "title": title,
        "shows": view.shows,
        "axes": view.axes,
        "reading": view.reading,
    }


def card(title: str, view: View) -> str:
    """The same as the card that `?` opens in a panel."""
    parts = (("Shows", view.shows), ("Axes", view.axes), ("How to read it", view.reading))
    lines = "".join(f"<dt>{head}</dt><dd>{html.escape(words)}</dd>" for head, words in parts if words)
    return f"<h3>{html.escape(title)}</h3><dl>{lines}</dl>"
