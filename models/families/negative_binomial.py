"""log p(x; μ, r) = x log μ − (x + r) log(1 + μ/r) − log x! + D, D = log Γ(x + r) − log Γ(r) − x log r: counts with Var = μ + μ²/r.

A mixture of Poissons, x ~ Pois(μ g), g ~ Gamma(r, rate r). As r → ∞ it becomes Poisson(μ) and D → 0, but D's three terms grow without
bound: `torch.distributions.NegativeBinomial` loses every digit at r = 1e8. D is computed in a form that keeps them.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.families.count_table import CountTable
from elbo_room.models.families.family import Family
from elbo_room.models.families.gamma import Gamma
from elbo_room.models.families.log_gamma import uniform
from elbo_room.models.families.poisson import Poisson
from elbo_room.models.families.support import COUNT, Support

LOSS = -3.0  # logit of the share of counts lost at θ = 0, towards which the prior pulls: 5 %, not half of them
LARGE = 8.0  # Stirling's series from here, below it the difference itself


def _stirling(at: Tensor) -> Tensor:
    """log Γ(a) − (a − ½) log a + a − ½ log 2π, for a ≥ `LARGE`: right to 1e-11."""
    inverse = 1 / at
    square = inverse.square()
    return inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))


def log_rising(value: Tensor, size: Tensor) -> Tensor:
    """D = log Γ(x + r) − log Γ(r) − x log r, of equal shapes; its error is that of x, not of log Γ(r)."""
    big, small = size.clamp_min(LARGE), size.clamp_max(LARGE)
    series = (value + big - 0.5) * torch.log1p(value / big) - value + _stirling(value + big) - _stirling(big)
    plain = torch.lgamma(value + small) - torch.lgamma(small) - value * small.log()
    return torch.where(size > LARGE, series, plain)


def log_coefficient(value: Tensor, log_size: Tensor, table: CountTable | None = None) -> Tensor:
    """D − log x!, of the shape that x and r have together; looked up if r (D,) is shared by the data, in `table` if it covers them."""
    if log_size.ndim <= 1 and value.ndim > 1:
        rows = value.flatten(0, -2)
        table = table if table is not None and table.covers(rows) else CountTable.of(rows)
        if table is not None:
            return table(rows, log_size.exp().expand(value.shape[-1])).view(value.shape)
    return log_rising(*torch.broadcast_tensors(value, log_size.exp())) - torch.lgamma(value + 1)


@dataclass(frozen=True)
class NegativeBinomial(Family):
    """Negative binomial with ν = (log μ, log r): mean and dispersion, not a probability of success."""

    name: ClassVar[str] = "negative_binomial"
    label: ClassVar[str] = "Negative binomial"
    symbol: ClassVar[str] = "NB(μ, r)"
    help: ClassVar[str] = "Counts whose variance exceeds their mean: μ + μ²/r."
    support: ClassVar[Support] = COUNT
    n_params: ClassVar[int] = 2
    discrete: ClassVar[bool] = True
    reparameterizable: ClassVar[bool] = False
    variational: ClassVar[bool] = False
    scaled: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("log mean", "log dispersion")
    table: CountTable | None = field(default=None, compare=False)  # of the data that this response models

    def fitted(self, x: Tensor) -> Self:
        """With a table of the constants of these data's counts."""
        return replace(self, table=CountTable.of(x))

    def noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Two numbers per coordinate: (…, K, 2)."""
        return (*shape, 2)

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform(0, 1)², neither end included."""
        return uniform(shape, generator, dtype)

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """The Gamma's quantile at ε₁ is the rate, the Poisson's quantile at ε₂ the count."""
        log_rate = Gamma().transform(noise[..., 0], nu.detach())
        return Poisson().transform(noise[..., 1], log_rate.unsqueeze(-2))

    def log_prob_of(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """x log μ − (x + r) log(1 + μ/r) + D − log x!, for parameters that broadcast."""
        log_mean, log_size = parameters
        over = softplus(log_mean - log_size)  # log(1 + μ/r)
        return value * log_mean - (value + log_size.exp()) * over + log_coefficient(value, log_size, self.table)

    def log_prob_sum(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """Σ_j x_j (log μ_j − log(1 + μ_j/r_j)) − Σ_j r_j log(1 + μ_j/r_j) + constants: fewer passes if r (D,) is shared."""
        log_mean, log_size = parameters
        if log_size.ndim > 1:
            return super().log_prob_sum(value, parameters)
        over = softplus(log_mean - log_size)
        drawn = (value * (log_mean - over)).sum(-1) - over @ log_size.exp().expand(value.shape[-1])
        return drawn + log_coefficient(value, log_size, self.table).sum(-1)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """The log mass of every coordinate."""
        return self.log_prob_of(value, nu.unbind(-2))

    def mean(self, nu: Tensor) -> Tensor:
        """μ."""
        return nu[..., 0, :].exp()


@dataclass(frozen=True)
class ZeroInflatedNegativeBinomial(NegativeBinomial):
    """π 1[x = 0] + (1 − π) NB(x; μ, r), π = logistic(ζ): a count may also be lost entirely; ν = (log μ, log r, ζ)."""

    name: ClassVar[str] = "zero_inflated"
    label: ClassVar[str] = "Zero-inflated NB"
    symbol: ClassVar[str] = "π δ₀ + (1−π) NB(μ, r)"
    help: ClassVar[str] = "A negative binomial whose counts are lost with probability π."
    n_params: ClassVar[int] = 3
    parameter_names: ClassVar[tuple[str, ...]] = ("log mean", "log dispersion", "logit of loss")
    neutral: ClassVar[tuple[float, ...]] = (0.0, 0.0, LOSS)

    def noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Three numbers per coordinate: (…, K, 3)."""
        return (*shape, 3)

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """The count, or 0 where ε₃ < π."""
        kept = noise[..., 2] >= nu[..., 2, :].sigmoid()
        return super().transform(noise[..., :2], nu[..., :2, :]) * kept

    def log_prob_of(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """At 0: log(π + (1 − π) p₀) = log(e^ζ + p₀) + log(1 − π); above it: log p + log(1 − π)."""
        log_mean, log_size, loss = parameters
        counted = super().log_prob_of(value, (log_mean, log_size))
        either = loss + softplus(counted - loss, threshold=40.0)  # logaddexp has no second derivative in the tails
        return torch.where(value > 0, counted, either) - softplus(loss)

    def log_prob_sum(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """Coordinate by coordinate: a loss of one count is not a share of the sum."""
        return Family.log_prob_sum(self, value, parameters)

    def mean(self, nu: Tensor) -> Tensor:
        """(1 − π) μ."""
        return super().mean(nu) * (-nu[..., 2, :]).sigmoid()
