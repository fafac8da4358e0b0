"""The slider below panel A: it scrubs through the steps of the run that were kept, or plays them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.actions import Action, PreparePage, Quietly, SavePage, Seek

STEPS_A_SECOND = 60.0  # at speed 1: the pace of "normal" training


def kept_words(count: int, size: int) -> str:
    """What replay keeps of a run: “keeps 96 states, 3.1 MB”."""
    amount = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(1, round(size / 1e3))} kB"
    return f"keeps {count} states, {amount}"


class ReplayBar(anywidget.AnyWidget):
    """Play and pause, the slider, speed, and a button that goes back to the newest step; `Seek` says what is wanted."""

    _esm = built_assets.script("replay_bar")
    _css = built_assets.style("lab.css")
    steps = traitlets.List(traitlets.Int(), help="the steps that can be shown, in order").tag(sync=True)
    shown = traitlets.Int(-1, help="the step that is shown; −1: the newest one").tag(sync=True)
    changes = traitlets.List(help="steps at which a control was changed, and in words what: [step, words]").tag(
        sync=True
    )
    words = traitlets.Unicode("", help="how much is kept").tag(sync=True)
    recorded = traitlets.Bool(False, help="whether it is the finished run that a scene opens with").tag(sync=True)
    page = traitlets.Unicode("", help="how far the page to be saved is, or how large").tag(sync=True)
    ready = traitlets.Bool(False, help="whether it can be saved").tag(sync=True)
    pace = traitlets.Float(STEPS_A_SECOND, help="steps a second at speed 1").tag(sync=True)

    def __init__(self, post: Callable[[Action], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._post = post
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("kind") == "page":
            self._post(SavePage() if self.ready else PreparePage())
        if content.get("kind") != "seek":
            return
        step = content.get("step")
        if step is None or (isinstance(step, int) and not isinstance(step, bool)):
            self._post(Quietly(Seek(step)))

    def progress(self, words: str, *, ready: bool = False) -> None:
        """How far the page that is to be saved has come; its size once it is ready."""
        with self.hold_sync():
            self.page, self.ready = words, ready

    def save(self, name: str, content: bytes, begin: int = 0, size: int | None = None) -> None:
        """Offer a file to the browser's downloads, or the piece of it that begins at a byte; the last piece saves it."""
        whole = len(content) if size is None else size
        self.send({"kind": "file", "name": name, "begin": begin, "size": whole}, [content])

    def offer(self, steps: list[int], size: int, changes: list[tuple[int, str]], *, recorded: bool = False) -> None:
        """These steps can be shown; `size` bytes are kept for them. `recorded`: of the run that a scene opens with."""
        words = f"has {len(steps)} recorded steps" if recorded else kept_words(len(steps), size)
        with self.hold_sync():
            self.steps, self.words, self.recorded = steps, words if steps else "", recorded
            self.changes = [list(each) for each in changes]
