"""Help: a tour of the screen in four steps, what the panels show, and the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets


class HelpView(anywidget.AnyWidget):
    """What `elbo_room.widgets.words.help_words` writes; the tour runs on the page alone and closes the drawer first."""

    _esm = built_assets.script("help_view")
    tour = traitlets.List(traitlets.Dict(), help="where (CSS selectors), head and words of each step").tag(sync=True)
    panels = traitlets.List(traitlets.Dict(), help="title and three sentences on each panel").tag(sync=True)
    shortcuts = traitlets.List(help="keys, and what they do").tag(sync=True)
    notes = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, leave: Callable[[], None], **traits: Any) -> None:
        """`leave` closes the drawer, so that the tour has the screen for itself."""
        self._leave = leave
        super().__init__(**traits)
        self.add_class("elbo-help")
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if isinstance(content, dict) and content.get("kind") == "tour":
            self._leave()
