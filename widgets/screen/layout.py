"""The one screen: header, run bar, goal and caption, controls, panels, drawer. Widgets only; what they do is defined in the controllers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw

from elbo_room.widgets import built_assets
from elbo_room.widgets.actions import (
    Action,
    ChooseScene,
    ChooseSpeed,
    NextSeed,
    OpenDrawer,
    PressKey,
    Reset,
    Run,
    RunSeeds,
    Share,
    Step,
    ToggleProjector,
    TryRemedy,
    UndoChange,
)
from elbo_room.widgets.screen.browser_events import of_page
from elbo_room.widgets.screen.caption import Caption
from elbo_room.widgets.screen.drawers import DRAWERS
from elbo_room.widgets.screen.drawers.part import CLOSED
from elbo_room.widgets.screen.elements import button, worded
from elbo_room.widgets.screen.fold import Fold
from elbo_room.widgets.screen.gallery import Gallery
from elbo_room.widgets.screen.own_table import OwnTable
from elbo_room.widgets.screen.page import Page
from elbo_room.widgets.screen.panel_help import PanelHelp
from elbo_room.widgets.screen.panel_tables import PanelTables
from elbo_room.widgets.screen.panels import Panels, box
from elbo_room.widgets.screen.prediction_quiz import PredictionQuiz
from elbo_room.widgets.screen.room_vote import RoomVote
from elbo_room.widgets.screen.runs_table import RunsTable
from elbo_room.widgets.screen.status import Status
from elbo_room.widgets.words import formulas

NAME = "ELBO Room"
PURPOSE = "Watch variational inference learn, and how noisy its gradients are."
SPEEDS = (("slow", "slow"), ("normal", "normal"), ("full", "full"))


class LabPage(Page):
    """The page's invisible widget, which also carries the screen's style sheet."""

    _css = "".join(map(built_assets.style, ("lab.css", "screen.css", "drawers.css", "formulas.css"))) + formulas.style()


class Screen(Panels):
    """All widgets of one lab. `post` takes note of what a person does."""

    def __init__(
        self,
        post: Callable[[Action], None],
        form: ipw.Widget,
        bar_fields: list[ipw.Widget],
        presets: list[tuple[str, str]],
    ) -> None:
        super().__init__(post)
        self.page = LabPage()
        self.page.on_message(self._page_event)
        self._header(post, presets)
        self._bar(post, bar_fields)
        self._hero(post)
        self._foot(post)
        beside = box(ipw.VBox, [form, self.panels["n"]], "elbo-left")
        rows = [
            self.page,
            self.bus,
            self.header,
            self.bar,
            self.hero,
            box(ipw.HBox, [beside, self.evidence, self.latent, self.vote.card, self.drawer], "elbo-main"),
            self.glossary,
            self.foot,
        ]
        self.root = box(ipw.VBox, rows, "elbo-room")

    def _page_event(self, content: Mapping[str, Any]) -> None:
        action = of_page(content)
        if action is not None:
            self._post(action)

    def _header(self, post: Callable[[Action], None], presets: list[tuple[str, str]]) -> None:
        self.scene = ipw.Dropdown(
            options=presets, description="Scene", style={"description_width": "auto"}, tooltip="Choose a scene"
        )
        self.scene.observe(lambda change: self._chosen(change, ChooseScene), "value")
        self.scene.add_class("elbo-scene")
        share = button("Share", "Copy a link that restores these settings", lambda: post(Share()))
        projector = button("Projector", "Larger type for a lecture room (P)", lambda: post(ToggleProjector()))
        self.gallery = Gallery(post, self.scene)
        keys = button(
            "Keys", "What the keys do at the projector (K)", lambda: post(PressKey("k")), "elbo-projector-only"
        )
        name, purpose = worded(NAME, "elbo-name"), worded(PURPOSE, "elbo-purpose")
        self.header = box(ipw.HBox, [name, purpose, self.scene, self.gallery, share, projector, keys], "elbo-header")

    def name_scene(self, name: str, goal: str) -> None:
        """Show this scene in the list, with a goal, without selecting it again."""
        self._offer(self.scene, list(self.scene.options), name)
        self.goal.value = goal

    def _bar(self, post: Callable[[Action], None], fields: list[ipw.Widget]) -> None:
        self.run = button("Run", "Start, pause or continue (Space)", lambda: post(Run()), "elbo-run")
        self.run.button_style = "primary"
        step = button("Step", "One optimiser step (.)", lambda: post(Step()), "elbo-onward")
        reset = button(
            "Reset",
            "Back to step 0 with the same seed: the same run, bit for bit (R)",
            lambda: post(Reset()),
            "elbo-reset",
        )
        self.speed = ipw.Dropdown(
            options=SPEEDS,
            value="full",
            description="Speed",
            style={"description_width": "auto"},
            tooltip="Pace of training",
        )
        self.speed.observe(lambda change: post(ChooseSpeed(change["new"])), "value")
        seed, stop_at = fields
        self.seed_menu = self._seeds(post, seed)
        self.status = Status()
        row = [self.run, step, reset, self.speed, stop_at, self.seed_menu.widget, self.status]
        self.bar = box(ipw.HBox, row, "elbo-bar")

    def _seeds(self, post: Callable[[Action], None], seed: ipw.Widget) -> Fold:
        """The menu of the seed."""
        self.lock = ipw.ToggleButton(
            value=True,
            description="locked",
            tooltip="Locked: every run uses this seed. Open: each new run takes the next one.",
        )
        self.lock.observe(
            lambda change: setattr(self.lock, "description", "locked" if change["new"] else "open"), "value"
        )
        following = button(
            "Next seed", "The next seed; the previous run stays as a grey line", lambda: post(NextSeed())
        )
        five = button(
            "5 seeds",
            "Run this seed and the next four; the ELBO's panel shows their mean ± standard deviation",
            lambda: post(RunSeeds()),
        )
        return Fold(
            "Seed",
            "The seed of all random numbers, and runs of several",
            [seed, self.lock, following, five],
            "elbo-popup",
        )

    def _hero(self, post: Callable[[Action], None]) -> None:
        self.goal = worded("", "elbo-goal")
        self.caption = Caption()
        self.undo = button("Undo change", "Back to the settings of this run", lambda: post(UndoChange()))
        self.remedy = button(
            "Try the remedy", "Continue from the last good state with the proposed change", lambda: post(TryRemedy())
        )
        for each in (self.undo, self.remedy):
            each.layout.display = "none"
        words = box(ipw.VBox, [self.goal, self.caption], "elbo-words")
        self.hero = box(ipw.HBox, [words, self.undo, self.remedy], "elbo-hero")

    def _foot(self, post: Callable[[Action], None]) -> None:
        self.tabs = ipw.ToggleButtons(
            options=[("Close", CLOSED), *((each.name, each.name) for each in DRAWERS)],
            value=CLOSED,
            tooltips=["Close", *(each.tooltip for each in DRAWERS)],
        )
        self.tabs.observe(lambda change: post(OpenDrawer(change["new"])), "value")
        self.tabs.add_class("elbo-tabs")
        self.quiz = PredictionQuiz(post)
        self.own = OwnTable(post)
        self.runs = RunsTable(post)
        self.tables = PanelTables(post)
        self.vote = RoomVote(post)
        self.panels["b"].children = (*self.panels["b"].children, self.vote.widget, self.vote.verdict)
        self.explained = PanelHelp(self)
        self.drawers = {each.name: each(post, self) for each in DRAWERS}
        self.drawer_title = ipw.HTML("")
        close = button("Close", "Close this drawer", lambda: setattr(self.tabs, "value", CLOSED), "elbo-close")
        head = box(ipw.HBox, [self.drawer_title, close], "elbo-drawer-head")
        self.drawer_body = box(ipw.VBox, [part.widget for part in self.drawers.values()], "elbo-drawer-body")
        self.drawer = box(ipw.VBox, [head, self.drawer_body], "elbo-drawer")
        self.drawer.layout.display = "none"
        self.glossary = ipw.HTML("")
        self.glossary.add_class("elbo-glossary")
        self.foot = box(ipw.VBox, [box(ipw.HBox, [self.tabs], "elbo-foot-row")], "elbo-foot")
