"""log p(c; η) = η_c − log Σ_a exp η_a: one of S states per coordinate; the value is its index 0 … S − 1 as a float."""

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from elbo_room.models.families.family import Family
from elbo_room.models.families.states import draw_states
from elbo_room.models.families.support import CLASSES, Support


@dataclass(frozen=True)
class Categorical(Family):
    """Categorical with logits ν (…, S, K): S parameters per coordinate, stacked as in every family.

    A model that needs one-hot vectors makes them from the index, `torch.nn.functional.one_hot(z.long(), S)`. The logits have one
    degree of freedom too many; a gradient sums to zero over the states.
    """

    name: ClassVar[str] = "categorical"
    label: ClassVar[str] = "Categorical"
    symbol: ClassVar[str] = "Cat(p)"
    help: ClassVar[str] = "One of a few unordered states."
    support: ClassVar[Support] = CLASSES
    discrete: ClassVar[bool] = True
    reparameterizable: ClassVar[bool] = False
    categories: int = 3
    levels: Tensor | None = field(default=None, compare=False)  # (S,) the numbers that the states represent

    def __post_init__(self) -> None:
        if self.categories < 2:
            raise ValueError(f"A categorical has at least 2 states; categories was {self.categories}. Pass 2 or more.")

    def fitted(self, x: Tensor) -> Self:
        """One state for each distinct value."""
        levels = x.unique()
        return replace(self, categories=len(levels), levels=levels)

    def observed(self, x: Tensor) -> Tensor:
        """The index of each number's level."""
        return x if self.levels is None else torch.searchsorted(self.levels, x).to(x.dtype)

    def original(self, value: Tensor) -> Tensor:
        """The number that a state represents."""
        return value if self.levels is None else self.levels[value.long()]

    @property
    def n_params(self) -> int:  # type: ignore[override]
        """S, one logit per state."""
        return self.categories

    @property
    def n_states(self) -> int:  # type: ignore[override]
        """S."""
        return self.categories

    @property
    def parameter_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Logit 0 … logit S − 1."""
        return tuple(f"logit {state}" for state in range(self.categories))

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform[0, 1)."""
        return torch.rand(shape, generator=generator, dtype=dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """1 − ε."""
        return 1 - noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = u."""
        return uniform

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """The first state whose cumulative probability exceeds ε; a step function, so it carries no gradient."""
        steps = nu.detach().softmax(-2).cumsum(-2)[..., :-1, :]  # (…, S − 1, K)
        return (noise.unsqueeze(-2) >= steps).sum(-2).to(noise.dtype)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """The log probability of each coordinate's state."""
        states = torch.arange(self.categories, dtype=value.dtype).unsqueeze(-1)  # (S, 1)
        return torch.where(value.unsqueeze(-2) == states, nu.log_softmax(-2), 0.0).sum(-2)

    def mean(self, nu: Tensor) -> Tensor:
        """E c, the mean index: meaningful for ordered states; `nu.softmax(-2)` are the probabilities."""
        states = torch.arange(self.categories, dtype=nu.dtype).unsqueeze(-1)
        return (nu.softmax(-2) * states).sum(-2)

    def expectation(self, nu: Tensor) -> Tensor:
        """The mean of the numbers that the states represent."""
        return self.mean(nu) if self.levels is None else self.levels @ nu.softmax(-2)

    def natural_step(self, nu: Tensor, gradient: Tensor, step_size: float) -> Tensor:
        """η_c ← η_c + ρ (∂L/∂η_c)/p_c: ∇_m up to a constant that changes no probability; p counts as at least 1e−3."""
        return nu + step_size * gradient / nu.softmax(-2).clamp_min(1e-3)

    @staticmethod
    def log_prob_counted(counts: Tensor, log_probabilities: Tensor) -> Tensor:
        """Σ_s n_s log p_s of draws in a fixed order, n_s (…, S) of them in state s: (…)."""
        return (counts * log_probabilities).sum(-1)

    @staticmethod
    def sample_indicator(probabilities: Tensor, generator: torch.Generator) -> Tensor:
        """One draw, as 1 at its state and 0 elsewhere: (…, S) → (…, S)."""
        flat = probabilities.reshape(-1, probabilities.shape[-1])
        state, fine = draw_states(flat, 1, generator)
        return torch.where(fine, torch.zeros_like(flat).scatter_(1, state, 1.0), math.nan).reshape(probabilities.shape)
