"""For the lab's models analytic KL is refused at the start or runs; a wrong declared prior can occur only in a user's own model."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from elbo_room.models.catalogue import knobs, settings_from
from elbo_room.models.settings import SettingError
from elbo_room.models.training.guard import DivergenceError
from elbo_room.models.training.run import Run

SMALL = {
    "width": 4,
    "depth": 1,
    "batch_size": 8,
    "draws": 2,
    "stop_at": 2,
    "estimator": "analytic_kl",
    "latent_size": 2,
}
DATA = {
    "deep_generative": {"data": "pinwheel", "response": "normal"},
    "deep_exponential_family": {"data": "pinwheel", "response": "normal", "layer_1": "normal", "weights": "normal"},
    "conditional": {},
}  # fmt: skip
PARTS = {
    "deep_generative": ("latent_prior", "prior", "variational", "decoder"),
    "deep_exponential_family": ("layer_1", "layer_2", "layer_3", "weights", "positive_family", "structure", "link"),
    "conditional": ("prior", "posterior", "response"),
}


def choices() -> Iterator[Any]:
    """Every choice of the parts that have to do with priors and families, one at a time."""
    for model, names in PARTS.items():
        own = {knob["name"]: knob for knob in knobs(model)}
        base = {name: value for name, value in SMALL.items() if name in own} | {"model": model} | DATA[model]
        for name in names:
            for each in own[name]["choices"]:
                yield pytest.param(base | {name: each["name"]}, id=f"{model}-{name}-{each['name']}")


def started(values: dict[str, Any]) -> Run | None:
    """The run, or None where it is refused."""
    try:
        return Run(settings_from(values))
    except SettingError:
        return None


@pytest.mark.parametrize("values", list(choices()))
def test_what_starts_runs(values: dict[str, Any]) -> None:
    run = started(values)
    assert run is None or len(list(run)) == 2


def test_a_run_whose_q_is_no_number_has_diverged() -> None:
    """Neither the value of log p(z) nor what is declared of it is a number then; the declaration is not to blame."""
    run = Run(settings_from({"estimator": "analytic_kl", "data": "pinwheel", "batch_size": 8, "stop_at": 5}))
    next(run)
    with torch.no_grad():
        next(iter(run.q.parameters())).fill_(float("nan"))
    with pytest.raises(DivergenceError):
        next(run)
