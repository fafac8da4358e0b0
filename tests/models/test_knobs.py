"""No silent knob: in every scene each knob that the form offers changes the run, and each grey one does not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from elbo_room.models.catalogue import knobs, settings_from
from elbo_room.models.presets import PRESETS
from elbo_room.models.settings import idle, validate
from elbo_room.models.training.run import Run
from tests.models.knob_flips import Scene, few_rows


@pytest.fixture(autouse=True)
def small_data() -> Iterator[None]:
    """A knob acts on few rows as on many."""
    with few_rows():
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_every_knob_acts_or_is_grey(name: str) -> None:
    assert Scene(PRESETS[name]["settings"]).silent() == []


OTHERS: dict[str, dict[str, object]] = {  # what no scene has: the knobs of parts that are chosen seldom
    "layers_prior": {"prior": "layers", "depth": 1},
    "layers_prior_no_layer": {"model": "conditional", "prior": "layers", "depth": 0, "intercept": False},
    "picture_decoder": {"decoder": "convolution", "depth": 0, "width": 8, "channels": 4},
    "picture_decoder_table": {"decoder": "convolution", "variational": "table", "channels": 4},
    "identifiable_table": {"decoder": "gradient_map", "variational": "table", "depth": 0, "width": 8},
    "table": {"variational": "table", "width": 8},
    "horseshoe": {"model": "conditional", "prior": "horseshoe", "width": 8},
    "second_head": {"model": "conditional", "spread_from": "network", "width": 8},
    "gaussian_above_binary": {"model": "deep_exponential_family", "layer_2": "normal", "width_1": 8, "width_2": 4},
    "gaussian_in_the_middle": {
        "model": "deep_exponential_family", "depth": 3, "layer_2": "normal", "width_1": 8, "width_2": 4, "width_3": 4,
    },
    "beta_top": {"model": "deep_exponential_family", "depth": 1, "layer_1": "beta", "width_1": 8},
    "closed_form_kl": {
        "model": "deep_exponential_family", "response": "normal", "layer_1": "normal", "layer_2": "normal", "width_1": 8, "width_2": 4,
        "estimator": "analytic_kl",
    },
    "disarm": {"model": "deep_exponential_family", "depth": 1, "width_1": 8, "estimator": "disarm", "weights": "normal"},
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_every_knob_acts_or_is_grey_with_rarer_parts(name: str) -> None:
    assert Scene(OTHERS[name]).silent() == []


@pytest.mark.parametrize(
    ("settings", "knob", "reason"),
    [
        ({"model": "conditional", "posterior": "point"}, "draws", "q is a point"),
        ({"model": "conditional"}, "rao_blackwell", "the only latent variable"),
        ({"draws": 1}, "noise", "A single draw has no partner"),
        ({"draws": 1}, "xi_from", "needs at least 2 draws; B is 1"),
        ({"model": "deep_exponential_family", "layer_2": "normal"}, "layer_scale", "Only a Gaussian layer with another"),
        ({"model": "deep_exponential_family", "weights": "gamma", "response": "poisson"}, "intercept", "no intercepts"),
        ({"model": "conditional", "data": "splice_junctions", "network": "convolution", "response": "categorical"}, "width", "filters"),
    ],
)  # fmt: skip
def test_a_grey_knob_has_a_reason(settings: dict[str, object], knob: str, reason: str) -> None:
    own = knobs(str(settings.get("model", "deep_generative")))
    whole = validate(own, settings | ({"data": "docstrings"} if settings.get("response") == "poisson" else {}))
    assert reason in (idle(next(each for each in own if each["name"] == knob), whole) or "")


@pytest.mark.parametrize(
    ("settings", "knob", "learned"),
    [
        ({"spread_from": "learned"}, "spread", lambda run: run.model.log_spread.exp()),
        ({"prior": "evidence"}, "prior_scale", lambda run: run.model.prior.log_scale.exp()),
        ({"prior": "ard_evidence"}, "prior_scale", lambda run: run.model.prior.log_scale.exp()),
    ],
)
def test_a_learned_number_goes_on_from_where_its_knob_is_turned(
    settings: dict[str, Any], knob: str, learned: Callable[[Any], torch.Tensor]
) -> None:
    run = Run(settings_from({"model": "conditional", "width": 4, "depth": 1, **settings}))
    next(run)
    run.change(draws=2)
    before = learned(run).detach().clone()
    assert not torch.allclose(before, torch.tensor(2.5)), "another live knob leaves it alone"
    run.change(**{knob: 2.5})
    torch.testing.assert_close(learned(run).detach(), torch.full_like(before, 2.5))


def test_a_point_makes_one_draw_whatever_b_is() -> None:
    """Under a point mass all draws are alike: B neither changes the run nor costs time."""
    found = []
    for draws in (1, 8):
        run = Run(settings_from({"model": "conditional", "posterior": "point", "width": 4, "depth": 1, "draws": draws}))
        found.append([next(run).elbo for _ in range(3)])
        assert run.draws == 1
    assert found[0] == found[1]
