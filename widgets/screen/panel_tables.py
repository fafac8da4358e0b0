"""The panels as tables on the page, each with a button that saves all its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.actions import Action, SaveTable


class PanelTables(anywidget.AnyWidget):
    """Tables as `elbo_room.widgets.words.tables.tabulated` makes them."""

    _esm = built_assets.script("panel_tables")
    tables = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, post: Callable[[Action], None], **traits: Any) -> None:
        """Start without a table."""
        self._post = post
        super().__init__(**traits)
        self.add_class("elbo-tables")
        self.on_msg(self._on_message)

    def save(self, name: str, text: str) -> None:
        """Let the page save a file with this text."""
        self.send({"kind": "save", "name": name, "text": text})

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if isinstance(content, dict) and content.get("kind") == "save":
            self._post(SaveTable(str(content.get("chart"))[:80], str(content.get("part"))[:80]))
