"""log p(c; η) = η_c − log Σ_a exp η_a: one of S states a coordinate, the value its index 0 … S − 1 as a float."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from elbo_room.models.families.family import Family
from elbo_room.models.settings import rule

MOST = 64  # states a response may have


@dataclass(frozen=True)
class Categorical(Family):
    """Categorical with logits ν (…, S, K): S parameters a coordinate, stacked as every family stacks them.

    A model that wants one-hot vectors makes them of the index, `torch.nn.functional.one_hot(z.long(), S)`. The logits have one
    degree of freedom too many; a gradient sums to zero over the states.
    """

    name: ClassVar[str] = "categorical"
    label: ClassVar[str] = "Categorical"
    symbol: ClassVar[str] = "Cat(p)"
    help: ClassVar[str] = "One of a few states, without an order."
    requires: ClassVar[tuple[dict[str, object], ...]] = (
        rule(
            "data",
            "Categorical needs data with few distinct values, and these have many. Choose the digits' 17 grey levels.",
            among=("digits", "own"),
        ),
    )
    discrete: ClassVar[bool] = True
    reparameterizable: ClassVar[bool] = False
    categories: int = 3

    def __post_init__(self) -> None:
        if self.categories < 2:
            raise ValueError(
                f"A categorical has at least 2 states, categories was {self.categories}. Give it 2 or more."
            )

    def fitted(self, x: Tensor) -> Self:
        """One state for each distinct value."""
        return replace(self, categories=len(x.unique()))

    @property
    def n_params(self) -> int:  # type: ignore[override]
        """S, one logit a state."""
        return self.categories

    @property
    def n_states(self) -> int:  # type: ignore[override]
        """S."""
        return self.categories

    @property
    def parameter_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Logit 0 … logit S − 1."""
        return tuple(f"logit {state}" for state in range(self.categories))

    def unfit(self, x: Tensor) -> str | None:
        """More distinct values than a response may have states, or a single one."""
        count = len(x.unique())
        if 2 <= count <= MOST:
            return None
        return f"A categorical response needs from 2 to {MOST} distinct values; these data have {count:,}. Choose another response."

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
        """E c, the mean index: of use where the states have an order; `nu.softmax(-2)` are the probabilities."""
        states = torch.arange(self.categories, dtype=nu.dtype).unsqueeze(-1)
        return (nu.softmax(-2) * states).sum(-2)
