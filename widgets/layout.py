"""The one screen: header, run bar, controls, four panels, caption, drawer. Widgets only; what they do stands in `explorer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from models.settings import FIRST_MODEL
from widgets import made
from widgets.bus import Bus
from widgets.live_chart import LiveChart
from widgets.page import Page
from widgets.views import EVIDENCE_WORDS, PANEL_OF, VIEWS

SPEEDS = (("slow", "slow"), ("normal", "normal"), ("full", "full"))
DRAWERS = ("Formula", "Estimators", "Runs", "Code", "Help")


class LabPage(Page):
    """The page's invisible widget, which also carries the screen's style sheet."""

    _css = made.style("lab.css") + made.style("screen.css")


def button(words: str, help_text: str, act: Callable[[], None], *classes: str) -> ipw.Button:
    """A button that only takes note of its click."""
    made_button = ipw.Button(description=words, tooltip=help_text, layout=ipw.Layout(width="auto"))
    made_button.on_click(lambda _: act())
    for name in classes:
        made_button.add_class(name)
    return made_button


def box(kind: type[ipw.Box], children: list[Any], *classes: str) -> ipw.Box:
    """A box with style classes."""
    made_box = kind(children)
    for name in classes:
        made_box.add_class(name)
    return made_box


class Screen:
    """All widgets of one lab. `post(action, **values)` takes note of what a person does."""

    def __init__(
        self,
        post: Callable[..., None],
        form: ipw.Widget,
        bar_fields: list[ipw.Widget],
        presets: list[tuple[str, str]],
        pointer: Callable[[str], Callable[[str, dict[str, Any]], None]],
    ) -> None:
        self.bus, self._pointer = Bus(), pointer
        self.page = LabPage()
        self.charts: dict[str, LiveChart] = {}
        self.panels: dict[str, ipw.Box] = {}
        self._header(post, presets)
        self._bar(post, bar_fields)
        self._panels(post)
        self._foot(post)
        rows = [
            self.page,
            self.bus,
            self.header,
            self.bar,
            box(ipw.HBox, [form, self.evidence, self.latent], "elbo-main"),
            self.foot,
        ]
        self.root = box(ipw.VBox, rows, "elbo-room")

    def _header(self, post: Callable[..., None], presets: list[tuple[str, str]]) -> None:
        self.scene = ipw.Dropdown(
            options=presets, description="Scene", style={"description_width": "auto"}, tooltip="Choose what to look at"
        )
        self.scene.observe(lambda change: post("scene", name=change["new"]), "value")
        self.scene.add_class("elbo-scene")
        self.goal = ipw.Label("")
        self.goal.add_class("elbo-goal")
        share = button("Share", "Copy a link that restores these settings", lambda: post("share"))
        projector = button("Projector", "Larger type for a lecture room (P)", lambda: post("projector"))
        self.header = box(ipw.HBox, [self.scene, self.goal, share, projector], "elbo-header")

    def _bar(self, post: Callable[..., None], fields: list[ipw.Widget]) -> None:
        self.run = button("Run", "Start, pause or go on (Space)", lambda: post("run"), "elbo-run")
        self.run.button_style = "primary"
        step = button("Step", "One optimiser step (.)", lambda: post("step"))
        reset = button(
            "Reset", "Back to step 0 with the same seed: the same run, bit for bit (R)", lambda: post("reset")
        )
        self.undo = button("Undo change", "Back to the settings of this run", lambda: post("undo"))
        self.undo.layout.display = "none"
        self.remedy = button(
            "Try the remedy", "Go on from the last good state with a smaller step size", lambda: post("remedy")
        )
        self.remedy.layout.display = "none"
        self.speed = ipw.Dropdown(
            options=SPEEDS,
            value="full",
            description="Speed",
            style={"description_width": "auto"},
            tooltip="Pace of training",
        )
        self.speed.observe(lambda change: post("speed", speed=change["new"]), "value")
        self.lock = ipw.ToggleButton(
            value=True,
            description="locked",
            tooltip="Locked: every run uses this seed. Open: each new run takes the next one.",
        )
        self.lock.observe(
            lambda change: setattr(self.lock, "description", "locked" if change["new"] else "open"), "value"
        )
        following = button("Next", "The next seed", lambda: post("next_seed"))
        self.status = ipw.Label("")
        self.status.add_class("elbo-status")
        seed, stop_at = fields
        # What comes and goes stands at the end, so that nothing else moves.
        row = [
            self.run,
            step,
            reset,
            self.speed,
            stop_at,
            seed,
            self.lock,
            following,
            self.status,
            self.undo,
            self.remedy,
        ]
        self.bar = box(ipw.HBox, row, "elbo-bar")

    def _panels(self, post: Callable[..., None]) -> None:
        self.split = ipw.ToggleButton(value=False, description="terms", tooltip="Split the ELBO into its terms")
        self.split.observe(lambda change: post("split", on=change["new"]), "value")
        self.view = ipw.Dropdown(options=[(words, name) for name, words in EVIDENCE_WORDS.items()], value="variance")
        self.view.tooltip = "How panel B shows the gradient's noise"
        self.view.observe(lambda change: post("view", view=change["new"]), "value")
        self.parameter = ipw.Dropdown(
            options=[("all ν", 0)], value=0, tooltip="Which of q's parameters panel B looks at"
        )
        self._select = lambda change: post("select", index=change["new"])
        self.parameter.observe(self._select, "value")
        for toggle in (self.split, self.lock):
            toggle.layout.width = "auto"
        tools = {"a": [self.split], "b": [box(ipw.HBox, [self.parameter, self.view], "elbo-tools")]}
        self.panels = {letter: box(ipw.Box, tools.get(letter, []), "elbo-panel", f"elbo-{letter}") for letter in "abcd"}
        self.evidence = box(ipw.VBox, [self.panels["a"], self.panels["b"]], "elbo-column")
        self.latent = box(ipw.VBox, [self.panels["c"], self.panels["d"]], "elbo-column")
        self.use(FIRST_MODEL)

    def chart(self, name: str) -> LiveChart:
        """The chart of this name; it is made, out of sight, when it is first asked for."""
        found = self.charts.get(name)
        if found is None:
            found = self.charts[name] = LiveChart(name, self.bus)
            found.layout.display = "none"
            found.on_event(self._pointer(name))
            panel = self.panels[PANEL_OF[name]]
            panel.children = (found, *panel.children)
        return found

    def show(self, panel: str, name: str) -> None:
        """Show this chart in its panel, instead of the one there."""
        self.chart(name)
        for other, chart in self.charts.items():
            if PANEL_OF[other] == panel:
                chart.layout.display = None if other == name else "none"

    def offer(self, labels: list[str], chosen: int) -> None:
        """List these parameters of q and show the chosen one; nobody is told, it was not a person's choice."""
        options = [(label, index) for index, label in enumerate(labels)]
        self.parameter.unobserve(self._select, "value")
        if list(self.parameter.options) != options:
            self.parameter.options = options
        self.parameter.value = chosen
        self.parameter.observe(self._select, "value")

    def use(self, model: str) -> None:
        """Show the panels of a family of models."""
        for panel, names in VIEWS[model].items():
            if not any(name in self.charts and self.charts[name].layout.display != "none" for name in names):
                self.show(panel, names[0])

    def _foot(self, post: Callable[..., None]) -> None:
        self.caption = ipw.Label("")
        self.caption.add_class("elbo-caption")
        self.tabs = ipw.ToggleButtons(
            options=[("Close", "–"), *((name, name) for name in DRAWERS)],
            value="–",
            tooltips=[
                "Close",
                "What is computed",
                "Which estimators panel B measures",
                "Earlier runs",
                "This run in Python",
                "Keys and panels",
            ],
        )
        self.tabs.observe(lambda change: post("drawer", name=change["new"]), "value")
        self.tabs.add_class("elbo-tabs")
        self.text = ipw.Textarea(disabled=False, layout=ipw.Layout(width="100%", height="100%"))
        self.text.add_class("elbo-text")
        self.runs = ipw.Select(options=[], rows=10, layout=ipw.Layout(width="100%"))
        self.open = button(
            "Open this run",
            "Show it where it stopped; Run goes on from there",
            lambda: post("open_run", identity=self.runs.value),
        )
        self.shelf = box(ipw.VBox, [self.runs, self.open], "elbo-shelf")
        self.shown = ipw.SelectMultiple(options=[], rows=9, layout=ipw.Layout(width="100%"))
        words = ipw.Label("Panel B measures the chosen ones (Ctrl-click adds or removes); at most 8 are readable.")
        self.choice = box(ipw.VBox, [words, self.shown], "elbo-shelf")
        self.drawer = box(ipw.VBox, [self.text, self.shelf, self.choice], "elbo-drawer")
        self.drawer.layout.display = "none"
        self.foot = box(ipw.VBox, [self.drawer, box(ipw.HBox, [self.caption, self.tabs], "elbo-foot-row")], "elbo-foot")
