"""The columns of a user's table: what each contains, its proposed role and the reason; a choice is a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from elbo_room.models.reading.wishes import ROLES
from elbo_room.widgets import built_assets


class ColumnsTable(anywidget.AnyWidget):
    """Rows of `about["columns"]` of `elbo_room.models.reading.contents`."""

    _esm = built_assets.script("columns_table")
    rows = traitlets.List(traitlets.Dict(), help="the columns").tag(sync=True)
    roles = traitlets.List(traitlets.Unicode(), default_value=list(ROLES), help="what a column can be for").tag(
        sync=True
    )
    more = traitlets.Int(help="how many columns are not shown").tag(sync=True)
    missing = traitlets.Unicode(help="the button for missing numbers; empty: none are missing").tag(sync=True)
    others = traitlets.Unicode(help="the role of all columns without a chosen one; empty: each has its own").tag(
        sync=True
    )
    standardised = traitlets.Unicode(help="on or off; empty: there is nothing to standardise").tag(sync=True)
    turned = traitlets.Bool(help="whether the rows look like features").tag(sync=True)

    def __init__(self, heard: Callable[[dict[str, Any]], None], **traits: Any) -> None:
        """`heard` takes what the page reports: a role, a transposition, or the other choice for missing numbers."""
        super().__init__(**traits)
        self.on_msg(lambda _, content, __: heard(content) if isinstance(content, dict) else None)
