"""A button and what it opens, in the browser at once: `folds.js` closes the others, and on Escape or a click elsewhere a menu."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as ipw

from elbo_room.widgets.screen.panels import box


class Fold:
    """`head` opens and closes `body`; both are in `widget`."""

    def __init__(
        self, words: str, help_text: str, parts: Sequence[ipw.Widget], *classes: str, is_open: bool = False
    ) -> None:
        """Start closed, or open."""
        self.head = ipw.ToggleButton(
            value=is_open, description=words, tooltip=help_text, layout=ipw.Layout(width="auto")
        )
        self.head.add_class("elbo-opens")
        self.body = box(ipw.VBox, list(parts), "elbo-opened")
        self.widget = box(ipw.VBox, [self.head, self.body], *classes)
