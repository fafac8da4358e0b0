"""q(z; ν) = Π_sites q(z_site; ν_site), or top-down over layers; the network's weights θ are a point mass.

Point mass means: θ are the model's own parameters, and log p(θ) enters the objective as a factor, so maximising it over θ is MAP.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from elbo_room.models.core import Batch, Site
from elbo_room.models.variational.top_down import TopDown


class Posterior(nn.Module):
    """One variational factor (`Amortized`, `Table`, `Global`, `TopDown` or any module with `nu`) per site.

    >>> import elbo_room as er
    >>> site = er.Site("w", "global", (3,), er.Normal())
    >>> er.Posterior({"w": er.Global(site)}).by_site["w"].table.shape  # (n_params, K)
    torch.Size([2, 3])
    """

    def __init__(self, factors: Mapping[str, nn.Module]) -> None:
        super().__init__()
        if not isinstance(factors, Mapping) or not all(isinstance(each, nn.Module) for each in factors.values()):
            raise ValueError(
                "A Posterior takes a dict of modules, one per site. Write Posterior({'z': Global(site)}), or Global(site, ν) for a tensor."
            )
        self.by_site = nn.ModuleDict(factors)
        self.above = {name: part.above for name, part in factors.items() if isinstance(part, TopDown)}

    def below(self, name: str) -> frozenset[str]:
        """The sites whose q depends on the draw of this one, directly or indirectly."""
        direct = {other for other, above in self.above.items() if above.name == name}
        return frozenset(direct.union(*(self.below(other) for other in direct)))

    def nu(
        self, site: Site, batch: Batch, values: Mapping[str, Tensor] | None = None, *, still: bool = False
    ) -> Tensor:
        """ν of a site: (M, n_params, K) for a local one, (n_params, K) for a global one.

        A site below another one uses that site's draw from `values` (R, B, M, K), and its ν is (R, B, M, n_params, K); without `values`
        it is the ν at the other site's mean. `still` stops q's own parameters there, and leaves the draw live.
        """
        if site.name not in self.by_site:
            raise ValueError(f"q has no factor for site {site.name!r}; it covers {', '.join(self.by_site)}. Add one.")
        factor = self.by_site[site.name]
        if not isinstance(factor, TopDown):
            nu: Tensor = factor.nu(batch)  # type: ignore[operator]
            return nu
        if values is None:
            return factor.nu(batch, factor.above.family.mean(self.nu(factor.above, batch)), still=still)
        if factor.above.name not in values:
            raise ValueError(
                f"q of {site.name!r} needs a draw of {factor.above.name!r}, which has not been drawn yet. "
                f"List {factor.above.name!r} before {site.name!r} in the model's sites."
            )
        return factor.nu(batch, values[factor.above.name], still=still)
