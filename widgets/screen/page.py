"""The page itself as seen from Python: whether it is open, which key was pressed, what to announce."""

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
LECTURE = frozenset("abcdky")  # keys for projector mode only
LONG = 5_000  # characters of one answer from a page
KEYS = frozenset({"space", ".", "r", "[", "]", "e", "p"}) | LECTURE
LONGEST_CODE = 1_200  # characters of a link whose QR code a phone still reads from a projector
_log = logging.getLogger(__name__)


def code_of(link: str) -> list[str]:
    """The modules of a link's QR code, row by row, 1 for dark; none if it is too long."""
    if not link or len(link) > LONGEST_CODE:
        return []
    import segno

    return [
        "".join("1" if module else "0" for module in row) for row in segno.make(link, error="l", micro=False).matrix
    ]


class Page(anywidget.AnyWidget):
    """An invisible widget: heartbeat, kernel watch, keyboard, run id in the address, live region. One per page.

    Messages for `on_message`: `{"kind": "heartbeat", "hidden": bool}` every 5 s, `{"kind": "key", "key": one of KEYS}`,
    `{"kind": "ready", "query": "…"}` once, and, if the browser can still send it, `{"kind": "closing"}`.
    """

    _esm = built_assets.script("page")
    _css = built_assets.style("lab.css")
    banner = traitlets.Unicode(help="a sentence at the top of the page; empty: none").tag(sync=True)
    remedies = traitlets.Dict(NO_RUN.remedies(), help="what helps when the kernel has stopped: `SavedRun`").tag(
        sync=True
    )
    announce = traitlets.Unicode(help="the next announcement for screen readers (at most one message in 3 s)").tag(
        sync=True
    )
    run_id = traitlets.Unicode(help="?run=… in the address (Voilà): a reload finds it").tag(sync=True)
    text = traitlets.Unicode(help="?text=… in the address after the run: whose attention map is shown").tag(sync=True)
    root = traitlets.Unicode(".elbo-room", help="CSS selector of the lab: keys work only inside").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Start without an open page."""
        self._callbacks: list[Callable[[dict[str, Any]], None]] = []
        self.last_seen: float | None = None
        self.hidden = False
        super().__init__(**traits)
        self.on_msg(self._on_message)

    def on_message(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Call `callback(content)` for each message of the page. It must return quickly."""
        self._callbacks.append(callback)

    def copy(self, text: str) -> None:
        """Show `text` in the sheet of Share, and copy it to the clipboard if the browser allows that."""
        self.send({"kind": "copy", "text": text})

    def show_code(self, link: str) -> None:
        """Show the QR code of a link in that sheet; one that is too long for a code has none."""
        self.send({"kind": "qr", "text": link, "rows": code_of(link)})

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
        message = {
            key: value for key, value in content.items() if isinstance(value, bool | str) and len(str(value)) < LONG
        }
        for callback in self._callbacks:
            try:
                callback(message)
            except Exception:  # noqa: BLE001 (no front end shows an error of a callback: leave a trace, go on)
                _log.exception("The page's message %s could not be handled.", content["kind"])
