"""scVI step for step: the lab's run against the model rewritten in plain torch, the same weights, minibatches and noise."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import NegativeBinomial, Normal, kl_divergence

from elbo_room.models.catalogue import settings_from
from elbo_room.models.data import Dataset, from_array
from tests.benchmarks import _beside_scvi
from tests.benchmarks._held_out_cells import elbo

CELLS, GENES, WIDTH, LATENT, STEPS = 40, 12, 6, 3, 30
STANDARD = Normal(0.0, 1.0)
SETTINGS = {
    "data": "own", "response": "negative_binomial", "scale_head": "feature", "latent_size": LATENT, "width": WIDTH, "depth": 1,
    "activation": "relu", "draws": 1, "step_size": 0.01, "prior_scale": 100.0, "estimator": "analytic_kl", "stop_at": STEPS,
}  # fmt: skip


class Plain(nn.Module):
    """Lopez et al. 2018 as scvi-tools 1.4 lays it out and names it."""

    def __init__(self) -> None:
        super().__init__()
        self.px_r = nn.Parameter(torch.randn(GENES))
        self.parts = nn.ModuleDict(
            {
                "z_encoder:encoder:fc_layers:Layer 0:0": nn.Linear(GENES, WIDTH),
                "z_encoder:mean_encoder": nn.Linear(WIDTH, LATENT),
                "z_encoder:var_encoder": nn.Linear(WIDTH, LATENT),
                "decoder:px_decoder:fc_layers:Layer 0:0": nn.Linear(LATENT, WIDTH),
                "decoder:px_scale_decoder:0": nn.Linear(WIDTH, GENES),
            }
        )

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Normal, Tensor]:
        """Log p(x | z) (…, M), q and z = μ + s ε (…, M, K)."""
        hidden, mean, variance, inner, outer = self.parts.values()
        seen = hidden(x.log1p()).relu()
        q = Normal(mean(seen), (variance(seen).exp() + 1e-4).sqrt())
        z = q.mean + q.stddev * noise
        share = outer(inner(z).relu()).softmax(-1)
        response = NegativeBinomial(self.px_r.exp(), logits=(x.sum(-1, keepdim=True) * share).log() - self.px_r)
        return response.log_prob(x).sum(-1), q, z

    def arrays(self, when: str) -> dict[str, np.ndarray]:
        """The parameters as the peer writes them."""
        named = {name.removeprefix("parts.").replace(":", "."): value for name, value in self.named_parameters()}
        return {f"{when}/{name}": value.detach().numpy().copy() for name, value in named.items()}


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Plain, Dataset, Path]:
    """A plain model trained by torch's own Adam, and the file of what it began with and was shown."""
    torch.manual_seed(3)
    cells = from_array(torch.poisson(4 * torch.rand(CELLS, GENES)))
    plain = Plain()
    rows = torch.stack([torch.randperm(CELLS)[:16] for _ in range(STEPS)])
    noise = torch.randn(STEPS, 16, LATENT)
    first, optimizer = plain.arrays("first"), torch.optim.Adam(plain.parameters(), 0.01)
    for some, epsilon in zip(rows, noise, strict=True):
        optimizer.zero_grad()
        fit, q, _ = plain(cells.x[some], epsilon)
        (kl_divergence(q, STANDARD).sum(-1) - fit).mean().backward()
        optimizer.step()
    path = tmp_path / "weights.npz"
    np.savez(path, rows=rows.numpy(), noise=noise.numpy(), **first, **plain.arrays("last"))
    return plain, cells, path


def test_the_same_minibatches_and_noise_lead_to_the_same_weights(recorded: tuple[Plain, Dataset, Path]) -> None:
    """Model, gradient and Adam are the same: 30 steps later every weight agrees to 1e-4 of the way it went."""
    _, cells, path = recorded
    first, last = (_beside_scvi.read(path, when) for when in ("first", "last"))
    run = _beside_scvi.repeat(_beside_scvi.as_theirs(settings_from(SETTINGS), cells, first), path)
    for name, parameter in run.parameters.items():
        assert float((parameter.detach() - last[name]).norm()) < 1e-4 * float((last[name] - first[name]).norm()), name


def test_the_elbo_of_cells_is_the_formulas(recorded: tuple[Plain, Dataset, Path]) -> None:
    """The mean over draws of log p(x | z) + log p(z) − log q(z), of the same noise, to rounding."""
    plain, cells, path = recorded
    run = _beside_scvi.as_theirs(settings_from(SETTINGS), cells, _beside_scvi.read(path, "last"))
    noise = torch.randn(1, 16, CELLS, LATENT, generator=torch.Generator().manual_seed(0))[0]
    with torch.no_grad():
        fit, q, z = plain(cells.x, noise)
        known = (fit + (STANDARD.log_prob(z) - q.log_prob(z)).sum(-1)).mean(0)
    torch.testing.assert_close(elbo(run, cells), known, rtol=1e-5, atol=1e-4)
