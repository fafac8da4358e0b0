"""A prior on the weights of a network: w_j = s_j u_j, so log p(w) = Σ_j [log p_u(w_j/s_j) − log s_j]; the constants matter.

A subclass defines the distribution of u (`unit_log_prob`, `unit_sample`), the scale s of every parameter (`scales`), or both. Scales that
are themselves latent are the prior's own `sites`, global and in log space, so that every estimator for Gaussians applies.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from elbo_room.models.core import Site

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
Shapes = Mapping[str, tuple[int, ...]]


def input_weights(shapes: Shapes) -> tuple[str, ...]:
    """The matrices whose last axis is the input: the first layer's, and those that re-inject the input."""
    first = next((name for name, shape in shapes.items() if len(shape) > 1 and not name.startswith("attention")), None)
    return tuple(name for name in shapes if name == first or "reinjection" in name)


def fan_in(shape: tuple[int, ...]) -> int:
    """The number of terms in a unit's sum; 1 for an intercept."""
    return math.prod(shape[1:]) if len(shape) > 1 else 1


class Prior(nn.Module):
    """One prior. It is listed in `elbo_room.models.priors.PRIORS`; the model that owns the network binds it to the network's parameters."""

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    point_mass: ClassVar[str | None] = None  # why the weights may not be a point mass (MAP)
    latent: ClassVar[bool] = False  # whether it has `sites`
    gaussian: ClassVar[bool] = True  # whether the weights are Gaussian given their scales
    unit_variance: ClassVar[float] = 1.0  # Var u
    selects: ClassVar[str] = ""  # what `selection` is, in words, where the prior decides weight by weight

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.shapes: dict[str, tuple[int, ...]] = {}

    def bind(self, network: nn.Module) -> Self:
        """Bind to this network's parameters, by name and shape; returns the prior itself."""
        self.shapes = {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}
        return self

    def update(self, settings: Any) -> None:
        """Apply the live knobs: λ and the prior's own."""
        moved, self.scale = settings.prior_scale != self.scale, settings.prior_scale
        if moved:
            self.moved()

    def moved(self) -> None:
        """λ was changed during a run: a learned scale continues from there."""

    @property
    def sites(self) -> Mapping[str, Site]:
        """The prior's own latent scales, global, in log space."""
        return {}

    @property
    def size(self) -> int:
        """W, how many weights there are."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def unit_log_prob(self, value: Tensor) -> Tensor:
        """Log density of u = w/s, elementwise: the standard normal's unless overridden."""
        return -0.5 * value.square() - HALF_LOG_2PI

    def unit_sample(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Draws of u."""
        return torch.randn(shape, generator=generator)

    def scales(self, name: str, latents: Mapping[str, Tensor]) -> Tensor:
        """The scales s of one parameter, broadcast against (…, *shape): λ unless overridden."""
        del name, latents
        return torch.tensor(self.scale, dtype=torch.float64)

    def selection(self, name: str, value: Tensor, latents: Mapping[str, Tensor]) -> Tensor:
        """How far each weight of one parameter, (…, *shape), is selected, as a multiple of how far it is before any data."""
        raise NotImplementedError(
            f"The prior {self.label} does not select weights. Choose the horseshoe, or spike and slab."
        )

    def log_latents(self, latents: Mapping[str, Tensor]) -> Tensor:
        """Log density of the prior's own sites, for the leading axes; 0 if there are none."""
        del latents
        return torch.zeros(())

    def sample_latents(self, draws: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws (S, K) of the prior's own sites."""
        del draws, generator
        return {}

    def log_prob(self, weights: Mapping[str, Tensor]) -> Tensor:
        """Log density of all weights together, in nats, for the leading axes of `weights`.

        Args:
            weights: every parameter by its name, (…, *shape), and the value of each own site, (…, K), by the site's name.

        Raises:
            ValueError: parameters are missing, or the prior is not bound to a network.
        """
        if not self.shapes or (missing := [name for name in self.shapes if name not in weights]):
            lost = "it was not bound to a network" if not self.shapes else f"these are missing: {', '.join(missing)}"
            raise ValueError(
                f"The prior on weights cannot be computed: {lost}. Call bind(network), and pass every parameter."
            )
        total = self.log_latents(weights)
        for name, shape in self.shapes.items():
            value = weights[name]
            scale = self.scales(name, weights).to(value.dtype)
            each = self.unit_log_prob(value / scale) - scale.log()  # (…, *shape)
            total = total + each.reshape(*each.shape[: each.ndim - len(shape)], -1).sum(-1)
        return total

    @torch.no_grad()
    def sample(self, draws: int, generator: torch.Generator) -> dict[str, Tensor]:
        """S draws of every weight, latent scales first: name → (S, *shape)."""
        latents = self.sample_latents(draws, generator)
        return {
            name: self.scales(name, latents) * self.unit_sample((draws, *shape), generator)
            for name, shape in self.shapes.items()
        }

    def variance(self, name: str) -> Tensor | None:
        """Var w of one parameter, broadcast against its shape; None if it is infinite or the scales are latent."""
        finite = math.isfinite(self.unit_variance) and not self.sites
        return self.scales(name, {}).detach().square() * self.unit_variance if finite else None

    @torch.no_grad()
    def density(self, value: Tensor, name: str) -> Tensor:
        """The marginal density of one weight of a parameter at each value (G,), averaged over the parameter's own scales."""
        scale = self.scales(name, {}).reshape(-1, 1).to(value.dtype)  # (s, 1)
        return (self.unit_log_prob(value / scale).exp() / scale).mean(0)
