"""The map of the latent space: colour, plane, pinned places, draws, and data that are selected. It does not change the run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from elbo_room.widgets.actions import MarkRows, ShowSelection
from elbo_room.widgets.messages import Decode, Explore, Started

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.painting.latent_painter import LatentPainter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

MOST_COUNTED = 4  # labels that a sentence names
Rows = tuple[int, ...]


class LatentController:
    """What the user looks at on the map; `selection` and `select` read and set the selected rows of the data."""

    def __init__(
        self,
        state: ScreenState,
        screen: Screen,
        latent: LatentPainter,
        session: Session,
        selection: Callable[[], Rows],
        select: Callable[[Rows], None],
    ) -> None:
        self.state, self.screen, self.map, self.session = state, screen, latent, session
        self.selection, self.select = selection, select
        self.marked_of: str | None = None  # the data whose rows are selected

    def register(self, actions: Dispatch, drawn: Dispatch) -> None:
        """Handle what a person does on the map, and a new run."""
        actions.on(Explore, self.explore)
        actions.on(Decode, self.decode)
        actions.on(MarkRows, self.mark)
        actions.when(ShowSelection, self.show_selection)
        drawn.on(Started, self.explore_again)

    def explore(self, command: Explore) -> None:
        """Show the run from another side."""
        if self.state.run_values is not None:
            self.session.send(command)
            self._note_text()

    def decode(self, command: Decode) -> None:
        """Decode the place under the pointer exactly."""
        if self.state.run_values is not None:
            self.session.send(command)

    def _note_text(self) -> None:
        """Put the text whose attention map is shown into the page's address, so that a reload finds it."""
        chosen = self.screen.reading.value
        self.screen.page.text = chosen if chosen and chosen != "0" else ""

    def mark(self, action: MarkRows) -> None:
        """Points of the map were selected on the page."""
        known = self.map.rows
        self.select(tuple(known[place] for place in action.shown if 0 <= place < len(known)))
        self.show_selection()

    def show_selection(self) -> None:
        """Show the selection, wherever it was made: on the map, in the panels, in a sentence."""
        places = {row: place for place, row in enumerate(self.map.rows)}
        shown = [places[row] for row in self.selection() if row in places]
        self.marked_of = self.map.data or self.state.values["data"]
        self.map.mark(shown)
        self.explore(Explore(rows=shown))
        self.state.notice = self._sentence(shown) if self.selection() else ""

    def _sentence(self, shown: Sequence[int]) -> str:
        labels, names, count = self.map.cloud.get("label", ()), self.map.label_names, len(self.selection())
        counts = Counter(names[int(labels[place])] for place in shown) if len(names) > 1 else Counter[str]()
        words = [f"{count} × {name}" for name, count in counts.most_common(MOST_COUNTED)]
        words += [f"{len(counts) - MOST_COUNTED} more"] if len(counts) > MOST_COUNTED else []
        summary = f"{count:,} data points selected{': ' if words else ''}{', '.join(words)}."
        hidden = count - len(shown)
        also = f" {hidden:,} of them are not on the map." if hidden and self.map.rows else ""
        when = "" if self.state.run_values is not None else " once you press Run"  # an example run has no worker to ask
        return f"{summary}{also} Panel D marks their KL{when}; Explorer.selection has their rows; Escape lets go."

    def explore_again(self, message: Started) -> None:
        """A run has started: keep the previous view if possible; rows of other data are invalid now."""
        kept = self.screen.explorable(message.about.get("choices", {}))
        if kept:
            colour, plane, bands, text = (kept.get(name) for name in ("colour", "plane", "bands", "text"))
            self.explore(Explore(colour=colour, plane=plane, bands=bands, text=text))
        self._note_text()
        if self.selection() and self.marked_of == self.map.data:
            self.show_selection()
            self.state.notice = ""
        elif self.selection():
            self.select(())
            self.map.mark([])
