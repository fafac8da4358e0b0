"""Feature attention, as defined in the lecture notes: A(x; α): R^P → [0, 1]^P, and the network sees A(x) ∘ x."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elbo_room.models.networks.linear import linear


@dataclass(frozen=True)
class AttentionKind:
    """How the P scores are turned into weights."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


ATTENTIONS: dict[str, AttentionKind] = {
    each.name: each
    for each in (
        AttentionKind("none", "none", "x", "The network sees x unchanged."),
        AttentionKind(
            "logistic",
            "logistic bank",
            "logistic(αx) ∘ x",
            "P logistic regressions on x, a weight in [0, 1] for each feature.",
        ),
        AttentionKind(
            "simplex",
            "softmax",
            "softmax(αx) ∘ x",
            "Weights on the simplex Δ^(P−1): they sum to one, so features compete.",
        ),
    )
}


class FeatureAttention(nn.Module):
    """A(x; α) ∘ x with A = logistic(α x + a), or A = softmax(α x + a) on the simplex."""

    def __init__(self, size: int, kind: str, generator: torch.Generator) -> None:
        super().__init__()
        self.kind = kind
        self.scores = linear(size, size, bias=True, gain=1.0, generator=generator)

    def weights(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """A(x; α), of x's shape (…, P); features at padded positions, those not `real` (…, T), do not compete."""
        scores = self.scores(x)
        if self.kind == "logistic":
            return scores.sigmoid()
        if real is not None:
            places = real.flatten(x.ndim - 1)  # (…, T)
            features = places.repeat_interleave(x.shape[-1] // places.shape[-1], -1)  # (…, P)
            scores = scores.masked_fill(~features, torch.finfo(scores.dtype).min)
        return scores.softmax(-1)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """A(x; α) ∘ x."""
        return self.weights(x, real) * x
