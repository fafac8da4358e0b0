"""u = W s + α: the weights between two layers, as parameters (a point mass) or as a global site with its own q."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elbo_room.models.core import Factor, Site
from elbo_room.models.families import Family, Gamma, Normal
from elbo_room.models.families.gamma import log_density_sum


@dataclass(frozen=True)
class WeightKind:
    """A treatment of the weights, as a part."""

    name: str
    label: str
    symbol: str
    help: str
    random: bool = False  # a site with its own q
    positive: bool = False
    requires: tuple[dict[str, object], ...] = ()

    @property
    def density(self) -> Family:
        """The family of the prior."""
        return Gamma() if self.positive else Normal()

    def family(self, positive_family: Family) -> Family:
        """The family of q, by the weights' support; `positive_family` is the one chosen for positive values."""
        return positive_family if self.positive else self.density


WEIGHTS: dict[str, WeightKind] = {
    each.name: each
    for each in (
        WeightKind("point", "point mass", r"\hat{θ},\quad θ ~ N(0, λ²)",
                   "One value per weight, with the prior N(0, λ²): maximum a posteriori."),
        WeightKind("normal", "Gaussian", "θ ~ N(0, λ²)", "Every weight has its own q, a Gaussian.", random=True),
        WeightKind(
            "gamma", "Gamma, positive", r"θ ~ Γ(a, a / λ)", "Positive, sparse weights with mean λ, as topics need them.",
            random=True, positive=True,
        ),
    )
}  # fmt: skip


class Connection(nn.Module):
    """The map from a layer's signal (I numbers) to the u of the one below (O numbers); `site` is None for a point mass."""

    def __init__(
        self,
        name: str,
        inputs: int,
        outputs: int,
        kind: WeightKind,
        positive_family: Family,
        *,
        intercept: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.name, self.kind, self.inputs, self.outputs = name, kind, inputs, outputs
        self.intercept = intercept and not kind.positive
        first = torch.randn(outputs, inputs, generator=generator) / inputs**0.5
        if kind.random:
            self.site: Site | None = Site(
                name, "global", (outputs * (inputs + self.intercept),), kind.family(positive_family)
            )
        else:
            self.site = None
            self.weight = nn.Parameter(first)
            self.bias = nn.Parameter(torch.zeros(outputs)) if self.intercept else None

    def matrix(self, value: Tensor) -> tuple[Tensor, Tensor | None]:
        """W (…, O, I) and α (…, O) of a site's value (…, O·(I + 1)): the signals' columns first, then the intercept."""
        if self.kind.positive:
            return value.exp().unflatten(-1, (self.outputs, -1)), None
        table = value.unflatten(-1, (self.outputs, -1))
        return table[..., : self.inputs], table[..., -1] if self.intercept else None

    def forward(self, signal: Tensor, latents: Mapping[str, Tensor]) -> Tensor:
        """u: (R, B, M, I) → (R, B, M, O)."""
        if self.site is None:
            return nn.functional.linear(signal, self.weight, self.bias)
        weight, bias = self.matrix(latents[self.name])
        u = signal @ weight.transpose(-1, -2)
        return u if bias is None else u + bias.unsqueeze(-2)

    def prior(self, scale: float, shape: float, dtype: torch.dtype) -> Tensor:
        """ν₀: N(0, λ²), or the Gamma with mean λ and this shape: (2, 1)."""
        if self.kind.positive:
            return torch.tensor([[math.log(scale)], [math.log(shape)]], dtype=dtype)
        return torch.tensor([[0.0], [math.log(scale)]], dtype=dtype)

    def factor(self, latents: Mapping[str, Tensor], scale: float, shape: float) -> Factor | None:
        """log p of the site's value (R, B); None for a point mass."""
        if self.site is None:
            return None
        value = latents[self.name]
        nu = self.prior(scale, shape, value.dtype)
        density = self.kind.density
        own = nu if type(density) is type(self.site.family) else None
        name = f"log p({self.name})"
        if self.kind.positive:
            found = log_density_sum(value, value.exp(), math.log(scale), shape)
            return Factor(name, found, frozenset({self.name}), prior=own)
        return Factor(name, density.log_prob(value, nu).sum(-1), frozenset({self.name}), prior=own)


def point_log_prob(connections: Iterable[Connection], scale: float) -> Tensor | None:
    """log N(θ̂; 0, λ²) of all point masses together, intercepts left free; None if there are none."""
    found = [each.weight.reshape(-1) for each in connections if each.site is None]
    if not found:
        return None
    flat = torch.cat(found)
    return -0.5 * flat.square().sum() / scale**2 - flat.numel() * (math.log(scale) + 0.5 * math.log(2 * math.pi))
