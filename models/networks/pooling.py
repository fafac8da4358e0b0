"""From a layer at every position to one vector: all positions concatenated, their mean, their maximum, or the last.

In a padded text only the T' positions with a token count, `real` (…, T); the layer is 0 at the others.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.settings import rule

SEQUENTIAL = rule(
    "network",
    "Only a recurrence or token attention carries the whole sequence to its last position.",
    among=("recurrence", "token_attention"),
)


@dataclass(frozen=True)
class Pooling:
    """(…, T, width) → (…, size · width); `keeps`: whether every position is kept."""

    name: str
    label: str
    symbol: str
    help: str
    function: Callable[[Tensor, Tensor | None], Tensor]  # (…, T, width) and (…, T) → (…, ·)
    keeps: bool = False
    requires: tuple[dict[str, object], ...] = ()

    def __call__(self, hidden: Tensor, real: Tensor | None = None) -> Tensor:
        """The pooled vector."""
        return self.function(hidden, real)


def _mean(hidden: Tensor, real: Tensor | None) -> Tensor:
    return hidden.mean(-2) if real is None else hidden.sum(-2) / real.sum(-1, keepdim=True).clamp_min(1)


def _max(hidden: Tensor, real: Tensor | None) -> Tensor:
    return (hidden if real is None else hidden.masked_fill(~real.unsqueeze(-1), torch.finfo(hidden.dtype).min)).amax(-2)


def _last(hidden: Tensor, real: Tensor | None) -> Tensor:
    if real is None:
        return hidden[..., -1, :]
    behind = real.flip(-1).cumsum(-1).flip(-1)  # (…, T): tokens from here on
    return (hidden * (real & (behind == 1)).unsqueeze(-1)).sum(-2)


POOLINGS: dict[str, Pooling] = {
    each.name: each
    for each in (
        Pooling(
            "positions", "all positions", "[h₁ … h_T]", "Every position has its own output weights: position matters.",
            lambda hidden, _: hidden.flatten(-2), keeps=True,
        ),
        Pooling("mean", "mean", "Σ_t h_t / T", "Position is lost; frequency counts.", _mean),
        Pooling("max", "max", "max_t h_t", "Position is lost; presence counts.", _max),
        Pooling(
            "last", "last", "h_T", "The state at the end of the sequence.", _last, requires=(SEQUENTIAL,),
        ),
    )
}  # fmt: skip
