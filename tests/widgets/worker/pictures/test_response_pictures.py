"""Every response that a family of models offers trains there, decodes and draws its own values, and has its pictures."""

import numpy as np
import pytest
import torch

from elbo_room.models.data import Dataset, from_array
from elbo_room.models.families.support import Support
from elbo_room.models.layers import LAYERED_RESPONSES
from elbo_room.models.responses import RESPONSES
from elbo_room.models.training.run_from import run_from
from elbo_room.widgets.worker.pictures import pictures_of

FEW = {"data": "own", "draws": 2, "batch_size": 30, "step_size": 0.02, "stop_at": 300}


def data_of(support: Support) -> Dataset:
    """60 rows of 5 correlated features within the support: counts, fractions, positive or real numbers."""
    generator = torch.Generator().manual_seed(3)
    z = torch.randn(60, 1, generator=generator)
    rate = (1 + z * torch.tensor([0.5, -0.5, 0.3, -0.3, 0.1])).exp()
    counts = torch.poisson(rate, generator=generator) + torch.eye(60, 5)
    some = (counts.clamp_max(1), counts, rate, rate / (1 + rate), counts / counts.max())
    return from_array(next(each for each in some if support.refuses(each, "") is None))


def finite(tree: object) -> bool:
    if isinstance(tree, dict):
        return all(finite(each) for each in tree.values())
    return not isinstance(tree, np.ndarray) or tree.dtype.kind != "f" or bool(np.isfinite(tree).all())


@pytest.mark.parametrize("name", [name for name, part in RESPONSES.items() if part.decodable()])
def test_a_decoder_of_any_response(name: str) -> None:
    part = RESPONSES[name]
    data = data_of(part.decoded_data or part.family.support)
    run = run_from({"model": "deep_generative", "response": name, "width": 5, "depth": 1, **FEW}, data)
    bounds = [step.elbo for step in run]
    assert sum(bounds[-30:]) > sum(bounds[:30]) + 3
    mean = run.model.decode(torch.randn(7, 2, generator=torch.Generator().manual_seed(4)))
    drawn = run.model.sample(200, torch.Generator().manual_seed(5))
    assert mean.shape == (7, 5)
    assert mean.isfinite().all()
    assert part.family.support.holds(run.model.response.observed(drawn)).all()
    pictures = pictures_of(run)
    assert pictures.about()["size"] == 60
    assert finite(pictures.look())


@pytest.mark.parametrize("name", LAYERED_RESPONSES)
def test_layers_above_any_response(name: str) -> None:
    data = data_of(LAYERED_RESPONSES[name].data)
    values = {
        "model": "deep_exponential_family",
        "response": name,
        "layer_1": "normal",
        "width_1": 3,
        "depth": 1,
        **FEW,
    }
    run = run_from(values, data)
    bounds = [step.elbo for step in run]
    assert sum(bounds[-30:]) > sum(bounds[:30]) + 3
    pictures = pictures_of(run)
    assert finite(pictures.look())
    assert "samples" in pictures.look()["replace"] or pictures.drawn
