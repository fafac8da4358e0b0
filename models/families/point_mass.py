"""q(z) = δ(z − μ): z = μ, log q taken as 0: maximising the ELBO over μ is maximum a posteriori (MAP).

The differential entropy of a point is −∞ whatever μ, and is left out. The objective is the log joint at μ, and the reported bound
is the log likelihood log p(y | x, μ).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.family import Family


@dataclass(frozen=True)
class PointMass(Family):
    """ν is the value itself. It has no score: log q does not depend on ν."""

    name: ClassVar[str] = "point"
    label: ClassVar[str] = "point mass"
    symbol: ClassVar[str] = "δ(μ)"
    help: ClassVar[str] = "One value, without uncertainty: MAP."
    n_params: ClassVar[int] = 1
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    scored: ClassVar[bool] = False
    parameter_names: ClassVar[tuple[str, ...]] = ("value",)

    def noise(
        self,
        shape: tuple[int, ...],
        generator: torch.Generator,  # noqa: ARG002 - one signature for all
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Zeros: no noise is needed, and the generator is not used."""
        return torch.zeros(shape, dtype=dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """0: unlike other sites, whose noise is mirrored, a point has none."""
        return noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """0."""
        return torch.zeros_like(uniform)

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """μ."""
        return nu[..., 0, :].expand(noise.shape)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:  # noqa: ARG002 - one signature for all
        """0, with a derivative of 0."""
        return 0 * nu[..., 0, :]

    def mean(self, nu: Tensor) -> Tensor:
        """μ."""
        return nu[..., 0, :]

    def entropy(self, nu: Tensor) -> Tensor:
        """0: the constant −∞ is left out, as in `log_prob`."""
        return 0 * nu[..., 0, :]
