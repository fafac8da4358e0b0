"""A text to read and to copy, not to write in: the drawer's formulas, code, tables and help."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets


class Reader(anywidget.AnyWidget):
    """Plain text in a read-only field that takes the focus, with a button that copies it; the text is never markup."""

    _esm = built_assets.script("reader")
    text = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode("Words of the drawer", help="what a screen reader calls the field").tag(sync=True)

    def show(self, label: str, text: str) -> None:
        """Show another text."""
        self.label, self.text = label, text

    def __init__(self, **traits: Any) -> None:
        """Begin empty."""
        super().__init__(**traits)
        self.add_class("elbo-reader")
