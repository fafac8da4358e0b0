"""The state of the run as chips of fixed width: state, step with a progress bar, speed, ELBO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets

if TYPE_CHECKING:
    from elbo_room.widgets.words.snapshot import Snapshot


class Status(anywidget.AnyWidget):
    """Shows a `Snapshot`; every number keeps its place, however long it is."""

    _esm = built_assets.script("status")
    chips = traitlets.Dict(
        help="words by chip (state, step, rate, elbo, seed) and up to where the run is saved; progress from 0 to 1"
    ).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Start empty."""
        super().__init__(**traits)
        self.add_class("elbo-status")

    def show(self, now: Snapshot, seed: str = "", saved: int | None = None) -> None:
        """Show this moment; `seed`: which of several seeds is running; `saved`: the step that the run is saved up to."""
        kept = "" if saved is None else f"Saved up to step {saved:,}"
        self.chips = {**now.chips(), "seed": seed, "saved": kept, "progress": now.progress}

    @property
    def value(self) -> str:
        """The whole status as one text."""
        words = (self.chips.get(name) for name in ("state", "step", "rate", "elbo", "seed"))
        return " · ".join(word for word in words if word)
