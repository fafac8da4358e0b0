"""What a person's actions on the map of the latent space mean: colour, plane, pinned places, draws, and data that are selected."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from elbo_room.widgets.controllers.run_actions import RunActions
from elbo_room.widgets.messages import Explore

MOST_COUNTED = 4  # labels that a sentence names


class LatentActions(RunActions, traitlets.HasTraits):
    """Part of the explorer: what looks at the latent space. It changes nothing of the run."""

    act: Callable[[str, dict[str, Any]], None]
    selection = traitlets.Tuple(help="row numbers of the selected data")
    marked_of: str | None = None  # the data whose rows are selected

    @traitlets.validate("selection")  # type: ignore[untyped-decorator]
    def _whole_rows(self, proposal: Any) -> tuple[int, ...]:
        rows = [int(row) for row in proposal["value"]]
        if any(row < 0 for row in rows):
            raise traitlets.TraitError(
                f"Row {min(rows)} was selected; rows are counted from 0. Give row numbers of the data."
            )
        return tuple(sorted(set(rows)))

    @traitlets.observe("selection")  # type: ignore[untyped-decorator]
    def _selected(self, _: Any) -> None:
        if threading.current_thread() is not self.session.pump:  # the pump shows its own changes itself
            self.post("select_rows")

    def post(self, action: str, **values: Any) -> None:
        """Take note of an action; the pump carries it out."""
        self.session.post(action, **values)

    def _do_explore(self, **wanted: Any) -> None:
        if self.run_values is not None:
            self.session.send(Explore(**wanted))
            self._note_text()

    def _note_text(self) -> None:
        """The page's address names the text whose attention map is shown, so that a reload finds it."""
        chosen = self.screen.reading.value
        self.screen.page.text = chosen if chosen and chosen != "0" else ""

    def _explored(self, kind: str, content: dict[str, Any]) -> None:
        """A page's word about the map: thirty a second may come, so it is looked at closely and no refusal is said."""
        if kind == "lasso" and isinstance(content.get("rows"), list):
            self.act("mark", {"shown": [int(row) for row in content["rows"]]})
        elif kind == "pins" and isinstance(content.get("places"), list):
            x, y, row = (content["places"][k::3] for k in range(3))
            self._do_explore(pins=list(zip(x, y, row, strict=False)))
        elif kind == "draw" and isinstance(content.get("row"), int) and isinstance(content.get("seed"), int):
            self._do_explore(draw=(content["row"], content["seed"]))
        elif kind == "click" and isinstance(content.get("dimension"), int):
            self._do_explore(dimension=content["dimension"])

    def _do_mark(self, shown: list[int]) -> None:
        """Data of the map were selected on the page."""
        known = self.painter.rows
        self.selection = tuple(known[row] for row in shown if 0 <= row < len(known))
        self._do_select_rows()

    def _do_select_rows(self) -> None:
        """Show the selection, whoever made it: on the map, in the panels, in a sentence."""
        places = {row: place for place, row in enumerate(self.painter.rows)}
        shown = [places[row] for row in self.selection if row in places]
        self.marked_of = self.painter.data or self.values["data"]
        self.painter.mark(shown)
        self._do_explore(rows=shown)
        self.notice = self._selection_sentence(shown) if self.selection else ""

    def _selection_sentence(self, shown: Sequence[int]) -> str:
        labels, names = self.painter.cloud.get("label", ()), self.painter.label_names
        counts = Counter(names[int(labels[place])] for place in shown) if len(names) > 1 else Counter[str]()
        words = [f"{count} × {name}" for name, count in counts.most_common(MOST_COUNTED)]
        words += [f"{len(counts) - MOST_COUNTED} more"] if len(counts) > MOST_COUNTED else []
        said = f"{len(self.selection):,} data selected{': ' if words else ''}{', '.join(words)}."
        hidden = len(self.selection) - len(shown)
        also = f" {hidden:,} of them are not on the map." if hidden and self.painter.rows else ""
        return f"{said}{also} Panel D marks their KL; Explorer.selection has their rows; Escape lets go."

    def _explore_again(self, choices: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """A run has begun: look at it as at the one before, where it can be; rows of other data mean nothing any more."""
        kept = self.screen.explorable(choices)
        if kept:
            self._do_explore(**kept)
        self._note_text()
        if self.selection and self.marked_of == self.painter.data:
            self._do_select_rows()
            self.notice = ""
        elif self.selection:
            self.selection = ()
            self.painter.mark([])
