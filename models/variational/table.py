"""One free ν_i per data point, as in the lecture notes' q(z_i; ν_i): no encoder, so no amortisation gap."""

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Site
from elbo_room.models.networks import Architecture


class Table(nn.Module):
    """ν (N, n_params, K), looked up by row; initial means are small noise, initial scales exp(−½)."""

    name = "table"
    label = "table, one ν per data point"
    symbol = r"ν_i\ \text{of its own}"
    help = "Each data point has its own νᵢ: no amortisation gap, but a new x needs a new fit."
    requires: tuple[dict[str, object], ...] = ()

    def __init__(
        self,
        site: Site,
        features: int | tuple[int, ...],
        total: int,
        architecture: Architecture,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        del features, architecture
        first = torch.randn(total, site.family.n_params, *site.shape, generator=generator) * 0.1
        first[:, 1:2] = -0.5
        self.table = nn.Parameter(first)  # (N, n_params, K)

    @property
    def free_nu(self) -> nn.Parameter:
        """The parameter that is ν itself."""
        return self.table

    def nu(self, batch: Batch) -> Tensor:
        """ν of the batch's rows: (M, n_params, K)."""
        return self.table if batch.whole else self.table[batch.rows]
