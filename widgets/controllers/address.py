"""The page's address: what it asks for when a page is ready, and the link that is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.models.settings import decode, encode
from elbo_room.widgets.actions import PageReady, Share, Shared
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.words import texts

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.quiz import QuizController
    from elbo_room.widgets.controllers.runs import RunController
    from elbo_room.widgets.controllers.scenes import SceneController
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.screen.layout import Screen


class AddressController:
    """Settings, runs and modes that an address names."""

    def __init__(
        self,
        state: ScreenState,
        settings: SettingsController,
        scenes: SceneController,
        runs: RunController,
        quiz: QuizController,
        screen: Screen,
    ) -> None:
        self.state, self.settings, self.scenes = state, settings, scenes
        self.runs, self.quiz, self.screen = runs, quiz, screen
        self.in_voila = False

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
            self.settings.replace(decode(all_knobs(), wanted["settings"]))
            self.scenes.settle()
            self.state.notice = self.state.notice or "These settings came with the link. Press Run."

    def share(self) -> None:
        """Copy a link, or in a notebook a call, that restores the form's settings."""
        encoded = encode(self.settings.knobs, self.state.values)
        self.screen.page.copy(texts.link(encoded) if self.in_voila else f"Explorer('{encoded}')")

    def shared(self, action: Shared) -> None:
        """Say where the link is now, and draw its code."""
        what = "link" if action.link else "call"
        self.state.notice = (
            f"Copied: the {what} opens the lab with these settings."
            if action.copied
            else f"Copy the {what} from the sheet."
        )
        if action.link:
            self.screen.page.show_code(action.link)
