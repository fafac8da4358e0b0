"""q(z; ν) = Π_sites q(z_site; ν_site): each site has its own factor; the network's weights θ are a point mass.

Point mass means: θ is the model's own parameters, and log p(θ) enters as a factor, so maximising the ELBO in θ is MAP.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from models.core import Batch, Site


class Posterior(nn.Module):
    """A mean-field q, one variational factor (`Amortized`, `Table`, `Global` or any module with `nu`) a site."""

    def __init__(self, factors: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.by_site = nn.ModuleDict(factors)

    def nu(self, site: Site, batch: Batch) -> Tensor:
        """ν of a site: (M, n_params, K) for a local one, (n_params, K) for a global one."""
        if site.name not in self.by_site:
            raise ValueError(
                f"q has no factor for site {site.name!r}; it covers {', '.join(self.by_site)}. Give it one."
            )
        nu: Tensor = self.by_site[site.name].nu(batch)  # type: ignore[operator]
        return nu
