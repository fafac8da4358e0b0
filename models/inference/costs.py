"""f of a site: the part of the instantaneous ELBO that its score multiplies, at three levels of Rao-Blackwellisation.

f = f_k + g, where g are the terms without the site: E[g s] = 0, so g may be left out. Var(f s) − Var(f_k s) = E[s² (2 f_k g + g²)], which
is a loss, not a gain, where g cancels noise of f_k: close to the posterior f is almost constant and f_k is not. A baseline removes the
constant of either but leaves that noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Model, Site, check_factors


@dataclass(frozen=True)
class Level:
    """How far a site's f is Rao-Blackwellised."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


RAO_BLACKWELL: dict[str, Level] = {
    each.name: each
    for each in (
        Level(
            "none",
            "none",
            "Σ_i f_i",
            "Each data point's score multiplies the whole batch's f: unbiased, and the variance grows with M.",
        ),
        Level("plate", "per data point", "f_i", "Each data point's score multiplies its own terms only."),
        Level(
            "blanket",
            "Markov blanket",
            "f_i^{(k)}",
            "Each site's score multiplies only the factors that contain the site. Often less noisy; noisier where the others' noise "
            "cancelled, as it does close to a good q.",
        ),
    )
}


def factors_at(model: Model, batch: Batch, values: Mapping[str, Tensor]) -> list[Factor]:
    """The model's factors at these values (R, B, M or 1, K), checked: no wrong shape, no local site in a term for all data."""
    latents = {name: value if model.sites[name].plate == "local" else value[:, :, 0] for name, value in values.items()}
    factors = model.factors(batch, latents)
    replicates, draws = next(iter(values.values())).shape[:2]
    check_factors(factors, model.sites, replicates, draws, batch.size)
    return factors


def cost_of(
    site: Site,
    level: str,
    model: Model,
    batch: Batch,
    factors: list[Factor],
    log_q: Mapping[str, Tensor],
    below: frozenset[str] = frozenset(),
) -> Tensor:
    """f of a site: (R, B, M) or (R, B, 1). Terms left out do not contain the site, so they multiply a mean of zero.

    `below` are the sites whose q depends on this one's draw: the terms that contain them move with it.
    """
    moving = below | {site.name}
    plates = {name: other.plate for name, other in model.sites.items()}
    blanket = level == "blanket"
    use = [factor for factor in factors if not blanket or moving & factor.on]
    lost = [name for name in plates if not blanket or name in moving]
    local = sum((f.value for f in use if f.value.ndim == 3), torch.zeros(1, 1, batch.size))
    local = local - sum(
        (log_q[name] for name in lost if plates[name] == "local"), torch.zeros(1, 1, batch.size)
    )  # (R, B, M)
    if site.plate == "local" and level != "none":
        return local
    whole = sum((f.value.unsqueeze(-1) for f in use if f.value.ndim == 2), torch.zeros(1, 1, 1))
    whole = whole - sum((log_q[name] for name in lost if plates[name] == "global"), torch.zeros(1, 1, 1))  # (R, B, 1)
    weight = batch.total / batch.size
    return (
        local.sum(-1, keepdim=True) + whole / weight
        if site.plate == "local"
        else local.sum(-1, keepdim=True) * weight + whole
    )
