"""What an estimator is: for one site, the surrogate whose gradient in ν, draw by draw, is its G_b.

Shapes: R replicates, B draws, M data (a global site has M = 1). f = log p(x, z) − log q(z; ν), s = ∇_ν log q(z; ν), ⌊·⌋ = stop gradient.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from models.families import Family


@dataclass(frozen=True)
class Draw:
    """B draws of one site: ν expanded to every draw (the tap), the value, and log q of it."""

    family: Family
    nu: Tensor  # (R, B, M, n_params, K), the tap that keeps every draw's gradient
    value: Tensor  # (R, B, M, K); detached for score-type estimators

    def log_q(self, *, frozen_nu: bool = False, frozen_value: bool = False) -> Tensor:
        """Log q(z; ν) in nats, summed over the site's coordinates: (R, B, M)."""
        nu = self.nu.detach() if frozen_nu else self.nu
        value = self.value.detach() if frozen_value else self.value
        return self.family.log_prob(value, nu).sum(-1)

    def score_norm(self) -> Tensor:
        """‖s‖², summed over the site's parameters: (R, B, M)."""
        return self.family.score(self.value, self.nu).square().flatten(3).sum(-1)


@dataclass(frozen=True)
class Estimator:
    """One gradient estimator. A subclass is listed in `models.estimators.ESTIMATORS` and nowhere else."""

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    source: ClassVar[str]
    path: ClassVar[bool] = False
    unbiased: ClassVar[bool] = True
    least_draws: ClassVar[int] = 1
    requires: ClassVar[tuple[dict[str, object], ...]] = ()

    def supports(self, family: Family, draws: int) -> str | None:
        """None, or the reason why it does not apply to a site of this family with B = draws."""
        if self.path and not family.reparameterizable:
            return f"{self.label} needs z = t(ε, ν) to be differentiable, {family.label} is not. Choose a score-type estimator."
        if draws < self.least_draws:
            return f"{self.label} needs at least {self.least_draws} draws, B is {draws}. Raise B, or choose another estimator."
        return None

    @property
    def pilot_draws(self) -> int:
        """How many extra draws it takes to fit its control variate; they cost evaluations but never enter the gradient."""
        return 0

    def surrogate(self, draw: Draw, cost: Tensor, pilot: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """The term (R, B, M) added to the live factors; `cost` is f (R, B, M), detached; `pilot` its costs and ‖s‖²."""
        raise NotImplementedError
