"""The posterior predictive p(y* | x*, data) ≈ (1/S) Σ_s p(y* | x*, w_s), w_s ~ q: draws of f, bands, scores, calibration."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.responses import Chain
from elbo_room.models.variational import Posterior

NO_ROWS = Batch(torch.empty(0), torch.empty(0, dtype=torch.int64), 0)  # ν of a global site does not depend on the rows


def observed(data: Dataset) -> Tensor:
    """The responses of a data set, (M,); an error if there are none."""
    if data.y is None:
        raise ValueError(f"The data {data.name!r} have no response y. Pass Dataset(x, y), or load(path, y='column').")
    return data.y


@dataclass(frozen=True)
class Scores:
    """How well a data set is predicted: nats per data point, and the root mean square error or the share of correct classes."""

    log_density: float
    error: float
    classes: bool

    @property
    def words(self) -> str:
        """The second score in words."""
        return f"accuracy {self.error:.1%}" if self.classes else f"RMSE {self.error:.3g}"


@torch.no_grad()
def weight_draws(model: Conditional, q: Posterior, draws: int, seed: int = 0) -> Tensor:
    """w_s ~ q, from a separate generator: the same noise at every call, so that a chart moves only as q does. (S, P)."""
    site = model.sites["w"]
    nu = q.nu(site, NO_ROWS).detach()
    generator = torch.Generator().manual_seed(seed)
    noise = site.family.noise(site.family.noise_shape((draws, *site.shape)), generator, nu.dtype)
    return site.family.transform(noise, nu)


@torch.no_grad()
def predict(model: Conditional, x: Tensor, weights: Tensor, offset: Tensor | None = None) -> Chain:
    """The chain at every x under every weight draw: (S, M)."""
    return model.chain(x, weights, offset)


def probabilities(chain: Chain) -> Tensor:
    """p(y* = k | x*), the mean over weight draws, for y binary or one of K classes: (M, K)."""
    m = chain.m.mean(0)
    return m if m.ndim == 2 else torch.stack([1 - m, m], -1)


def bands(model: Conditional, chain: Chain) -> tuple[Tensor, Tensor, Tensor]:
    """E y, the sd of the mean over weights, and the sd of y: Var y = E Var(y|w) + Var E(y|w). Each (M,)."""
    between = chain.m.var(0, correction=0)
    within = model.response.spread(chain).mean(0)
    return chain.m.mean(0), between.sqrt(), (within + between).sqrt()


@torch.no_grad()
def scores(model: Conditional, data: Dataset, weights: Tensor, chain: Chain | None = None) -> Scores:
    """Log predictive density log (1/S) Σ_s p(y|x, w_s) and RMSE of E y, or accuracy of the most probable class; `chain` if known.

    Each is an average over the rows, by their weights where they have some.
    """
    y = observed(data)
    chain = model.chain(data.x, weights, data.shift) if chain is None else chain
    density = model.response.log_prob(y, chain).logsumexp(0) - math.log(len(weights))
    mean = partial(_average, weight=data.weight)
    if model.response.classes > 1:
        right = chain.m.mean(0).argmax(-1) == y
    elif model.response.two_classes:
        right = (chain.m.mean(0) > 0.5) == (y > 0.5)
    else:
        error = mean((chain.m.mean(0) - y).square()).sqrt()
        return Scores(float(mean(density)), float(error), classes=False)
    return Scores(float(mean(density)), float(mean(right.double())), classes=True)


def _average(values: Tensor, weight: Tensor | None) -> Tensor:
    """Σ w_i v_i / Σ w_i; the plain mean without weights, or where all of them are 0."""
    if weight is None or not bool(weight.any()):
        return values.mean()
    return (weight * values).sum() / weight.sum()


@torch.no_grad()
def ranks(model: Conditional, data: Dataset, weights: Tensor, seed: int = 0) -> Tensor:
    """P(y* < y) + U · P(y* = y) of each data point, uniform on (0, 1) if the predictive is correct (Czado et al. 2009): (M,)."""
    generator = torch.Generator().manual_seed(seed)
    y = observed(data)
    drawn = model.response.sample(model.chain(data.x, weights, data.shift), generator)  # (S, M)
    below, same = (drawn < y).double().mean(0), (drawn == y).double().mean(0)
    return below + same * torch.rand(len(below), generator=generator)


def reliability(probability: Tensor, happened: Tensor, bins: int = 10) -> Mapping[str, Tensor]:
    """Predicted against observed frequency in bins of the predicted probability, ± 2 standard errors; empty bins are left out."""
    at = (probability * bins).long().clamp(0, bins - 1)
    count = torch.zeros(bins).index_add(0, at, torch.ones(len(at)))
    full = count > 0
    count_full = count[full]
    mean, seen = (
        torch.zeros(bins).index_add(0, at, values.float())[full] / count_full for values in (probability, happened)
    )
    error = 2 * (mean * (1 - mean) / count_full).sqrt()
    return {"predicted": mean, "observed": seen, "low": (seen - error).clamp(0, 1), "high": (seen + error).clamp(0, 1)}
