"""The panels: which chart is in each of the four, the list for choosing another, and the network beside the controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import ipywidgets as ipw
import traitlets

from elbo_room.models.settings import FIRST_MODEL
from elbo_room.widgets import built_assets
from elbo_room.widgets.actions import Action, Look, PressStudy, SplitTerms
from elbo_room.widgets.messages import Explore, SelectParameter
from elbo_room.widgets.painting.views import all_views, views_of
from elbo_room.widgets.screen.browser_events import of_pointer
from elbo_room.widgets.screen.elements import button
from elbo_room.widgets.screen.estimator_legend import EstimatorLegend, unlabelled
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.screen.network_diagram import NetworkDiagram
from elbo_room.widgets.screen.one_step import OneStep
from elbo_room.widgets.screen.replay_bar import ReplayBar
from elbo_room.widgets.wire.bus import Bus
from elbo_room.widgets.words.estimator_words import MOST_SHOWN

DRAWN: dict[str, type[LiveChart]] = {"network": NetworkDiagram, "one_step": OneStep}  # not Vega views


def box(kind: type[ipw.Box], children: list[Any], *classes: str) -> ipw.Box:
    """A box with style classes."""
    made_box = kind(children)
    for name in classes:
        made_box.add_class(name)
    return made_box


def _full_screen() -> ipw.Button:
    """The button that shows its panel over the whole screen; the page itself answers it (`full_screen.js`)."""
    made_button = ipw.Button(description="", tooltip="Full screen", layout=ipw.Layout(width="auto"))
    made_button.add_class("elbo-fill")
    return made_button


def _save() -> ipw.Button:
    """The button that opens the menu with a panel's files; the page itself answers it (`panel_menu.js`)."""
    made_button = ipw.Button(description="", tooltip="Save this panel", layout=ipw.Layout(width="auto"))
    made_button.add_class("elbo-export")
    return made_button


class Panels:
    """Charts by name, each in its panel; a chart is made when first requested."""

    def __init__(self, post: Callable[[Action], None]) -> None:
        self.bus, self._post, self.model = Bus(), post, FIRST_MODEL
        self.charts: dict[str, LiveChart] = {}
        self.wished: Mapping[str, str] = {}  # what the chosen scene opens with, as in `views.OPENING`
        self._offering = False  # a list's value is then not the user's choice
        self.split = ipw.ToggleButton(value=False, description="terms", tooltip="Split the ELBO into its terms")
        self.split.layout.width = "auto"
        for term in ("likelihood", "kl", "prior", "objective"):  # the curves that it shows
            self.split.add_class(f"elbo-knob-{term}")
        self.split.observe(lambda change: post(SplitTerms(change["new"])), "value")
        self.parameter = ipw.Dropdown(
            options=[("all of q", 0)], value=0, tooltip="Which of q's parameters the variance panel shows"
        )
        self.parameter.observe(lambda change: self._chosen(change, lambda index: SelectParameter(index=index)), "value")
        self.colour = self._choice("colour", "What colours the map of the latent space")
        self.plane = self._choice("plane", "Which plane of the latent space is shown")
        self.bands = self._choice("bands", "Whether a point mass is drawn with the bands of Laplace's approximation")
        self.reading = self._choice("text", "Whose attention map is shown: one of the held-out texts")
        self.reading.add_class("elbo-text")
        self.choosers = {"colour": self.colour, "plane": self.plane, "bands": self.bands, "text": self.reading}
        self.studies = {letter: self._study(letter) for letter in "abcd"}
        self.lists = {letter: self._list(letter) for letter in "abcd"}
        self.view = self.lists["b"]  # its value is the view of the gradient's noise that is shown
        tools = {"a": [self.split], "b": [self.parameter], "c": [self.colour, self.plane, self.bands, self.reading]}
        self.buttons = {letter: box(ipw.HBox, [_save(), _full_screen()], "elbo-panel-buttons") for letter in "abcdn"}
        self.panels = {
            letter: box(
                ipw.Box,
                [
                    box(
                        ipw.HBox,
                        [*tools.get(letter, []), self.studies[letter], self.lists[letter], self.buttons[letter]],
                        "elbo-tools",
                    )
                ],
                "elbo-panel",
                f"elbo-{letter}",
            )
            for letter in "abcd"
        }
        self.legend = EstimatorLegend(post, MOST_SHOWN)
        self.measured = box(ipw.HBox, [self.legend], "elbo-measured")  # panel B's charts, and the legend beside them
        self.panels["b"].children = (self.measured, *self.panels["b"].children)
        self.homes = self.panels | {"b": self.measured}
        # The network has a place of its own; panel C can show it, too.
        self.sketch = NetworkDiagram("network", self.bus)
        self.sketch.on_event(partial(self._pointer, "network"))
        self.panels["n"] = box(
            ipw.Box, [self.sketch, box(ipw.HBox, [self.buttons["n"]], "elbo-tools")], "elbo-panel", "elbo-n"
        )
        self.replay = ReplayBar(post)
        self.replay.add_class("elbo-replay")
        self.evidence = box(ipw.VBox, [self.panels["a"], self.replay, self.panels["b"]], "elbo-column")
        self.latent = box(ipw.VBox, [self.panels["c"], self.panels["d"]], "elbo-column")
        self.use(FIRST_MODEL)

    def add_button(self, panel: str, made_button: ipw.Widget) -> None:
        """Put a button into the head of a panel; the one for the full screen stays last."""
        *others, last = self.buttons[panel].children
        self.buttons[panel].children = (*others, made_button, last)

    def _study(self, panel: str) -> ipw.Button:
        """The button that begins what a panel's view shows on request, and cancels it; hidden elsewhere."""
        made_button = button("", "", lambda: self._post(PressStudy(panel)), "elbo-study")
        made_button.layout.display = "none"
        return made_button

    def _list(self, panel: str) -> ipw.Dropdown:
        """The list of a panel's views; hidden if there is only one."""
        made_list = ipw.Dropdown(options=[], tooltip=f"What panel {panel.upper()} shows")
        made_list.observe(lambda change: self._chosen(change, lambda name: Look(panel, name)), "value")
        made_list.add_class("elbo-list")
        return made_list

    def _choice(self, name: str, help_text: str) -> ipw.Dropdown:
        """A list of what a run's map can show; hidden until a run has more than one."""
        made_list = ipw.Dropdown(options=[], tooltip=help_text)
        made_list.observe(lambda change: self._chosen(change, lambda value: Explore(**{name: value})), "value")
        made_list.add_class("elbo-choice")
        made_list.layout.display = "none"
        return made_list

    def _chosen(self, change: Mapping[str, Any], action: Callable[[Any], Action]) -> None:
        """Post what a person has chosen in a list; what the lab itself shows there is no choice."""
        if not self._offering and change["new"] is not None:
            self._post(action(change["new"]))

    def _pointer(self, chart: str, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "zoom" and all_views()[chart].panel in "ab":
            ends = content.get("low"), content.get("high")
            self.bus.window = [] if None in ends else [float(each) for each in ends if each is not None]
        action = of_pointer(chart, kind, content)
        if action is not None:
            self._post(action)

    def chart(self, name: str) -> LiveChart:
        """The chart with this name; it is made, hidden, when first requested."""
        found = self.charts.get(name)
        if found is None:
            home = self.homes[all_views()[name].panel]
            look = {"spec": unlabelled(built_assets.spec(name))} if home is self.measured else {}
            found = self.charts[name] = DRAWN.get(name, LiveChart)(name, self.bus, **look)
            found.layout.display = "none"
            found.on_event(partial(self._pointer, name))
            home.children = (found, *home.children)
            if name == self.sketch.name:
                for trait in ("labels", "summary"):
                    traitlets.dlink((found, trait), (self.sketch, trait))
        return found

    def panel_of(self, name: str) -> str:
        """The panel that a chart belongs to."""
        return all_views()[name].panel

    def shows(self, name: str) -> bool:
        """Whether this chart is in its panel now."""
        return name in self.charts and self.charts[name].layout.display != "none"

    def in_sight(self) -> list[str]:
        """The charts that are shown."""
        beside = [self.sketch.name] if self.panels["n"].layout.display != "none" else []
        return [*(name for name in self.charts if self.shows(name) and name not in beside), *beside]

    def in_order(self) -> list[str]:
        """The charts that panels A to D show, in their order."""
        return sorted((name for name in self.charts if self.shows(name)), key=self.panel_of)

    def by_panel(self) -> list[tuple[str, LiveChart]]:
        """Every panel in sight, and the chart that it shows."""
        network = [("n", self.sketch)] if self.panels["n"].layout.display != "none" else []
        return [*((self.panel_of(name), self.charts[name]) for name in self.in_order()), *network]

    def show(self, panel: str, name: str) -> None:
        """Show this chart in its panel instead of the current one; none if the name is empty."""
        if name:
            self.chart(name)
        for other, chart in self.charts.items():
            if all_views()[other].panel == panel:
                chart.layout.display = None if other == name else "none"
        strip = bool(name) and all_views()[name].strip
        (self.panels[panel].add_class if strip else self.panels[panel].remove_class)("elbo-strip")
        self.studies[panel].layout.display = None if name and all_views()[name].study else "none"
        self.split.layout.display = None if self.shows("elbo") else "none"
        self._show_choices()

    def _show_choices(self) -> None:
        useful_now = {choice for name in self.in_sight() for choice in all_views()[name].choices}
        for choice, chooser in self.choosers.items():
            useful = len(chooser.options) > 1 and choice in useful_now
            chooser.layout.display = None if useful else "none"

    def explorable(self, choices: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
        """Offer a run's colours, planes, bands and texts; an earlier choice of the scene or the user is kept if possible, and returned."""
        kept, wished = {}, dict(self.wished)
        self.wished = {}
        for name, chooser in self.choosers.items():
            options = [(words, value) for words, value in choices.get(name, ())]
            values = [value for _, value in options]
            before = wished.get(name, chooser.value)
            if before in values[1:]:
                kept[name] = str(before)
            self._offer(chooser, options, kept.get(name, next(iter(values), None)))
        self._show_choices()
        return kept

    def look(self, panel: str, name: str) -> None:
        """Show this chart, also in its panel's list."""
        self.show(panel, name)
        self._offer(self.lists[panel], list(self.lists[panel].options), name)

    def use(self, model: str, views: Mapping[str, Sequence[str]] | None = None) -> None:
        """Show the panels of a model family; `views` lists the charts that a run can fill, if not all."""
        self.model = model
        for panel, all_names in views_of(model).items():
            names = (views or {}).get(panel, all_names)
            wish = self.wished.get(panel)
            if wish is not None and wish in names:
                self.show(panel, wish)
            elif wish is not None or not any(self.shows(name) for name in names):
                self.show(panel, next(iter(names), ""))
            options = [(all_views()[name].word, name) for name in names]
            chosen = next((name for name in names if self.shows(name)), None)
            self._offer(self.lists[panel], options, chosen)
            self.lists[panel].layout.display = None if len(options) > 1 else "none"
        self.wished = {name: wish for name, wish in self.wished.items() if name not in "abcd"}
        has_network = any(self.sketch.name in names for names in (views or views_of(model)).values())
        self.panels["n"].layout.display = None if has_network else "none"

    def offer_architecture(self, offers: Sequence[Mapping[str, Any]]) -> None:
        """What clicks on the drawing of the network change."""
        self.sketch.offers = list(offers)

    def offer(self, labels: list[str], chosen: int) -> None:
        """List these parameters of q for panel B and show the chosen one."""
        self._offer(self.parameter, [(label, index) for index, label in enumerate(labels)], chosen)

    def _offer(self, chooser: ipw.Dropdown, options: list[tuple[str, Any]], chosen: Any) -> None:
        self._offering = True
        try:
            if list(chooser.options) != options:
                chooser.options = options
            chooser.value = chosen
        finally:
            self._offering = False
