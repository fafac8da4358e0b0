"""From a layer at every position to one vector: all positions side by side, their mean, their largest, or the last."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from models.settings import rule

SHARED = ("convolution", "convolution_2d", "recurrence", "token_attention")
SEQUENTIAL = rule(
    "network",
    "Only a recurrence or token attention brings the whole sequence to its last position.",
    among=("recurrence", "token_attention"),
)


@dataclass(frozen=True)
class Pooling:
    """(…, T, width) → (…, size · width); `keeps` tells whether every position is kept."""

    name: str
    label: str
    symbol: str
    help: str
    function: Callable[[Tensor], Tensor]  # (…, T, width) → (…, ·)
    keeps: bool = False
    requires: tuple[dict[str, object], ...] = ()

    def __call__(self, hidden: Tensor) -> Tensor:
        """The pooled vector."""
        return self.function(hidden)


POOLINGS: dict[str, Pooling] = {
    each.name: each
    for each in (
        Pooling(
            "positions", "all positions", "[h₁ … h_T]", "Every position keeps its own output weights: the place matters.",
            lambda hidden: hidden.flatten(-2), keeps=True,
        ),
        Pooling("mean", "mean", "Σ_t h_t / T", "The place is forgotten; how often counts.", lambda hidden: hidden.mean(-2)),
        Pooling("max", "max", "max_t h_t", "The place is forgotten; whether it is there counts.", lambda hidden: hidden.amax(-2)),
        Pooling(
            "last", "last", "h_T", "What the sequence has come to at its end.", lambda hidden: hidden[..., -1, :],
            requires=(SEQUENTIAL,),
        ),
    )
}  # fmt: skip
