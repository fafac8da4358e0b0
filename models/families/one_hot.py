"""log p(y; η) = Σ_s y_s η_s − log Σ_s exp η_s: one of S states per unit, its value a one-hot vector y of S coordinates.

K = U·S coordinates are U units; a model reads a unit's S numbers, and may be evaluated between the corners too, where y is on the simplex.
That is what a relaxation needs. `Categorical` has the same law with the index of the state as its value.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families.family import Family
from elbo_room.models.families.support import BINARY, Support


@dataclass(frozen=True)
class OneHot(Family):
    """Categorical units as one-hot vectors; log q is one number per unit, (…, U) (Jang, Gu & Poole 2017).

    >>> from elbo_room.models.families import OneHot
    >>> import torch
    >>> OneHot(4).log_prob(torch.tensor([1.0, 0.0, 0.0, 0.0]), torch.zeros(1, 4)).exp()
    tensor([0.2500])
    """

    name: ClassVar[str] = "one_hot"
    label: ClassVar[str] = "one-hot Categorical"
    symbol: ClassVar[str] = "Cat(p)"
    help: ClassVar[str] = "One of a few unordered states, as a one-hot vector."
    support: ClassVar[Support] = BINARY
    n_params: ClassVar[int] = 1
    discrete: ClassVar[bool] = True
    reparameterizable: ClassVar[bool] = False
    parameter_names: ClassVar[tuple[str, ...]] = ("logit",)
    states_per_unit: int = 3

    def __post_init__(self) -> None:
        if self.states_per_unit < 2:
            raise ValueError(f"A unit has at least 2 states; there were {self.states_per_unit}. Pass 2 or more.")

    def units(self, flat: Tensor) -> Tensor:
        """(…, U·S) → (…, U, S)."""
        if flat.shape[-1] % self.states_per_unit:
            raise ValueError(
                f"A one-hot site has {flat.shape[-1]} coordinates, which is no multiple of its {self.states_per_unit} states. "
                f"Give it the shape (units · {self.states_per_unit},)."
            )
        return flat.unflatten(-1, (-1, self.states_per_unit))

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform[0, 1), one for every state."""
        return torch.rand(shape, generator=generator, dtype=dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """1 − ε."""
        return 1 - noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = u."""
        return uniform

    def latent(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Z = η − log(−log ε): η with Gumbel noise, whose largest coordinate is the state."""
        about = torch.finfo(noise.dtype)
        return nu.squeeze(-2) - (-noise.clamp(about.tiny, 1 - about.eps / 2).log()).log()

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """1 at the largest Z of a unit, 0 elsewhere; a step function, so it carries no gradient."""
        z = self.units(self.latent(noise, nu.detach()))
        return torch.zeros_like(z).scatter_(-1, z.argmax(-1, keepdim=True), 1.0).flatten(-2)

    def conditional(self, value: Tensor, uniform: Tensor, nu: Tensor) -> Tensor:
        """Z given its state b, live in ν: Z_b = −log(−log v_b), Z_s = −log(−log v_s/p_s − log v_b), for log Σ exp η = 0."""
        about = torch.finfo(uniform.dtype)
        rate = -self.units(uniform).clamp(about.tiny, 1 - about.eps / 2).log()  # (…, U, S), Exponential(1)
        hot = self.units(value) > 0
        first = torch.where(hot, rate, 0.0).sum(-1, keepdim=True)  # of the state that came first
        log_p = self.units(nu.squeeze(-2)).log_softmax(-1)
        waits = torch.where(hot, 0.0, rate * torch.exp(-log_p)) + first
        return -waits.log().flatten(-2)

    def squash(self, latent: Tensor, temperature: float) -> Tensor:
        """softmax(Z/τ) of every unit."""
        return self.units(latent / temperature).softmax(-1).flatten(-2)

    def natural(self, mean: Tensor) -> Tensor:
        """η of a mean: log m."""
        return mean.log()

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """Σ_s y_s log p_s of every unit: (…, U)."""
        return (self.units(value) * self.units(nu.squeeze(-2)).log_softmax(-1)).sum(-1)

    def mean(self, nu: Tensor) -> Tensor:
        """softmax η: (…, U·S)."""
        return self.units(nu.squeeze(-2)).softmax(-1).flatten(-2)

    def entropy(self, nu: Tensor) -> Tensor:
        """−Σ_s p_s log p_s of every unit: (…, U)."""
        log_p = self.units(nu.squeeze(-2)).log_softmax(-1)
        return -(log_p.exp() * log_p).sum(-1)
