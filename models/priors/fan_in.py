"""θ_ℓ ~ N(0, λ²/fan-in): a unit that sums n terms has weights of scale λ/√n, so its variance does not grow with the width (Neal 1996)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from elbo_room.models.priors.prior import Prior, fan_in


class FanInPrior(Prior):
    """The prior whose infinite-width limit is a Gaussian process; an intercept keeps λ."""

    name = "fan_in"
    label = "Gaussian, λ/√fan-in"
    symbol = "N(0, λ²/n)"
    help = "Weights shrink with the number of terms in a unit's sum: functions keep their size when the net grows."

    def scales(self, name: str, latents: Mapping[str, Tensor]) -> Tensor:
        """λ/√fan-in."""
        del latents
        return torch.tensor(self.scale / fan_in(self.shapes[name]) ** 0.5, dtype=torch.float64)
