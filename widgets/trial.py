"""The drawer "Try this": one question of the scene at a time, radio buttons, and the answer that the run gives."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as ipw

from elbo_room.widgets.tasks import Facts, Task, answer

NOTHING = (
    "This scene has no questions yet. Choose the scene “Gradient noise”, or change a knob and see what panel B says."
)


class Trial:
    """Holds the scene's tasks; `post("try")` asks for the answer on the pump's thread, which then calls `say`.

    An answer that was asked for follows the run: what was not measured yet comes by itself, and a new run has to be measured again.
    """

    def __init__(self, post: Callable[..., None]) -> None:
        self.tasks: list[Task] = []
        self.at = 0
        self.ask = ipw.Label("")
        self.ask.add_class("elbo-ask")
        self.asked = False  # the answer is wanted, for this guess
        self.guess = ipw.RadioButtons(options=[], layout=ipw.Layout(width="auto"))
        self.guess.observe(lambda _: self._forget(), "index")
        self.check = ipw.Button(description="Check with my run", layout=ipw.Layout(width="auto"))
        self.check.on_click(lambda _: post("try"))
        self.another = ipw.Button(description="Next question", layout=ipw.Layout(width="auto"))
        self.another.on_click(lambda _: self._turn())
        self.answer = ipw.Label("")
        self.answer.add_class("elbo-answer")
        self.widget = ipw.VBox([self.ask, self.guess, ipw.HBox([self.check, self.another]), self.answer])
        self.widget.add_class("elbo-trial")

    def offer(self, tasks: list[Task]) -> None:
        """Show the tasks of a scene, from the first unless they are shown already."""
        if tasks != self.tasks or not tasks:
            self.tasks, self.at = tasks, 0
            self._show()

    def _turn(self) -> None:
        self.at = (self.at + 1) % max(1, len(self.tasks))
        self._show()

    def _show(self) -> None:
        some = bool(self.tasks)
        for part in (self.guess, self.check, self.another):
            part.layout.display = None if some and (part is not self.another or len(self.tasks) > 1) else "none"
        self._forget()
        self.ask.value = f"{self.at + 1} of {len(self.tasks)}. {self.tasks[self.at]['ask']}" if some else NOTHING
        self.guess.options = self.tasks[self.at]["choices"] if some else []
        self.guess.index = None

    def _forget(self) -> None:
        """Another question, or another guess."""
        self.asked, self.answer.value = False, ""

    def say(self, facts: Facts) -> None:
        """Answer the guess from what the run on the screen has measured, now and whenever that changes."""
        self.asked = bool(self.tasks)
        self.follow(facts)

    def follow(self, facts: Facts) -> None:
        """Bring an answer that was asked for up to date."""
        if self.asked:
            self.answer.value = answer(self.tasks[self.at], self.guess.index, facts)
