"""Log-normal in log space: y = log z ~ N(μ, s²), so E z = exp(μ + s²/2): the Normal family itself, read as log z."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.families.logarithm import Logarithm
from elbo_room.models.families.normal import Normal
from elbo_room.models.families.support import POSITIVE, Support


@dataclass(frozen=True)
class LogNormal(Logarithm, Normal):
    """The variational factor of a positive latent variable whose value is y = log z; every Gaussian estimator applies."""

    name: ClassVar[str] = "log_normal"
    label: ClassVar[str] = "log-normal, in log z"
    symbol: ClassVar[str] = "log N(μ, s²)"
    help: ClassVar[str] = "Positive latent variables with a Gaussian logarithm; the value is log z."
    support: ClassVar[Support] = POSITIVE
    weight_spread: ClassVar[float] = -1.0
    parameter_names: ClassVar[tuple[str, ...]] = ("mean of log z", "log scale of log z")

    def expectation(self, nu: Tensor) -> Tensor:
        """E z = exp(μ + s²/2)."""
        return (nu[..., 0, :] + 0.5 * self.scale(nu[..., 1, :]).square()).exp()
