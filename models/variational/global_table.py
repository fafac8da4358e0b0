"""q of a global latent variable: one ν for all data."""

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Site


class Global(nn.Module):
    """ν (n_params, K), free.

    >>> import elbo_room as er
    >>> er.Global(er.Site("w", "global", (3,), er.Normal())).table.shape
    torch.Size([2, 3])
    """

    def __init__(self, site: Site, first: Tensor | None = None) -> None:
        super().__init__()
        start = torch.zeros(site.family.n_params, *site.shape) if first is None else first.clone()
        self.table = nn.Parameter(start)

    @property
    def free_nu(self) -> nn.Parameter:
        """The parameter that is ν itself."""
        return self.table

    def nu(self, batch: Batch) -> Tensor:
        """ν, independent of the batch: (n_params, K)."""
        del batch
        return self.table
