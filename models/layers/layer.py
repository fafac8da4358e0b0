"""z_{ℓ,k} | z_{ℓ+1} ~ expfam, its mean or its natural parameter g(u), u = θ_{ℓ,k} · z_{ℓ+1} + α.

A layer defines the density of its units given u, and what the layer below sees of its values (`signal`: z itself, where the engine stores
log z or logit z). `positive`: u cannot be negative, so no nonlinearity is needed to turn it into a rate.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from elbo_room.models.families import Family
from elbo_room.models.families.support import POSITIVE

FLOOR = 1e-6  # added to every rate: a sum of sparse terms underflows to 0 in float32, where its log has no gradient


@dataclass
class Scales:
    """The live knobs that all layers share."""

    scale: float = 1.0  # σ of Gaussian layers below the top
    shape: float = 0.1  # α of Gamma layers; the concentration a + b of Beta layers is ten times this
    activation: str = "tanh"  # g of Gaussian layers
    natural: bool = False  # u is the natural parameter, not the mean


def rate(u: Tensor, positive: bool) -> Tensor:
    """A positive number: u itself if it is positive, else softplus u."""
    return (u if positive else softplus(u)) + FLOOR


def log_probability(u: Tensor, positive: bool) -> tuple[Tensor, Tensor]:
    """(log m, log(1 − m)): m = logistic u, or the noisy or 1 − e^{−u} if u is positive."""
    if positive:
        return torch.log(-torch.expm1(-(u + FLOOR))), -(u + FLOOR)
    return logsigmoid(u), logsigmoid(-u)


def logit(u: Tensor, positive: bool) -> Tensor:
    """log m/(1 − m)."""
    if not positive:
        return u
    yes, no = log_probability(u, positive)
    return yes - no


class Layer:
    """A kind of layer as a part. A subclass is listed in `LAYERS` and nowhere else."""

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    natural_symbol: ClassVar[str] = ""  # in the natural DEF, if it differs
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    density: ClassVar[Family]  # of the values, given ν₀
    per_unit: ClassVar[int] = 1  # numbers that a unit takes from above and passes down
    positive: ClassVar[bool] = False  # its signal cannot be negative
    scaled: ClassVar[bool] = False  # below the top it is g(u) + σ ε
    shaped: ClassVar[bool] = False  # its density has the shape α
    learns_top: ClassVar[bool] = False  # a top layer has parameters worth learning: no weight below can absorb them

    def family(self, positive_family: Family) -> Family:
        """The family of q; `positive_family` is the one chosen for positive values."""
        return positive_family if self.positive_value else self.density

    @property
    def positive_value(self) -> bool:
        """Whether the value is log z of a positive z."""
        return self.density.support is POSITIVE

    def parameters(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """ν₀ of the density: u (…, K·per_unit) → (…, n_params, K)."""
        raise NotImplementedError

    def log_prob(self, value: Tensor, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """log p of every unit given u: (…, K)."""
        return self.density.log_prob(value, self.parameters(u, positive, scales))

    def log_prob_top(self, value: Tensor, nu: Tensor, scales: Scales) -> Tensor:
        """log p of every unit of a top layer, ν₀ = `nu`: (…, K)."""
        del scales
        return self.density.log_prob(value, nu)

    def top(self, units: int, scales: Scales) -> Tensor:
        """ν₀ of a top layer with fixed parameters: (n_params, K)."""
        return self.parameters(torch.zeros(units * self.per_unit), False, scales)

    def signal(self, value: Tensor) -> Tensor:
        """The original variate, as seen by the layer below: (…, K) → (…, K·per_unit)."""
        return self.density.original(value)

    def expected_signal(self, nu: Tensor) -> Tensor:
        """Its expectation: (…, n_params, K) → (…, K·per_unit)."""
        return self.density.expectation(nu)

    def look(self, value: Tensor) -> Tensor:
        """What a top-down q of the layer below sees: the signal, or log(1 + z) if z is unbounded above."""
        return self.signal(value)
