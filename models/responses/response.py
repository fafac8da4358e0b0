"""The chain x → w → m → η → y: w = net(x; θ), m = f(w), η the natural parameter at mean m, y ~ the family at (η, φ).

log p(y) = (y·η − a(η))/φ + log h(y, φ), with E y = m = ∇a(η) and Var y = φ V(m).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import Family
from elbo_room.models.responses.link import LINKS, Link


@dataclass(frozen=True)
class Chain:
    """The values of the chain at M data, under any number of weight draws."""

    w: Tensor  # (…, M), or (…, M, K) of K logits
    m: Tensor  # of w's shape: E y
    eta: Tensor  # the natural parameter
    phi: Tensor  # φ = s², broadcast to (…, M); 1 where the family has no dispersion


@dataclass(frozen=True)
class Response:
    """A family of y given x, as a part. `kinds` are the kinds of y it allows, `usual` the link it takes unless told otherwise."""

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    kinds: ClassVar[tuple[str, ...]]
    usual: ClassVar[str]
    canonical: ClassVar[str | None]  # the link with η = w, None where there is none or it is not usable
    dispersed: ClassVar[bool] = False  # whether φ is free
    discrete: ClassVar[bool] = False
    linear: ClassVar[bool] = True  # whether log p is linear in y, given φ
    allowed: ClassVar[str] = "finite numbers"
    link: Link = LINKS["usual"]
    classes: int = 1

    @property
    def outputs(self) -> int:
        """How many outputs of the network the mean takes."""
        return 1

    @property
    def chosen(self) -> Link:
        """The link in use."""
        return LINKS[self.usual] if self.link.name == "usual" else self.link

    @property
    def identity(self) -> str:
        """∂ log p/∂w in words; nothing where log p is not linear in y."""
        if not self.linear:
            return ""
        if self.chosen.name == self.canonical:
            return "(y − m)/φ" if self.dispersed else "y − m"
        return "(y − m)/Var y · dm/dw"

    def chain(self, w: Tensor, phi: Tensor) -> Chain:
        """From the network's output on: with the canonical link η is w, untouched by rounding."""
        m = self.chosen.mean(w)
        return Chain(w, m, w if self.chosen.name == self.canonical else self.natural(m), phi)

    def natural(self, m: Tensor) -> Tensor:
        """η(m), the inverse of ∇a."""
        raise NotImplementedError

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """a(η)."""
        raise NotImplementedError

    def variance(self, m: Tensor) -> Tensor:
        """The variance function V(m) = a″(η(m))."""
        raise NotImplementedError

    def spread(self, chain: Chain) -> Tensor:
        """Var y = φ V(m)."""
        return chain.phi * self.variance(chain.m)

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """The family of `value(y)` and its ν, with one coordinate: (…, M, n_params, 1)."""
        raise NotImplementedError

    def value(self, y: Tensor) -> Tensor:
        """What the family of `law` calls its value: y itself, or a function of y whose log slope is `log_slope`."""
        return y

    def original(self, value: Tensor) -> Tensor:
        """The inverse of `value`."""
        return value

    def log_slope(self, y: Tensor) -> Tensor:
        """Log |d value/dy|."""
        return torch.zeros_like(y)

    def log_prob(self, y: Tensor, chain: Chain) -> Tensor:
        """Log p(y | x, θ) in nats: y (M,) → (…, M)."""
        family, nu = self.law(chain)
        return family.log_prob(self.value(y).unsqueeze(-1), nu).squeeze(-1) + self.log_slope(y)

    @torch.no_grad()
    def sample(self, chain: Chain, generator: torch.Generator) -> Tensor:
        """One y a datum and weight draw: (…, M)."""
        family, nu = self.law(chain)
        noise = family.noise(family.noise_shape((*nu.shape[:-2], 1)), generator, nu.dtype)
        return self.original(family.transform(noise, nu).squeeze(-1))

    def refuses(self, y: Tensor) -> str | None:
        """None, or why the values of y are none of this family's."""
        bad = ~self.support(y)
        if not bool(bad.any()):
            return None
        return f"{self.label} needs y to be {self.allowed}; one is {float(y[bad][0]):.4g}. Choose another response, or other data."

    def support(self, y: Tensor) -> Tensor:
        """Which values are possible: (M,) of bool."""
        return y.isfinite()

    def point(self, chain: Chain) -> Tensor:
        """What is predicted as one number: the mean; the most probable class of a categorical one."""
        return chain.m


def stack(*parameters: Tensor) -> Tensor:
    """ν of one coordinate from its parameters (…, M): (…, M, n_params, 1)."""
    return torch.stack(torch.broadcast_tensors(*parameters), -1).unsqueeze(-1)
