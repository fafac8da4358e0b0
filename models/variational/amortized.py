"""Amortised q: ν_i = encoder(x_i; φ), one network for all data (Kingma & Welling 2014)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Site
from elbo_room.models.networks import Architecture, build_network


class Amortized(nn.Module):
    """An encoder from x (M, D) to ν (M, n_params, K); initial scales exp(−½) for every x, as in the table.

    A random initial map to log scales would put s = exp ρ, and with it the ELBO, off by orders of magnitude on data of scale 2.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel"})
    >>> isinstance(run.q.by_site["z"], er.Amortized)
    True
    """

    name = "amortized"
    label = "amortised encoder"
    symbol = "ν = enc(x; φ)"
    help = "One network maps every x to its ν: fast, shared, and as good as the network allows."
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
        del total
        self.see: Callable[[Tensor], Tensor] | None = None  # what the encoder sees of x, if not x itself
        self.sees_covariates = False  # the encoder's last inputs are then c_i: enc(x_i, c_i; φ)
        self.layout = (site.family.n_params, *site.shape)
        size = int(torch.tensor(self.layout).prod())
        shape = (features,) if isinstance(features, int) else features
        self.encoder = build_network(architecture, shape, size, generator)
        with torch.no_grad():
            second = slice(size // self.layout[0], 2 * size // self.layout[0])  # ν's second row: log scales
            self.encoder.out.weight[second] = 0.0
            self.encoder.out.weight[second.stop :] *= 0.1  # covariances, if the family has them
            if self.encoder.out.bias is not None:
                self.encoder.out.bias[second] = -0.5

    def nu(self, batch: Batch) -> Tensor:
        """ν of the batch's rows: (M, n_params, K)."""
        return self.of_seen(self.seen(batch))

    def seen(self, batch: Batch) -> Tensor:
        """The encoder's input for a batch (M, D or D + C); it does not change during learning, so it may be cached."""
        x = batch.x if self.see is None else self.see(batch.x)
        if not self.sees_covariates:
            return x
        if batch.covariates is None:
            raise ValueError("This encoder sees the batch covariate, which these rows lack. Pass the covariates.")
        return torch.cat([x, batch.covariates.to(x.dtype)], -1)

    def of_seen(self, seen: Tensor) -> Tensor:
        """ν of rows as the encoder sees them: (M, n_params, K)."""
        nu: Tensor = self.encoder(seen)
        return nu.reshape(len(seen), *self.layout)
