"""log N(z; μ, s²) = −½ ((z − μ)/s)² − log s − ½ log 2π, and z = μ + s ε with ε ~ N(0, 1)."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.family import WeakDerivative
from elbo_room.models.families.location_scale import LocationScale

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Normal(LocationScale):
    """Normal with ν = (μ, ρ): s = exp ρ as a variational factor, s = floor + softplus ρ as a response.

    A response needs the floor: with a free scale the likelihood is unbounded as s → 0 at a data point.

    >>> import elbo_room as er
    >>> import torch
    >>> er.Normal().log_prob(torch.zeros(1), torch.zeros(2, 1)).item()  # ν = (0, 0): N(0, 1) at 0
    -0.9189385175704956
    """

    name: ClassVar[str] = "normal"
    label: ClassVar[str] = "Gaussian"
    symbol: ClassVar[str] = "N(μ, σ²)"
    help: ClassVar[str] = "Real values with a mean and a standard deviation."
    gaussian: ClassVar[bool] = True
    reparameterizable: ClassVar[bool] = True
    start: ClassVar[tuple[float, ...]] = (0.0, -0.5)
    weight_spread: ClassVar[float] = -2.0
    parameter_names: ClassVar[tuple[str, ...]] = ("mean", "log scale")

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ N(0, 1)."""
        return torch.randn(shape, generator=generator, dtype=dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """−ε."""
        return -noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = Φ⁻¹(u)."""
        return torch.special.ndtri(uniform)

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """z = μ + s ε."""
        mean, raw = nu.unbind(-2)
        return mean + self.scale(raw) * noise

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """−½ ((z − μ)/s)² − log s − ½ log 2π, for every coordinate."""
        mean, raw = nu.unbind(-2)
        return self.log_prob_of(value, (mean, raw))

    def log_prob_of(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """The same for μ and ρ that broadcast: one scale shared by all data is not expanded."""
        mean, raw = parameters
        if self.scale_link == "exp" and not self.floor:
            return -0.5 * ((value - mean) * torch.exp(-raw)).square() - raw - HALF_LOG_2PI
        return -0.5 * ((value - mean) / self.scale(raw)).square() - self.log_scale(raw) - HALF_LOG_2PI

    def log_prob_sum(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """−½ Σ (z − μ)²/s² − K log s − ½ K log 2π where all K coordinates share one s: a quarter of the operations."""
        mean, raw = parameters
        if raw.ndim and raw.shape[-1] != 1:
            return super().log_prob_sum(value, parameters)
        raw = raw.squeeze(-1) if raw.ndim else raw
        apart, scale = mean - value, self.scale(raw)
        squares = apart.square().sum(-1)
        return -0.5 * (squares / scale / scale) - apart.shape[-1] * (self.log_scale(raw) + HALF_LOG_2PI)

    def log_prob_drawn(self, noise: Tensor, value: Tensor, nu: Tensor) -> Tensor:
        """−½ Σ ε² − Σ log s − ½ K log 2π: at t(ε, ν) itself, where z and μ cancel."""
        del value
        log_scale = self.log_scale(nu[..., 1, :])
        return -0.5 * noise.square().sum(-1) - log_scale.sum(-1) - noise.shape[-1] * HALF_LOG_2PI

    def entropy(self, nu: Tensor) -> Tensor:
        """log s + ½ log 2πe."""
        return self.log_scale(nu[..., 1, :]) + HALF_LOG_2PI + 0.5

    def divergence(self, nu: Tensor, prior: Tensor) -> Tensor:
        """log(s₀/s) + (s² + (μ − μ₀)²)/(2 s₀²) − ½."""
        (mean, raw), (mean_0, raw_0) = nu.unbind(-2), prior.unbind(-2)
        scale, scale_0 = self.scale(raw), self.scale(raw_0)
        ratio = self.log_scale(raw_0) - self.log_scale(raw)
        return ratio + 0.5 * ((scale / scale_0).square() + ((mean - mean_0) / scale_0).square()) - 0.5

    def weak_derivatives(self, value: Tensor, nu: Tensor, generator: torch.Generator | None) -> list[WeakDerivative]:
        """d/dμ E f = [E f(μ + sW) − E f(μ − sW)]/(s√2π), W ~ Rayleigh; d/ds E f = [E f(μ + sM) − E f(μ + sN)]/s, M ∝ m² e^{−m²/2}.

        N is the draw itself. Given N = n, M = sign(n) √(n² + W²) with an independent W has the double-sided Maxwell distribution, and stays
        close to n. W is shared by the two pairs, of different parameters (Mohamed, Rosca, Figurnov & Mnih 2020).
        """
        mean, raw = nu.unbind(-2)
        scale = self.scale(raw)
        m, s = mean.detach(), scale.detach()
        uniform = torch.rand(value.shape, generator=generator, dtype=value.dtype)
        w = (-2 * torch.log1p(-uniform)).sqrt()  # Rayleigh
        n = (value - m) / s
        wide = m + s * (n.square() + w.square()).sqrt().copysign(n)
        return [
            WeakDerivative(mean, 1 / (s * math.sqrt(2 * math.pi)), m + s * w, m - s * w),
            WeakDerivative(scale, 1 / s, wide, value),
        ]

    def divergence_from_standard(self, nu: Tensor) -> Tensor:
        """KL(N(μ, s²) ‖ N(0, 1)) = ½(μ² + s² − 1) − log s, in nats, for every coordinate."""
        mean, raw = nu.unbind(-2)
        scale = self.scale(raw)
        return 0.5 * (mean.square() + scale.square() - 1) - self.log_scale(raw)

    def natural_step(self, nu: Tensor, gradient: Tensor, step_size: float) -> Tensor:
        """1/s² ← (1/s²)(1 − ρ ∂L/∂log s), μ ← μ + ρ s² ∂L/∂μ with the new s; the precision at most halves in one step.

        η = (μ/s², −1/2s²), m = (μ, μ² + s²) (Khan & Lin 2017). The bound keeps a noisy gradient from making a variance negative.
        """
        if not self.log_scaled:
            raise ValueError("A natural step needs s = exp ρ; this Normal has another link. Choose another optimiser.")
        (mean, raw), (slope, slope_raw) = nu.unbind(-2), gradient.unbind(-2)
        new = raw - 0.5 * (1 - step_size * slope_raw).clamp_min(0.5).log()
        return torch.stack([mean + step_size * torch.exp(2 * new) * slope, new], -2)
