"""A response is a family and a link: from a model's mean m and dispersion φ of y to the family's parameters ν.

The chain x → w → m → η → y: w = net(x; θ), m = f(w), η the natural parameter at mean m, y ~ the family at (η, φ);
log p(y) = (y·η − a(η))/φ + log h(y, φ), with E y = m = ∇a(η) and Var y = φ V(m). A decoder gives ν itself.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import Family
from elbo_room.models.families.support import BINARY, PROBABILITIES, Support
from elbo_room.models.responses.link import LINKS, Link


@dataclass(frozen=True)
class Chain:
    """The values of the chain at M data points, under any number of weight draws."""

    w: Tensor  # (…, M), or (…, M, K) of K logits
    m: Tensor  # of w's shape: E y
    eta: Tensor  # the natural parameter
    phi: Tensor  # φ = s², broadcast to (…, M); 1 where the family has no dispersion


@dataclass(frozen=True)
class Words:
    """A response's wording in one model family, if it differs."""

    symbol: str
    help: str
    natural_symbol: str = ""  # in the natural DEF, if it differs


@dataclass(frozen=True)
class Response:
    """A family as a part that models data; `usual` is its link unless another one is chosen.

    A subclass is listed in `RESPONSES`, and every model family offers it where its declarations allow. It sets the first six attributes,
    and defines `natural`, `log_normalizer`, `variance` and `parameters`. A family that is not exponential in y, such as a Student-t, sets
    `linear = False` and overrides `at_mean` and `spread` instead of the first three.
    """

    family: ClassVar[type[Family]]
    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    usual: ClassVar[str]
    canonical: ClassVar[str | None] = None  # the link with η = w, None if there is none or it is not usable
    links: ClassVar[tuple[str, ...]] = ()  # in addition to those into the set of the family's means
    dispersed: ClassVar[bool] = False  # whether φ is free
    linear: ClassVar[bool] = True  # whether log p is linear in y, given φ
    by_mean: ClassVar[bool] = True  # whether m and φ determine the distribution of y; if not, it needs a decoder
    decoded: ClassVar[Words | None] = None  # in a deep generative model
    decoded_data: ClassVar[Support | None] = None  # which data are valid there, if not its own values
    layered: ClassVar[Words | None] = None  # in a deep exponential family
    layered_data: ClassVar[Support | None] = None
    link: Link = LINKS["usual"]
    classes: int = 1

    @property
    def outputs(self) -> int:
        """How many network outputs the mean needs."""
        return 1

    @property
    def chosen(self) -> Link:
        """The link in use."""
        return LINKS[self.usual] if self.link.name == "usual" else self.link

    @property
    def identity(self) -> str:
        """∂ log p/∂w in words; empty if log p is not linear in y."""
        if not self.linear:
            return ""
        if self.chosen.name == self.canonical:
            return "(y − m)/φ" if self.dispersed else "y − m"
        return "(y − m)/Var y · dm/dw"

    def chain(self, w: Tensor, phi: Tensor) -> Chain:
        """The chain from the network's output: with the canonical link η is w, without rounding errors."""
        m = self.chosen.mean(w)
        return Chain(w, m, w, phi) if self.chosen.name == self.canonical else self.at_mean(w, m, phi)

    def at_mean(self, w: Tensor, m: Tensor, phi: Tensor) -> Chain:
        """The rest of the chain at mean m and dispersion φ."""
        return Chain(w, m, self.natural(m), phi)

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

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """ν of the family, not stacked: (…, M) each."""
        raise NotImplementedError

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """The family and its ν, with one coordinate: (…, M, n_params, 1)."""
        return self.family(), stack(*self.parameters(chain))

    def log_prob(self, y: Tensor, chain: Chain) -> Tensor:
        """log p(y | x, θ) in nats: y (M,) → (…, M)."""
        family, nu = self.law(chain)
        return family.log_prob(family.value(y).unsqueeze(-1), nu).squeeze(-1) + family.log_slope(y)

    def log_prob_sum(self, y: Tensor, chain: Chain) -> Tensor:
        """Σ_j log p(y_j) of many features at once, by the family's fastest method: y (M, D), a chain of (…, M, D) → (…, M)."""
        return self.family().log_density_sum(y, self.parameters(chain))

    @torch.no_grad()
    def sample(self, chain: Chain, generator: torch.Generator) -> Tensor:
        """One y per data point and weight draw: (…, M)."""
        family, nu = self.law(chain)
        noise = family.noise(family.noise_shape((*nu.shape[:-2], 1)), generator, nu.dtype)
        return family.original(family.transform(noise, nu).squeeze(-1))

    def refuses(self, y: Tensor) -> str | None:
        """None, or why the values of y (M,) are not valid for this family."""
        bad = ~self.family.support.holds(y)
        if not bool(bad.any()):
            return None
        allowed, first = self.family.support.words, float(y[bad][0])
        return f"{self.label} needs y to be {allowed}; one is {first:.4g}. Choose another response, or other data."

    @classmethod
    def takes(cls, link: Link) -> bool:
        """Whether this link's mean can be the family's."""
        if not link.range:
            return True
        return link.name in cls.links or link.range == cls.family.support.mean

    @classmethod
    def multiclass(cls) -> bool:
        """Whether y is one of several classes, and the network has an output for each."""
        return cls.family.support.mean == PROBABILITIES

    @classmethod
    def decodable(cls) -> bool:
        """Whether the family's ν say no more than this response does, so that a decoder may give them: one that fixes some does not."""
        return cls.multiclass() or not cls.by_mean or cls.family().n_params == 1 + cls.dispersed

    @property
    def two_classes(self) -> bool:
        """Whether y is 0 or 1."""
        return self.family.support is BINARY

    def point(self, chain: Chain) -> Tensor:
        """The prediction as one number: the mean, or the most probable class of a categorical response."""
        return chain.m


def stack(*parameters: Tensor) -> Tensor:
    """ν of one coordinate from its parameters (…, M): (…, M, n_params, 1)."""
    return torch.stack(torch.broadcast_tensors(*parameters), -1).unsqueeze(-1)
