"""A goal that names a number shows that number: as what a scene is measured against, as one of its settings, or as the size of its data."""

import math
import re

import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.data import Dataset
from elbo_room.models.presets import PRESETS
from elbo_room.models.registry import family_of
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.words.caption import caption
from elbo_room.widgets.words.yardsticks import SHOWN, compared, label, whole, yardstick_of
from elbo_room.widgets.worker.pictures.arm import BAND, NOISE

NUMBER = re.compile(r"(?<![\wσ/^])−?\d+(?:\.\d+)?")  # not the 1 of 1/σ², nor the 0 of a limit
LIMITS = {"robot_arm_floor", "latent_gaussian"}  # whose goals say "to 0" and "1/σ²": no numbers of a run
WITH = [name for name, preset in PRESETS.items() if "yardstick" in preset]


def data_of(name: str) -> Dataset:
    settings = settings_from(PRESETS[name]["settings"])
    return family_of(settings).data[vars(settings)["data"]].load()


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if re.search(r"\d", preset["goal"])])
def test_the_numbers_of_a_goal_are_on_the_screen(name: str) -> None:
    preset = PRESETS[name]
    if name in LIMITS:
        return
    settings, data = whole(preset, catalogue()), data_of(name)
    numbers = [value for value in settings.values() if isinstance(value, int | float)]
    shown = {f"{float(value):g}" for value in [*numbers, data.size, data.x.shape[1]]}
    if "yardstick" in preset:
        shown |= {found.replace("−", "-") for found in NUMBER.findall(label(preset["yardstick"]))}
    for number in NUMBER.findall(preset["goal"]):
        assert number.replace("−", "-") in shown, f"{number} is nowhere on the screen"


@pytest.mark.parametrize("name", WITH)
def test_a_yardstick_is_declared_once_and_stands_beside_the_runs_number(name: str) -> None:
    preset = PRESETS[name]
    found = yardstick_of(whole(preset, catalogue()), catalogue())
    assert found == preset["yardstick"]
    assert found["of"] in SHOWN
    facts = {
        "state": "paused",
        "number": 500,
        "yardstick": found,
        found["of"]: found["value"],
        "labels": {},
        "estimator": "score",
    }
    text = SHOWN[found["of"]].text(found["value"])
    assert compared(facts).count(text) == 2, "the run's own, which is the same here, and the yardstick"
    assert text in caption(facts)
    assert compared(facts | {found["of"]: None}) == ""


def test_a_yardstick_goes_when_its_assumptions_do() -> None:
    """The evidence at λ = 1 is none at λ = 2; another network leaves the score of a logistic regression what it is."""
    ridge, splice = (whole(PRESETS[name], catalogue()) for name in ("ridge", "splice"))
    assert yardstick_of(ridge | {"estimator": "score"}, catalogue()) is not None
    assert yardstick_of(ridge | {"prior_scale": 2.0}, catalogue()) is None
    assert yardstick_of(splice | {"depth": 1}, catalogue()) == PRESETS["splice"]["yardstick"]
    assert yardstick_of(splice | {"data": "verses"}, catalogue()) == PRESETS["verses"]["yardstick"]


def test_the_evidence_of_the_linear_scene_is_the_closed_form() -> None:
    """log N(y; 0, λ² X Xᵀ + λ² 1 1ᵀ + s² I)/N, the intercept included."""
    settings, data = whole(PRESETS["ridge"], catalogue()), data_of("ridge")
    x = torch.cat([data.x, torch.ones(data.size, 1)], 1).double()
    covariance = settings["prior_scale"] ** 2 * x @ x.T + settings["spread"] ** 2 * torch.eye(data.size)
    assert data.y is not None
    exact = torch.distributions.MultivariateNormal(torch.zeros(data.size).double(), covariance).log_prob(
        data.y.double()
    )
    assert PRESETS["ridge"]["yardstick"]["value"] == pytest.approx(float(exact) / data.size, abs=6e-5)


def test_twice_the_sensors_error_is_twice_what_its_noise_does_to_the_links() -> None:
    bound = 1000 * NOISE * math.sqrt(sum(each**2 for each in BAND) / len(BAND))
    assert PRESETS["robot_arm_prior"]["yardstick"]["value"] == pytest.approx(2 * bound, abs=0.05)
