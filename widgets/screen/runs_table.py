"""The table of runs: rows as JSON, which the page sorts and filters itself; a click is a message, made into an action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.actions import Action
from elbo_room.widgets.screen.browser_events import of_runs


class RunsTable(anywidget.AnyWidget):
    """Rows of `elbo_room.widgets.words.run_rows`, and which of them are on the screen, drawn beside it, or compared."""

    _esm = built_assets.script("runs_table")
    rows = traitlets.List(traitlets.Dict(), help="the runs, newest first").tag(sync=True)
    current = traitlets.Unicode(help="the run on the screen; empty if there is none").tag(sync=True)
    measure = traitlets.Unicode(help="what the nats on the screen are nats of: `run_rows.measure_of`").tag(sync=True)
    overlaid = traitlets.List(traitlets.Unicode(), help="the runs drawn beside it, as A, B, C").tag(sync=True)
    deleted = traitlets.Int(help="how many runs the bin has").tag(sync=True)
    comparison = traitlets.Dict(help="two runs: `run_rows.side_by_side`; empty: the list").tag(sync=True)

    def __init__(self, post: Callable[[Action], None], **traits: Any) -> None:
        """Start without a row."""
        self._post = post
        super().__init__(**traits)
        self.add_class("elbo-runs")
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        action = of_runs(content) if isinstance(content, dict) else None
        if action is not None:
            self._post(action)
