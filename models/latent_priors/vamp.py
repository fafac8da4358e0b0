"""VampPrior: p(z) = (1/C) Σ_c q(z; ν = encoder(u_c)), a mixture of the encoder's output at C learned pseudo-data u_c.

The best prior for a given q is its average over the data, (1/N) Σ_i q(z; ν_i); a few learned u_c represent the N data points, which would
overfit and cost too much (Tomczak & Welling 2018).
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch
from elbo_room.models.latent_priors.prior import COMPONENTS, MixedPrior
from elbo_room.models.settings import rule


class VampPrior(MixedPrior):
    """The pseudo-data are initialised with C data points, drawn without replacement. The encoder is q's; it is not registered twice."""

    encodes: ClassVar[bool] = True
    name: ClassVar[str] = "vamp"
    label: ClassVar[str] = "VampPrior"
    symbol: ClassVar[str] = "Σ q(z; enc u)/C"
    help: ClassVar[str] = "The encoder's mixture over C learned pseudo-data: a prior that follows q."
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule("variational", "A VampPrior encodes its pseudo-data. Choose the amortised encoder.", among=("amortized",)),
    )

    def __init__(
        self,
        size: int,
        x: Tensor,
        encoder: nn.Module | None,
        generator: torch.Generator,
        components: int = COMPONENTS,
    ) -> None:
        super().__init__()
        if encoder is None:
            raise ValueError("A VampPrior came without an encoder. Choose an amortised q, or another latent prior.")
        self.shared = (encoder,)  # a tuple: the encoder's parameters belong to q
        first = torch.randperm(len(x), generator=generator)[:components]
        self.compared = len(first) * size
        self.pseudo = nn.Parameter(x[first].clone())  # u, (C, D)

    def components(self) -> tuple[Tensor, Tensor]:
        """log 1/C, and encoder(u): (C, 2, K)."""
        count = len(self.pseudo)
        nu: Tensor = self.shared[0].nu(Batch(self.pseudo, torch.arange(count), count))  # type: ignore[operator]
        return nu.new_full((count,), -math.log(count)), nu
