"""The page as one HTML file: the worker draws the kept states one by one, the file is made, its size is stated, and then it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elbo_room.models.settings import encode, knobs_of
from elbo_room.widgets.actions import PreparePage, SavePage
from elbo_room.widgets.messages import Rendered, RenderStates, Started
from elbo_room.widgets.painting.saved_page import Page, saved_page
from elbo_room.widgets.sessions.example import all_knobs, settings_of
from elbo_room.widgets.words.replay_words import replay_headline, replay_sentence

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.replay import Recording, ReplayController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.dispatch import Dispatch
    from elbo_room.widgets.messages import Replayed
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.sessions.session import Session

PURPOSE = "Move the slider, or press Play: what a model learned at every step, and how noisy its gradients were."
NO_RUN = "There is no run to save yet. Press Run; then the page can be saved with all its kept steps."


class SavedPageController:
    """Collects the drawn states of one run and makes the file of them."""

    def __init__(
        self,
        state: ScreenState,
        replay: ReplayController,
        screen: Screen,
        painter: Painter,
        session: Session,
    ) -> None:
        self.state, self.replay = state, replay
        self.screen, self.painter, self.session = screen, painter, session
        self.drawn: list[tuple[Replayed, str]] = []  # with the caption of each
        self.page = b""

    def register(self, actions: Dispatch, messages: Dispatch, drawn: Dispatch) -> None:
        """Handle the button and what the worker draws for it."""
        actions.when(PreparePage, self.prepare)
        actions.when(SavePage, self.save)
        messages.on(Rendered, self.collect)
        drawn.when(Started, self.forget)

    def prepare(self) -> None:
        """Have the states drawn; those of a scene's recorded run are.

        Raises:
            ValueError: there is no run.
        """
        if self.recording is not None:
            self.forget()
            steps = list(self.recording.steps.values())
            for place, shown in enumerate(steps, 1):
                self.collect(Rendered(shown, place, len(steps)))
            return
        if self.state.run_values is None or self.state.folder is None:
            raise ValueError(NO_RUN)
        self.forget()
        self.screen.replay.progress("drawing the steps …")
        self.session.send(RenderStates())

    @property
    def recording(self) -> Recording | None:
        """The recorded run that is on the screen, if so."""
        return self.replay.recording if self.state.phase == "example" else None

    def forget(self) -> None:
        """Another run: the file that was made is of the one before."""
        self.drawn, self.page = [], b""
        self.screen.replay.progress("")

    def collect(self, message: Rendered) -> None:
        """One more state; the last one makes the file."""
        facts: dict[str, Any] = {**self.painter.facts, **message.shown.picture.get("facts", {}), "state": "paused"}
        facts["replayed"] = {**self.replay.numbers_at(message.shown.step), "kept": ""}
        noise = replay_headline(facts)
        words = [replay_sentence(facts), f"{noise}." if noise else None]
        self.drawn.append((message.shown, " ".join(each for each in words if each)))
        if message.done < message.of:
            self.screen.replay.progress(f"step {message.done} of {message.of} drawn")
            return
        self.page = self._made()
        self.screen.replay.progress(f"{len(self.drawn)} steps, {len(self.page) / 1e6:.1f} MB", ready=True)
        self.drawn = []

    def _made(self) -> bytes:
        state, screen = self.state, self.screen
        values, folder = state.held_values or state.values, state.folder
        if self.recording is not None:
            values = settings_of(self.recording.scene)
        encoded = encode(knobs_of(all_knobs(), values), values)
        identity = f"Run {folder.identity}. " if folder is not None else ""
        page = Page(
            title="ELBO Room: a run to replay",
            goal=PURPOSE,
            settings=encoded,
            source=f"{identity}In a notebook with ELBO Room, Explorer('{encoded}') trains it again.",
            changes=screen.replay.changes,
            steps=self.drawn,
        )
        return saved_page(page, screen, self.painter.map)

    def save(self) -> None:
        """Hand the file to the browser."""
        if self.page:
            self.screen.replay.save("elbo-room.html", self.page)
            self.forget()  # the next one has the steps of then
