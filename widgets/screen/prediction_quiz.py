"""The drawer "Try this": one question of the scene at a time, radio buttons, and the answer from the run.

While a question is open the panel that shows its answer is covered, and the goal and the caption do not mention it. A guess that has
been made stays unchanged, the panel is uncovered, and the answer appears when the run has reached the question's step.
"""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as ipw

from elbo_room.widgets.actions import Action, Guess, NextQuestion
from elbo_room.widgets.words.tasks import Facts, Task, answer, measure_of, step_of, waiting

NOTHING = (
    "This scene has no questions yet. Choose the scene “Gradient noise”, or change a knob and watch the variance panel."
)
FIRST = "Choose what you expect, then press “That is my guess”."
PANELS = "abcd"


class PredictionQuiz:
    """Holds the scene's tasks; `Guess` says that a guess was made, and `follow` brings everything up to date."""

    def __init__(self, post: Callable[[Action], None]) -> None:
        self.tasks: list[Task] = []
        self.at = 0
        self.guessed: int | None = None
        self.answered = False
        self.ask = ipw.Label("")
        self.ask.add_class("elbo-ask")
        self.guess = ipw.RadioButtons(options=[], layout=ipw.Layout(width="auto"))
        self.check = ipw.Button(description="That is my guess", layout=ipw.Layout(width="auto"))
        self.check.on_click(lambda _: post(Guess()))
        self.another = ipw.Button(description="Next question", layout=ipw.Layout(width="auto"))
        self.another.on_click(lambda _: post(NextQuestion()))
        self.answer = ipw.Label("")
        self.answer.add_class("elbo-answer")
        self.widget = ipw.VBox([self.ask, self.guess, ipw.HBox([self.check, self.another]), self.answer])
        self.widget.add_class("elbo-quiz")

    def offer(self, tasks: list[Task]) -> None:
        """Show the tasks of a scene, from the first unless they are shown already."""
        if tasks != self.tasks or not tasks:
            self.tasks, self.at = tasks, 0
            self._show()

    def turn(self) -> None:
        """The next question."""
        self.at = (self.at + 1) % max(1, len(self.tasks))
        self._show()

    def _show(self) -> None:
        some = bool(self.tasks)
        self.guessed, self.answered = None, False
        for part in (self.guess, self.check, self.another):
            part.layout.display = None if some and (part is not self.another or len(self.tasks) > 1) else "none"
        self.guess.disabled = self.check.disabled = False
        self.ask.value = f"{self.at + 1} of {len(self.tasks)}. {self.tasks[self.at]['ask']}" if some else NOTHING
        self.guess.options = self.tasks[self.at]["choices"] if some else []
        self.guess.index = None
        self.answer.value = f"{FIRST} The run answers at step {step_of(self.tasks[self.at]):,}." if some else ""

    def make_guess(self) -> None:
        """Keep the guess: from now on the run may show its numbers."""
        if self.guess.index is None:
            self.answer.value = "Choose one of the answers first."
        elif self.tasks and self.guessed is None:
            self.guessed = self.guess.index
            self.guess.disabled = self.check.disabled = True

    def covers(self) -> str | None:
        """The panel that would reveal the answer to an open question."""
        return measure_of(self.tasks[self.at])[0].panel if self.tasks and self.guessed is None else None

    def follow(self, facts: Facts) -> None:
        """The answer to a guess, or what it is waiting for; an answer stays until other settings are run."""
        if self.guessed is None or (self.answered and not facts.get("unrun")):
            return
        task = self.tasks[self.at]
        pending = waiting(task, facts)
        self.answered = pending is None
        self.answer.value = answer(task, self.guessed, facts) if pending is None else pending
