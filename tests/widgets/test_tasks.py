"""Try this: the run answers, whatever the task's author believed."""

from inspect import signature

import pytest

from elbo_room.models.presets import PRESETS
from elbo_room.widgets.tasks import MEASURES, answer
from elbo_room.widgets.trial import Trial

FACTS = {"state": "paused", "number": 900, "threshold": 0.01, "kl": [1.0, 0.001], "elbo": 12.0,
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
        said = answer(TASK, guess, facts)
        assert said.startswith("Right." if guess == right else f"Not so: {TASK['choices'][right]}"), words
        assert f"{score / 4:.3g}" in said


@pytest.mark.parametrize(
    ("guess", "facts", "words"),
    [
        (None, FACTS, "Choose what you expect first"),
        (0, FACTS | {"number": 20}, "to step 300"),
        (0, FACTS | {"state": "example"}, "Run this scene"),
        (0, FACTS | {"variance": {}}, "not measured it yet"),
    ],
)
def test_what_is_missing_is_said(guess, facts, words) -> None:
    assert words in answer(TASK, guess, facts)


def test_measures_read_the_screens_own_numbers() -> None:
    assert MEASURES["active_dimensions"](FACTS) == 1
    assert MEASURES["fact"](FACTS, "elbo") == 12.0
    assert MEASURES["fact"](FACTS, "nothing") is None


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.get("tasks")])
def test_every_task_can_be_asked_and_answered(name: str) -> None:
    for task in PRESETS[name]["tasks"]:
        assert len(task["choices"]) == len(task["edges"]) + 1
        assert sorted(task["edges"]) == task["edges"]
        measure = MEASURES[task["measure"]["name"]]
        signature(measure).bind(FACTS, **{key: value for key, value in task["measure"].items() if key != "name"})
        assert task["ask"].endswith("?")
        assert task["why"].endswith(".")


def test_the_drawer_turns_through_the_questions_and_forgets_no_scene() -> None:
    posted: list[str] = []
    trial = Trial(posted.append)
    trial.offer([TASK, {**TASK, "ask": "And now?"}])
    trial.guess.index = 2
    trial.check.click()
    assert posted == ["try"]
    trial.say(FACTS)
    assert trial.answer.value.startswith("Right")
    trial.guess.index = 0
    assert not trial.answer.value  # it was the answer to another guess
    trial.another.click()
    assert "And now?" in trial.ask.value
    assert trial.guess.index is None
    assert not trial.answer.value
    trial.offer([])
    assert trial.check.layout.display == "none"


def test_measures_of_collapse_slope_and_elbo_come_from_the_facts() -> None:
    facts = FACTS | {"evidence": {"variance_against_draws": {"slopes": {"score": (-1.02, 0.05)}}}}
    assert MEASURES["total_divergence"](facts) == pytest.approx(1.001)
    assert MEASURES["power_of_draws"](facts, of="score") == -1.02
    assert MEASURES["power_of_draws"](facts, of="path_only") is None
    assert MEASURES["power_of_draws"](FACTS, of="score") is None
    task = {**TASK, "measure": {"name": "fact", "of": "elbo"}, "edges": [16.0, 26.0]}
    assert "Your run says 12" in answer(task, 0, FACTS)


def test_an_answer_that_was_asked_for_comes_when_the_run_gets_there_and_goes_with_it() -> None:
    trial = Trial(lambda _: None)
    trial.offer([TASK])
    trial.follow(FACTS)
    assert not trial.answer.value  # nobody asked
    trial.guess.index = 2
    trial.say(FACTS | {"number": 0})
    assert "is noted" in trial.answer.value
    trial.follow(FACTS)
    assert trial.answer.value.startswith("Right")
    trial.follow(FACTS | {"unrun": True})  # another scene was chosen: these numbers are not its own
    assert "is noted" in trial.answer.value
