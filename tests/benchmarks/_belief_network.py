"""Sigmoid belief network on binarised digits: top ~ Bernoulli(σ(a)), low | top ~ Bernoulli(σ(W top + b)), x | low likewise.

16 → 32 → 64 units, every weight learned as a point mass, q a free logit for every unit of every data point.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.data import DATA, Dataset
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import Estimator
from elbo_room.models.families import Bernoulli
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Posterior

TOP, LOW, MINIBATCH = 16, 32, 64
FAMILY = Bernoulli()


class BeliefNetwork(nn.Module):
    """The weights, and the log joint as three factors."""

    def __init__(self, features: int, generator: torch.Generator) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(TOP))
        self.deep, self.wide = nn.Linear(TOP, LOW), nn.Linear(LOW, features)
        with torch.no_grad():
            for layer in (self.deep, self.wide):
                layer.weight.copy_(0.3 * torch.randn(layer.weight.shape, generator=generator))
                layer.bias.zero_()

    @property
    def sites(self) -> Mapping[str, Site]:
        return {"top": Site("top", "local", (TOP,), FAMILY), "low": Site("low", "local", (LOW,), FAMILY)}

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        top, low = latents["top"], latents["low"]  # (R, B, M, TOP), (R, B, M, LOW)
        under, seen = self.deep(top).unsqueeze(-2), self.wide(low).unsqueeze(-2)
        return [
            Factor("log p(top)", FAMILY.log_prob(top, self.first.unsqueeze(-2)).sum(-1), frozenset({"top"})),
            Factor("log p(low|top)", FAMILY.log_prob(low, under).sum(-1), frozenset({"top", "low"})),
            Factor("log p(x|low)", FAMILY.log_prob(batch.x, seen).sum(-1), frozenset({"low"})),
        ]


class Logits(nn.Module):
    """One free logit per unit and data point."""

    def __init__(self, total: int, units: int, generator: torch.Generator) -> None:
        super().__init__()
        self.table = nn.Parameter(0.1 * torch.randn(total, 1, units, generator=generator))  # (N, 1, K)

    def nu(self, batch: Batch) -> Tensor:
        return self.table[batch.rows]


def binary_digits() -> Dataset:
    """The digits, a pixel on where it is more than half full."""
    data = DATA["digits"].load()
    return Dataset(
        name=data.name, x=(data.x > 0.5).float(), labels=data.labels, label_names=data.label_names, shape=data.shape
    )


SETTINGS = Settings(estimator="leave_one_out", draws=8, batch_size=MINIBATCH, rao_blackwell="blanket", stop_at=100_000)


class Chosen(Run):
    """A run whose sites all take a given estimator; `Run` alone checks its setting against a Gaussian z."""

    part: Estimator | None = None

    @property
    def estimators(self) -> dict[str, Estimator]:
        return super().estimators if self.part is None else dict.fromkeys(self.model.sites, self.part)


def make_run(data: Dataset, settings: Settings = SETTINGS) -> Chosen:
    """A run of the network; the same seed gives the same first parameters."""
    generator = torch.Generator().manual_seed(settings.seed)
    model = BeliefNetwork(data.x.shape[1], generator)
    q = Posterior({name: Logits(data.size, site.shape[0], generator) for name, site in model.sites.items()})
    return Chosen(model, q, data, settings)


def trained(data: Dataset, steps: int) -> Chosen:
    """A run after this many steps with leave-one-out, B = 8, at a step size that gets somewhere in them."""
    run = make_run(data, replace(SETTINGS, step_size=0.05))
    for _ in range(steps):
        next(run)
    return run
