"""The drawer "Download": what the run has learned, a button for each file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from elbo_room.widgets.messages import Export
from elbo_room.widgets.screen.drawers.part import DrawerPart, Shown
from elbo_room.widgets.screen.elements import button, worded

if TYPE_CHECKING:
    from elbo_room.widgets.actions import Action
    from elbo_room.widgets.screen.layout import Screen

LATENT, RESPONSE = frozenset({"deep_generative", "deep_exponential_family"}), frozenset({"conditional"})
DECODED = frozenset({"deep_generative"})
ALL = LATENT | RESPONSE
# Name, words of the button, what is in the file, and for which families of models.
FILES: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("history", "History", "ELBO, its terms, running mean, every measured variance and score, by step", ALL),
    ("embedding", "Embedding", "ẑ = E[z | x], the scales of q, a cluster and the label of every row", LATENT),
    ("log_evidence", "log p(x)", "importance-weighted, with its standard error, for every row", DECODED),
    ("denoised", "Denoised data", "E[x | ẑ] of every row; counts normalised to 10,000 a row", DECODED),
    (
        "differential",
        "Differences",
        "selected data points against all others: fold changes, expected false discovery rate",
        DECODED,
    ),
    ("predictions", "Predictions", "mean and 95 % interval of y for every row, in y's units", RESPONSE),
    ("samples", "Samples", "1,000 draws of p(x), in the data's units", LATENT),
)
WHOLE: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("anndata", "AnnData (.h5ad)", "your file with the embedding, clusters and denoised layer; all else as it was", LATENT),
    ("weights", "Weights (.safetensors)", "all parameters, with settings and live changes", ALL),
)  # fmt: skip


class Download(DrawerPart):
    """One file a button; the worker makes it while training goes on."""

    name = "Download"
    tooltip = "What this run has learned, as files"

    def __init__(self, post: Callable[[Action], None], screen: Screen) -> None:
        super().__init__(post, screen)
        self.state = worded("", "elbo-download-state")
        self.rows: list[tuple[ipw.Widget, frozenset[str]]] = []
        self.buttons: list[ipw.Button] = []
        for what, label, help_text, families in FILES:
            csv = button(f"{label} CSV", f"{label} as a CSV file: {help_text}", partial(self._ask, what, "csv"))
            parquet = button(f"{label} Parquet", f"{label} as a Parquet file", partial(self._ask, what, "parquet"))
            self.rows.append((self._row([csv, parquet], help_text), families))
        for what, label, help_text, families in WHOLE:
            only = button(label, f"{label}: {help_text}", partial(self._ask, what, ""))
            self.rows.append((self._row([only], help_text), families))
        self.widget = ipw.VBox([self.state, *(row for row, _ in self.rows)])
        self.widget.add_class("elbo-downloads")

    def _row(self, buttons: list[ipw.Button], help_text: str) -> ipw.Widget:
        self.buttons += buttons
        row = ipw.HBox([*buttons, worded(help_text, "elbo-download-words")])
        row.add_class("elbo-download")
        row.layout.flex_flow = "row wrap"
        return row

    def _ask(self, what: str, ending: str) -> None:
        self.post(Export(what, ending))

    def fill(self, shown: Shown) -> None:
        """The files that a run of this family has."""
        values: Any = shown.recipe[0] or shown.values
        for row, families in self.rows:
            row.layout.display = None if values.get("model", "deep_generative") in families else "none"
        for each in self.buttons:
            each.disabled = not shown.identity
        self.state.value = (
            "Press a button: the file is made while training goes on, and saved by your browser."
            if shown.identity
            else "These files are of a run of your own. Press Run first."
        )
