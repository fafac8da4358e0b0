"""The page's address: what it asks for when a page is ready, and the link that is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elbo_room.widgets.actions import CompareBy, PageReady, Share, Shared
from elbo_room.widgets.painting.views import OPENING
from elbo_room.widgets.sessions.example import all_knobs, catalogue, estimators_of
from elbo_room.widgets.sessions.shared_link import CHOICES, PANELS, shared_lab, shared_text
from elbo_room.widgets.words import texts
from elbo_room.widgets.words.estimator_words import MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from elbo_room.widgets.controllers.estimators import EstimatorController
    from elbo_room.widgets.controllers.quiz import QuizController
    from elbo_room.widgets.controllers.runs import RunController
    from elbo_room.widgets.controllers.scenes import SceneController
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.controllers.views import ViewController
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.shared_link import SharedLab


class AddressController:
    """Settings, runs and modes that an address names."""

    def __init__(
        self,
        state: ScreenState,
        settings: SettingsController,
        scenes: SceneController,
        runs: RunController,
        quiz: QuizController,
        views: ViewController,
        estimators: EstimatorController,
        screen: Screen,
    ) -> None:
        self.state, self.settings, self.scenes = state, settings, scenes
        self.runs, self.quiz, self.views, self.estimators, self.screen = runs, quiz, views, estimators, screen
        self.in_voila, self.left_out = False, 0

    def register(self, actions: Dispatch) -> None:
        """Handle a page's report of its address."""
        actions.on(PageReady, self.ready)
        actions.when(Share, self.share)
        actions.on(Shared, self.shared)

    def ready(self, action: PageReady) -> None:
        """A page shows the lab; the first one's address is followed."""
        self.in_voila = action.voila
        if self.state.phase == "example":
            self.follow(action.query)

    def follow(self, query: str) -> None:
        """Open the run or take the settings that the address names.

        Raises:
            ValueError: there is no such run, or the settings are not allowed.
        """
        wanted = texts.query(query)
        if wanted.get("predict") == "1":
            self.quiz.veil()
        for part in wanted.get("hide", "").split(","):
            if part in texts.HIDEABLE:
                self.screen.root.add_class(f"elbo-without-{part}")
        if "run" in wanted:
            self.runs.open(wanted["run"])
            if "text" in wanted:
                self.screen.wished = {"c": "attention_map", "text": wanted["text"]}
        elif "settings" in wanted:
            self.open(shared_lab(all_knobs(), wanted["settings"]))

    def open(self, lab: SharedLab) -> None:
        """Show a lab as it was shared: settings and live changes for Run, panels, colours and estimators at once."""
        self.settings.replace(lab.values)
        self.scenes.settle()
        self.state.plan = list(lab.changes)
        self.show_panels(lab.screen)
        count = len(lab.changes)
        plan = "" if not count else " Its live change comes" if count == 1 else f" Its {count:,} live changes come"
        words = [
            self.state.notice or "These settings came with the link. Press Run.",
            f"{plan.strip()} at {'its' if count == 1 else 'their'} step{'' if count == 1 else 's'} again."
            if plan
            else "",
            *lab.notes,
        ]
        self.state.notice = " ".join(each for each in words if each)

    def show_panels(self, wanted: Mapping[str, Any]) -> None:
        """Views, colours, ticks and axes; what this model does not have stays as it is."""
        screen = self.screen
        for panel in PANELS:
            self.views.look(panel, wanted.get(panel, ""))
        screen.wished = {**screen.wished, **{name: wanted[name] for name in CHOICES if name in wanted}}
        screen.legend.wished = wanted.get("estimators") or screen.legend.wished
        if wanted.get("measure") in MEASURES:
            self.estimators.compare_by(CompareBy(wanted["measure"]))
        if "split" in wanted:
            screen.split.value = wanted["split"]
            screen.chart("elbo").set(split=wanted["split"])
        if "steps" in wanted:
            screen.bus.window = list(wanted["steps"])

    def panels(self) -> dict[str, Any]:
        """What the panels show now, where it is not what the nearest scene opens with."""
        screen, shown = self.screen, {}
        scene, _ = texts.departure(self.state.values, catalogue())
        opening = {**OPENING, **catalogue()["presets"][scene].get("views", {})}
        for panel in PANELS:
            chosen = screen.lists[panel].value
            first = next((name for _, name in screen.lists[panel].options), None)
            if chosen and chosen != (opening.get(panel) or first):
                shown[panel] = str(chosen)
        for name in CHOICES:
            chooser = screen.choosers[name]
            if chooser.options and chooser.value not in (None, chooser.options[0][1]):
                shown[name] = str(chooser.value)
        extra: dict[str, Any] = {}
        if list(self.estimators.names) != estimators_of(scene):
            extra["estimators"] = list(self.estimators.names)
        if self.estimators.measure != "variance":
            extra["measure"] = self.estimators.measure
        if screen.split.value:
            extra["split"] = True
        if screen.bus.window:
            extra["steps"] = list(screen.bus.window)
        return shown | extra

    def share(self) -> None:
        """Copy a link, or in a notebook a call, that restores the form's settings."""
        values, changes = self.state.recipe()
        encoded = shared_text(self.settings.knobs, values, changes, self.panels())
        self.left_out = len(changes) if changes and '"changes"' not in encoded else 0
        self.screen.page.copy(texts.link(encoded) if self.in_voila else f"Explorer({encoded!r})")

    def shared(self, action: Shared) -> None:
        """Say where the link is now, and draw its code."""
        what = "link" if action.link else "call"
        self.state.notice = (
            f"Copied: the {what} opens the lab with these settings."
            if action.copied
            else f"Copy the {what} from the sheet."
        )
        if self.left_out:
            self.state.notice += (
                f" Its {self.left_out:,} live changes are too many for a {what}; the drawer Code has them all."
            )
        if action.link:
            self.screen.page.show_code(action.link)
