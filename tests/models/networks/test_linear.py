"""Building networks is cheap and reproducible: no torch seed is touched, and torch's symbolic shapes stay unloaded."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from elbo_room.models.networks.linear import linear

ROOT = Path(__file__).parents[3]
TRAIN = """
import sys
from elbo_room.models.training.run import Run
from elbo_room.models.{module} import settings as family
run = Run(family.Settings({values}, stop_at=14))
assert len(list(run)) == 14
print(*(name for name in sys.modules if name in ("sympy", "torch.fx.experimental.symbolic_shapes", "torch._dynamo")))
"""


def loaded_by_a_run(module: str, values: str) -> str:
    code = TRAIN.format(module=module, values=values)
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    ).stdout.strip()


def test_a_run_with_a_recorded_step_does_not_load_symbolic_shapes():
    """.4 s and 35 MB of a first run: `skip_init` and a dispatch mode that compilers may skip each load them."""
    assert loaded_by_a_run("deep_generative", "data='pinwheel', width=8") == ""


def test_a_conditional_run_does_not_load_them_either():
    """Its weights are one vector, under which the network runs by `functional_call`."""
    assert loaded_by_a_run("conditional", "width=8") == ""


@pytest.mark.parametrize("posterior", ["full_rank", "low_rank"])
def test_nor_does_a_q_with_correlations(posterior):
    """`torch.distributions` loads them to find the shape of a batch."""
    assert loaded_by_a_run("conditional", f"width=3, depth=1, posterior={posterior!r}") == ""


def test_weights_are_those_of_the_generator_and_torchs_seed_is_not_used():
    """Bit for bit what `skip_init` gave."""
    before = torch.get_rng_state()
    layer = linear(5, 3, bias=True, gain=2.0, generator=torch.Generator().manual_seed(4))
    old = nn.utils.skip_init(nn.Linear, 5, 3, bias=True)
    with torch.no_grad():
        old.weight.copy_(torch.randn(3, 5, generator=torch.Generator().manual_seed(4)) * 2.0 / 5**0.5)
    assert torch.equal(layer.weight, old.weight)
    assert torch.equal(layer.bias, torch.zeros(3))
    assert layer.weight.requires_grad
    assert layer.bias.requires_grad
    assert list(layer.state_dict()) == list(old.state_dict()) == ["weight", "bias"]
    assert torch.equal(before, torch.get_rng_state())
