"""log p(x) where it is known: in closed form for a linear Gaussian decoder, by a sum over a grid for K ≤ 2.

A linear decoder with one σ is probabilistic PCA whatever its weights are, so its likelihood is exact at any step of a run, and the
largest likelihood of the data is a level that no run can pass (Tipping & Bishop 1999).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Model
from elbo_room.models.diagnostics.evidence.log_weights import CELLS, local_log_joint
from elbo_room.models.diagnostics.latent import embedding, unit_of
from elbo_room.models.exact.probabilistic_pca import ProbabilisticPCA
from elbo_room.models.networks import FeedForward
from elbo_room.models.variational import Posterior

REACH, MOST_NODES = 5.0, 401  # the least half-width of a grid, and its most nodes along a dimension


@dataclass(frozen=True)
class Known:
    """log p(x) of every data point, (M,), in nats, and how it is known."""

    value: Tensor
    how: str

    @property
    def mean(self) -> float:
        """Nats per data point."""
        return float(self.value.mean())


def linear_decoder(model: Any) -> ProbabilisticPCA | None:
    """The probabilistic PCA equivalent to this model at its current parameters; None if there is none.

    Its `eigenvalues` are those of the model's covariance λ_z² ββᵀ + σ²I.
    """
    decoder, prior = getattr(model, "decoder", None), getattr(model, "latent_prior", None)
    raw, response = getattr(model, "raw_scale", None), getattr(model, "response", None)
    plain = isinstance(decoder, FeedForward) and not decoder.hidden and isinstance(decoder.attention, nn.Identity)
    gaussian = plain and getattr(response, "gaussian", False)
    if decoder is None or response is None or not gaussian or raw is None or raw.numel() != 1:
        return None
    if prior is None or prior.nu is None:
        return None
    weight = decoder.out.weight.detach().double() * prior.scale  # (D, K), λ_z β of a z of scale 1
    bias = decoder.out.bias
    mean = torch.zeros(len(weight), dtype=torch.float64) if bias is None else bias.detach().double()
    variance = float(response.scale(raw.detach().double())) ** 2
    own = torch.linalg.eigvalsh(weight.T @ weight).flip(0).clamp_min(0)[: len(weight)]  # ββᵀ has these, otherwise zeros
    values = torch.cat([own, own.new_zeros(max(len(weight) - len(own), 0))]) + variance
    return ProbabilisticPCA(mean, weight, variance, values)


def summing(model: Model, q: Posterior, batch: Batch, site: str = "z") -> Iterator[Tensor | None]:
    """`evidence_on_grid` in slices: None after each part of the grid, finally the sum; yields nothing if there is none."""
    if len(model.sites) > 1 or model.sites[site].shape[0] > 2:
        return
    mean, scale = embedding(model, q, batch, site)
    unit = unit_of(model)
    reach = max(REACH * unit, float((mean.abs() + 5 * scale).max()))
    nodes = 2 * math.ceil(reach / float(scale.min().clamp_max(0.25 * unit))) + 1
    if nodes > MOST_NODES:
        return
    ticks = torch.linspace(-reach, reach, nodes, dtype=mean.dtype)
    (size,) = model.sites[site].shape
    places = torch.cartesian_prod(*[ticks] * size).reshape(1, -1, 1, size)  # (1, G^K, 1, K): decoded once for all data
    total = torch.full((batch.size,), -torch.inf, dtype=mean.dtype)
    for part in places.split(max(1, CELLS // (batch.size * batch.x[0].numel())), 1):
        with torch.no_grad():
            total = torch.logaddexp(total, local_log_joint(model, batch, {site: part})[0].logsumexp(0))
        yield None
    yield total + size * float((ticks[1] - ticks[0]).log())


def evidence_on_grid(model: Model, q: Posterior, batch: Batch, site: str = "z") -> Tensor | None:
    """log ∫ p(x, z) dz by the trapezoid rule for K ≤ 2: (M,); its step is q's smallest standard deviation. None: too many nodes.

    The rule is exact up to exp(−2π² s²/h²) for a Gaussian of sd s and a step h.
    """
    return next((found for found in summing(model, q, batch, site) if found is not None), None)


def finding(model: Model, q: Posterior, batch: Batch, site: str = "z") -> Iterator[Known | None]:
    """`known_evidence` in slices: None after each, finally the result, if there is one."""
    exact = linear_decoder(model)
    if exact is not None:
        yield Known(exact.log_likelihood(batch.x), "closed form")
    elif site in model.sites and model.sites[site].family.gaussian:
        for found in summing(model, q, batch, site):
            yield None if found is None else Known(found, "sum over a grid")


def known_evidence(model: Model, q: Posterior, batch: Batch, site: str = "z") -> Known | None:
    """The exact log p(x) of M data points, or None if it is unknown."""
    return next((found for found in finding(model, q, batch, site) if found is not None), None)
