"""y ~ Categorical(m): η_k = log m_k up to a shift, a(η) = log Σ_k exp η_k: softmax.

K logits are shift-invariant, so the likelihood is flat in one direction; K − 1 logits with the last fixed at 0 are minimal.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import pad

from elbo_room.models.families import Categorical, Family
from elbo_room.models.families.support import COUNT, LEVELS, Support
from elbo_room.models.responses.response import Chain, Response, Words


@dataclass(frozen=True)
class CategoricalResponse(Response):
    """One of K classes, y the index; the chain's w, m and η have a last axis of K (w of K − 1 with the minimal link)."""

    family: ClassVar[type[Family]] = Categorical
    name: ClassVar[str] = "categorical"
    label: ClassVar[str] = "Categorical"
    symbol: ClassVar[str] = "Cat(m)"
    help: ClassVar[str] = "One of K classes, the softmax of the outputs."
    decoded: ClassVar[Words | None] = Words("Cat(p)", "One of a few unordered states.")
    decoded_data: ClassVar[Support | None] = LEVELS
    layered: ClassVar[Words | None] = Words(
        "Cat(softmax u)",
        "Every token of a document is one draw from the vocabulary; the number of tokens is not modelled.",
    )
    layered_data: ClassVar[Support | None] = COUNT
    usual: ClassVar[str] = "softmax"
    canonical: ClassVar[str | None] = "softmax"

    @property
    def identity(self) -> str:
        """Of the observed class's own logit."""
        return "1 − m"

    @property
    def outputs(self) -> int:
        """K, or K − 1."""
        return self.classes - self.chosen.minimal

    def chain(self, w: Tensor, phi: Tensor) -> Chain:
        """η is w, or (w, 0)."""
        return Chain(w, self.chosen.mean(w), pad(w, (0, 1)) if self.chosen.minimal else w, phi)

    def natural(self, m: Tensor) -> Tensor:
        """log m."""
        return m.log()

    def log_normalizer(self, eta: Tensor) -> Tensor:
        """log Σ exp η: (…, M)."""
        return eta.logsumexp(-1)

    def variance(self, m: Tensor) -> Tensor:
        """m_k (1 − m_k) of each class's indicator: (…, M, K)."""
        return m * (1 - m)

    def spread(self, chain: Chain) -> Tensor:
        """V(m); φ is 1."""
        return self.variance(chain.m)

    def law(self, chain: Chain) -> tuple[Family, Tensor]:
        """Categorical with logits η: ν (…, M, K, 1)."""
        return Categorical(categories=self.classes), chain.eta.unsqueeze(-1)

    def point(self, chain: Chain) -> Tensor:
        """The most probable class: (…, M)."""
        return chain.m.argmax(-1).to(chain.m.dtype)
