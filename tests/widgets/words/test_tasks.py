"""Try this: the run answers, whatever the task's author believed."""

from inspect import signature

import pytest

from elbo_room.models.presets import PRESETS
from elbo_room.widgets.actions import Guess, NextQuestion
from elbo_room.widgets.screen.prediction_quiz import PANELS, PredictionQuiz
from elbo_room.widgets.words.evidence_words import times
from elbo_room.widgets.words.tasks import MEASURES, answer, fact, measure_of, step_of, waiting

FACTS = {"state": "paused", "number": 900, "stop_at": 2000, "threshold": 0.01, "kl": [1.0, 0.001], "elbo": 12.0,
         "variance": {"score": (400.0, 1.0), "reparameterization": (4.0, 0.1)}}  # fmt: skip
TASK = {
    "ask": "How noisy?",
    "choices": ["less", "up to 10×", "more"],
    "edges": [1.0, 10.0],
    "measure": {"name": "variance_ratio", "of": "score", "to": "reparameterization"},
    "why": "Because.",
}


@pytest.mark.parametrize(("score", "right"), [(2.0, 0), (20.0, 1), (400.0, 2)])
def test_the_measured_ratio_decides_which_choice_is_right(score: float, right: int) -> None:
    facts = FACTS | {"variance": {"score": (score, 1.0), "reparameterization": (4.0, 0.1)}}
    for guess, words in enumerate(TASK["choices"]):
        words_of_answer = answer(TASK, guess, facts)
        assert words_of_answer.startswith("Right." if guess == right else f"Not so: {TASK['choices'][right]}"), words
        assert f"measures {times(score / 4)} at step 900" in words_of_answer


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"number": 20, "state": "running"}, "answers at step 300; this is step 20."),
        ({"number": 20}, "Press Run to continue."),
        ({"number": 20, "stop_at": 200}, "Raise 'Stop at' to 300: the run ends at step 200."),
        ({"state": "example"}, "Press Run: this scene answers at step 300."),
        ({"unrun": True}, "Press Run: this scene answers at step 300."),
        ({"variance": {}, "variance_at": None}, "next measurement"),
        ({"variance_at": 152}, "next measurement"),
    ],
)
def test_a_guess_says_what_it_waits_for(facts: dict[str, object], words: str) -> None:
    assert words in (waiting(TASK, FACTS | facts) or "")
    assert waiting(TASK, FACTS | {"variance_at": 880}) is None


@pytest.mark.parametrize(
    ("measure", "value", "words"),
    [
        ({"name": "fact", "of": "elbo"}, -8.742, "−8.7 nats per data point"),
        ({"name": "fact", "of": "test_density"}, -2.5449, "−2.54 nats per data point"),
        ({"name": "power_of_draws", "of": "score"}, -1.02, "variance falls as B to the power −1.02"),
        ({"name": "neighbours", "of": "label"}, 0.613, "61 %"),
        ({"name": "fact", "of": "link_error"}, 10.13, "10.1 mm"),
    ],
)
def test_answers_carry_their_unit_and_a_proper_minus(measure: dict[str, str], value: float, words: str) -> None:
    assert measure_of({"measure": measure})[0].write(value) == words


def test_measures_read_the_screens_own_numbers() -> None:
    assert MEASURES["active_dimensions"].read(FACTS) == 1
    assert fact(FACTS, "elbo") == 12.0
    assert fact(FACTS, "nothing") is None


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.get("tasks")])
def test_every_task_can_be_asked_and_answered(name: str) -> None:
    for task in PRESETS[name]["tasks"]:
        assert len(task["choices"]) == len(task["edges"]) + 1
        assert sorted(task["edges"]) == task["edges"]
        measure, arguments = measure_of(task)
        signature(measure.read).bind(FACTS, **arguments)
        assert measure.panel in PANELS
        assert task["ask"].endswith("?")
        assert task["why"].endswith(".")
        assert step_of(task) <= PRESETS[name]["settings"].get("stop_at", 2000), (
            "the run must come to the answer by itself"
        )


def trial_of(*tasks: dict[str, object]) -> tuple[PredictionQuiz, list[object]]:
    posted: list[object] = []
    trial = PredictionQuiz(posted.append)
    trial.offer(list(tasks))
    return trial, posted


def test_the_drawer_turns_through_the_questions_and_forgets_no_scene() -> None:
    trial, posted = trial_of(TASK, {**TASK, "ask": "And now?"})
    trial.guess.index = 2
    trial.check.click()
    trial.another.click()
    assert posted == [Guess(), NextQuestion()]
    trial.make_guess()
    trial.follow(FACTS)
    assert trial.answer.value.startswith("Right")
    trial.turn()
    assert "And now?" in trial.ask.value
    assert trial.guess.index is None
    assert "answers at step 300" in trial.answer.value
    trial.offer([])
    assert trial.check.layout.display == "none"


def test_a_guess_waits_for_its_step_and_is_answered_without_another_press() -> None:
    trial, _ = trial_of(TASK)
    trial.make_guess()
    assert "Choose one" in trial.answer.value
    trial.guess.index = 0
    trial.make_guess()
    assert trial.guess.disabled
    trial.follow(FACTS | {"number": 120, "state": "running"})
    assert "this is step 120" in trial.answer.value
    trial.follow(FACTS | {"number": 301, "state": "running"})
    assert trial.answer.value.startswith("Not so: more. Your run measures 100× at step 301.")
    trial.follow(FACTS | {"number": 302, "variance": {}})
    assert "at step 301" in trial.answer.value, "an answer stays what it was"
    trial.follow(FACTS | {"unrun": True})
    assert "Press Run" in trial.answer.value, "these numbers are not of the settings that are shown now"


def test_the_panel_that_tells_is_covered_until_a_guess_is_made() -> None:
    trial, _ = trial_of(TASK)
    assert trial.covers() == "b"
    trial.guess.index = 1
    trial.make_guess()
    assert trial.covers() is None
    trial.offer([{**TASK, "measure": {"name": "fact", "of": "elbo"}}])
    assert trial.covers() == "a"


def test_measures_of_collapse_slope_and_elbo_come_from_the_facts() -> None:
    facts = FACTS | {"evidence": {"variance_against_draws": {"slopes": {"score": (-1.02, 0.05)}}}}
    assert MEASURES["total_divergence"].read(facts) == pytest.approx(1.001)
    assert MEASURES["power_of_draws"].read(facts, of="score") == -1.02
    assert MEASURES["power_of_draws"].read(facts, of="path_only") is None
    assert MEASURES["power_of_draws"].read(FACTS, of="score") is None
    task = {**TASK, "measure": {"name": "fact", "of": "elbo"}, "edges": [16.0, 26.0]}
    assert "measures 12.0 nats" in answer(task, 0, FACTS)
