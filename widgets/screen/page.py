"""The page itself, as far as Python must know it: is anybody there, which key was pressed, what should be said."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.words.remedies import NO_RUN

KINDS = frozenset({"ready", "heartbeat", "key", "closing", "shared"})
LECTURE = frozenset("abcdy")  # keys that count at a projector only
LONG = 5_000  # characters of one answer from a page
KEYS = frozenset({"space", ".", "r", "[", "]", "e", "p"}) | LECTURE
_log = logging.getLogger(__name__)


class Page(anywidget.AnyWidget):
    """An invisible widget: heartbeat, kernel watch, keyboard, run id in the address, live region. One a page.

    Messages for `on_message`: `{"kind": "heartbeat", "hidden": bool}` every 5 s, `{"kind": "key", "key": one of KEYS}`,
    `{"kind": "ready", "query": "…"}` once, and, as far as the browser still gets it out, `{"kind": "closing"}`.
    """

    _esm = built_assets.script("page")
    _css = built_assets.style("lab.css")
    banner = traitlets.Unicode(help="a sentence at the top of the page; empty: none").tag(sync=True)
    remedies = traitlets.Dict(NO_RUN.remedies(), help="what helps when the kernel has stopped: `SavedRun`").tag(
        sync=True
    )
    announce = traitlets.Unicode(help="what a screen reader says next (at most one message in 3 s)").tag(sync=True)
    run_id = traitlets.Unicode(help="stands in the address as ?run=… (Voilà): a reload finds it").tag(sync=True)
    text = traitlets.Unicode(help="stands there as ?text=… behind the run: whose attention map is shown").tag(sync=True)
    root = traitlets.Unicode(".elbo-room", help="CSS selector of the lab: keys count only inside").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Start with nobody there."""
        self._callbacks: list[Callable[[dict[str, Any]], None]] = []
        self.last_seen: float | None = None
        self.hidden = False
        super().__init__(**traits)
        self.on_msg(self._on_message)

    def on_message(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Call `callback(content)` for each message of the page. It must only take note and return."""
        self._callbacks.append(callback)

    def copy(self, text: str) -> None:
        """Put `text` on the clipboard, or show it selected if the browser does not allow that."""
        self.send({"kind": "copy", "text": text})

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        self.last_seen = time.monotonic()
        self.hidden = bool(content.get("hidden", self.hidden))
        if content.get("kind") == "ping":
            self.send({"kind": "pong", "client": str(content.get("client"))[:64]})
            return
        if content.get("kind") not in KINDS or (content["kind"] == "key" and content.get("key") not in KEYS):
            return
        said = {
            key: value for key, value in content.items() if isinstance(value, bool | str) and len(str(value)) < LONG
        }
        for callback in self._callbacks:
            try:
                callback(said)
            except Exception:  # noqa: BLE001 (no front end shows an error of a callback: leave a trace, go on)
                _log.exception("The page's message %s could not be handled.", content["kind"])
