"""Every word on the screen, updated from the state and from the numbers that the painter knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elbo_room.widgets.built_assets import axis_titles
from elbo_room.widgets.painting.views import ONE_STEP, all_views
from elbo_room.widgets.screen.text_throttle import TextThrottle
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words import glossary
from elbo_room.widgets.words.caption import caption, headline
from elbo_room.widgets.words.evidence_words import heading
from elbo_room.widgets.words.remedies import SavedRun
from elbo_room.widgets.words.replay_words import replay_headline, replay_sentence
from elbo_room.widgets.words.snapshot import Snapshot
from elbo_room.widgets.words.waiting import waiting

if TYPE_CHECKING:
    from elbo_room.widgets.controllers.quiz import QuizController
    from elbo_room.widgets.controllers.seeds import SeedSweep
    from elbo_room.widgets.controllers.settings import SettingsController
    from elbo_room.widgets.controllers.state import ScreenState
    from elbo_room.widgets.controllers.studies import StudyController
    from elbo_room.widgets.painting.painter import Painter
    from elbo_room.widgets.screen.layout import Screen
    from elbo_room.widgets.words.caption import Headline

BUTTON = {"running": "Pause", "paused": "Continue", "starting": "Starting …"}


class ScreenWords:
    """Status line, caption, buttons, headings."""

    def __init__(
        self,
        state: ScreenState,
        settings: SettingsController,
        quiz: QuizController,
        seeds: SeedSweep,
        studies: StudyController,
        screen: Screen,
        painter: Painter,
    ) -> None:
        self.state, self.settings, self.quiz, self.seeds = state, settings, quiz, seeds
        self.studies, self.screen, self.painter = studies, screen, painter
        self.counts = TextThrottle()
        self.headline: Headline | None = None

    def refresh(self) -> None:
        """Update all text on the screen; unchanged traits are not sent."""
        state, screen, facts, values = self.state, self.screen, self.painter.facts, self.state.values
        facts.update(state=state.phase, estimator=values["estimator"], stop_at=values["stop_at"])
        facts["above"] = "log_evidence" if screen.shows("log_evidence") else "elbo"
        facts["unrun"] = state.dirty or state.run_values is None
        facts["stepping"] = screen.shows(ONE_STEP)
        self.quiz.cover()
        saved = SavedRun(state.run_values is not None, state.saved_number, state.own_model, state.cell is not None)
        screen.page.remedies = saved.remedies()
        facts["biased"] = values["estimator"] == "score_xi" and values["xi_from"] == "same_draws"
        screen.run.description = "Run" if state.dirty and state.phase != "running" else BUTTON.get(state.phase, "Run")
        (screen.run.add_class if state.phase == "running" else screen.run.remove_class)("elbo-running")
        screen.seed_menu.head.description = f"Seed {values['seed']}"
        screen.undo.layout.display = None if state.dirty and state.run_values is not None else "none"
        screen.remedy.layout.display = None if state.phase == "failed" and facts.get("remedy") else "none"
        facts["studied"] = [name for name in screen.in_sight() if all_views()[name].study]
        self.studies.refresh()
        self.say()
        active = list(catalogue()["estimators"]).index(values["estimator"])
        for name in ("variance", "variance_against_draws", "variance_against_rows"):
            screen.chart(name).set(active=active)
        for name in screen.in_sight():
            screen.chart(name).waiting = waiting(name, facts)
        shown = screen.chart(screen.view.value)
        shown.heading = heading(screen.view.value, facts, self._noise())
        self.quiz.drawer.changed()

    def _noise(self) -> str:
        """What the kind of noise is called, or nothing for the usual one."""
        knob, chosen = self.settings.form.fields["noise"].knob, self.state.values["noise"]
        return next((str(part["label"]) for part in knob["choices"] if part["name"] == chosen != "iid"), "")

    def say(self, *, drawn: bool = False) -> None:
        """Status line and caption, both of the same moment; during training their numbers change only occasionally."""
        screen, facts = self.screen, self.painter.facts
        if facts.get("stepping"):  # a step shown stage by stage brings its own text
            self.counts.at_once()
        due = self.counts.due(self.state.phase, drawn=drawn)
        if due:
            screen.status.show(Snapshot.of(facts), self.seeds.word(), self.state.saved_number)
        if due or self.state.notice:
            replayed = replay_sentence(facts)
            if due:
                self.headline = replay_headline(facts) if replayed else headline(facts)
            screen.caption.show(self.headline, self.state.notice or replayed or caption(facts))
            screen.page.announce = self.state.notice or screen.caption.value
        if due:
            screen.glossary.value = glossary.line(self._in_sight())

    def _in_sight(self) -> str:
        """The words of the panels, legend, goal and caption, from which abbreviations are explained."""
        screen = self.screen
        charts = [chart for _, chart in screen.by_panel()]
        panels = [
            words
            for chart in charts
            for words in (all_views()[chart.name].word, chart.heading or chart.title, *axis_titles(chart.name))
        ]
        nodes = [label for chart in charts for label in chart.labels]
        ticked = [str(row["label"]) for row in screen.legend.rows if row["name"] in screen.legend.ticked]
        parameter = [label for label, index in screen.parameter.options if index == screen.parameter.value]
        return " · ".join(
            [*panels, *nodes, *parameter, *ticked, str(screen.scene.label), screen.goal.value, screen.caption.value]
        )

    def fill_drawer(self) -> None:
        """Update the drawer when it is due; a new question's answer goes from the caption at once."""
        if self.quiz.fill():
            self.counts.at_once()
            self.refresh()
