"""A read-only text to copy: the drawer's formulas, code, tables and help."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets


class Reader(anywidget.AnyWidget):
    """Plain text in a read-only field that takes the focus, with a button that copies it; the text is never markup."""

    _esm = built_assets.script("reader")
    text = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode("Words of the drawer", help="the field's label for screen readers").tag(sync=True)

    def show(self, label: str, text: str) -> None:
        """Show another text."""
        self.label, self.text = label, text

    def __init__(self, **traits: Any) -> None:
        """Start empty."""
        super().__init__(**traits)
        self.add_class("elbo-reader")
