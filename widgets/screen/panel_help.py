"""The `?` in the head of every panel: a card that says what the panel shows, its axes, and how to read it."""

from __future__ import annotations

from functools import partial

import ipywidgets as ipw

from elbo_room.widgets.painting.views import all_views
from elbo_room.widgets.screen.panels import Panels
from elbo_room.widgets.words.help_words import card


class PanelHelp:
    """One button and one card a panel; the card is about the chart that is shown."""

    def __init__(self, panels: Panels) -> None:
        self.panels = panels
        self.buttons: dict[str, ipw.ToggleButton] = {}
        self.cards: dict[str, ipw.HTML] = {}
        for letter in panels.buttons:
            button = ipw.ToggleButton(
                description="Explain the network" if letter == "n" else f"Explain panel {letter.upper()}",
                tooltip="What this panel shows, its axes, and how to read it",
                layout=ipw.Layout(width="auto"),
            )
            button.add_class("elbo-ask-panel")
            button.observe(partial(self._toggled, letter), "value")
            shown = ipw.HTML("", layout=ipw.Layout(display="none"))
            shown.add_class("elbo-explained")
            self.buttons[letter], self.cards[letter] = button, shown
            panels.add_button(letter, button)
            panels.panels[letter].children = (*panels.panels[letter].children, shown)

    def _toggled(self, letter: str, change: dict[str, bool]) -> None:
        self.refresh()
        self.cards[letter].layout.display = None if change["new"] else "none"

    def refresh(self) -> None:
        """Let the open cards be about what their panels show now."""
        for panel, chart in self.panels.by_panel():
            if self.buttons[panel].value:
                self.cards[panel].value = card(chart.title, all_views()[chart.name])
