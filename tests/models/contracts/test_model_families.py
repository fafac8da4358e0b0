"""Every family of models: its folder declares it, its knobs are in the catalogue, and its default settings train and can be probed."""

import math
import tomllib
from importlib import import_module
from itertools import islice
from pathlib import Path

import pytest
import torch

from elbo_room.models.catalogue import knobs
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.probing.probe import probe
from elbo_room.models.registry import MODELS, family_of
from elbo_room.models.training.run_from import run_from

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", MODELS)
def test_a_family_is_named_as_its_folder_and_its_settings_name_it(name: str) -> None:
    family = MODELS[name]
    assert family.name == name
    settings = family.settings()
    assert vars(settings)["model"] == name
    assert family_of(settings) is family
    assert vars(settings)["data"] in family.data
    assert {knob["name"] for knob in knobs(name)} == vars(settings).keys()
    assert family.help.endswith(".")
    assert import_module(f"elbo_room.models.{name}").__file__, "its folder is a package"
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert f"elbo_room.models.{name}" in setup["packages"], "a wheel has it"


@pytest.mark.parametrize("name", MODELS)
def test_its_default_settings_train_and_the_variance_of_their_gradient_is_measured(name: str) -> None:
    run = run_from(MODELS[name].settings())
    steps = list(islice(run, 3))
    assert [step.number for step in steps] == [1, 2, 3]
    assert all(math.isfinite(step.elbo) for step in steps)
    batch = run.data.batch(torch.arange(16))
    reports = probe(run.model, run.q, {"of the run": dict(run.estimators)}, batch, draws=4, replicates=8)
    assert reports["of the run"].variance > 0


@pytest.mark.parametrize("name", MODELS)
def test_an_estimator_that_it_cannot_use_has_its_reason(name: str) -> None:
    reasons = {key: MODELS[name].unavailable(part) for key, part in ESTIMATORS.items()}
    assert any(reason is None for reason in reasons.values())
    assert all(reason.endswith(".") for reason in reasons.values() if reason)
