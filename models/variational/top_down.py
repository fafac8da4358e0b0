"""Top-down q of layers: q(z_L | x) q(z_{L−1} | z_L, x) … q(z_1 | z_2, x), the ν of a layer moved by the draw of the one above.

ν_ℓi(z_{ℓ+1}) = ν_ℓi + A_ℓ s(z_{ℓ+1}), with a table or an encoder for ν_ℓi and one A_ℓ for all data, which is 0 initially: q starts as a
product over layers. For a linear Gaussian chain it contains the exact posterior, whose means move linearly with the layer above and whose
variances do not (Sønderby et al. 2016; Ranganath, Tran & Blei 2016).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Site
from elbo_room.models.settings import rule


@dataclass(frozen=True)
class Structure:
    """The dependence between the layers of q, as a part."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


STRUCTURES: dict[str, Structure] = {
    each.name: each
    for each in (
        Structure("product", "independent layers", r"\prod_ℓ q(z_ℓ | x)", "Each layer has its own q, independent of the others."),
        Structure(
            "top_down", "top-down", "q(z_ℓ | z_{ℓ+1}, x)",
            "Each layer's ν depends on the draw of the layer above: q can represent correlations between layers.",
            (rule("depth", "There is no layer above the first. Raise the depth.", low=2),),
        ),
    )
}  # fmt: skip


class TopDown(nn.Module):
    """ν of one site given the draw of the site above it; `look` turns that draw (…, K) into features (…, W)."""

    def __init__(self, base: nn.Module, site: Site, above: Site, look: Callable[[Tensor], Tensor], width: int) -> None:
        super().__init__()
        self.base, self.above, self.look = base, above, look
        self.layout = (site.family.n_params, *site.shape)
        self.slope = nn.Parameter(torch.zeros(int(torch.tensor(self.layout).prod()), width))  # A, (n_params·K, W)

    def nu(self, batch: Batch, above: Tensor, *, still: bool = False) -> Tensor:
        """ν of the batch's rows given z above (…, M, K): (…, M, n_params, K); `still` stops its parameters, not z."""
        base: Tensor = self.base.nu(batch)  # type: ignore[operator]
        base, slope = (base.detach(), self.slope.detach()) if still else (base, self.slope)
        return base + (self.look(above).to(slope.dtype) @ slope.T).unflatten(-1, self.layout)
