"""x | z_1 ~ a response, u = θ_out z_1 + α: the mean is u, or a rate or probability computed from it, depending on the family's support.

In the natural DEF u is the natural parameter of a response with a usable canonical link.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.data import EXPONENTIAL_DATA
from elbo_room.models.families import Categorical
from elbo_room.models.families.entries import Entries
from elbo_room.models.families.support import COUNT, POSITIVE_MEAN, PROBABILITY, REAL_MEAN
from elbo_room.models.layers.layer import FLOOR, Scales, log_probability, logit, rate
from elbo_room.models.responses import RESPONSES, Chain, Response, Words
from elbo_room.models.responses.choice import needs
from elbo_room.models.responses.link import TINY

SCALE_FLOOR = 0.05  # of a learned spread: without one, a constant feature sends a Gaussian's likelihood to ∞
MEANS = {REAL_MEAN: "u", POSITIVE_MEAN: "g(u)", PROBABILITY: "logistic u"}  # replaces m in a symbol


class LayeredResponse:
    """A response below layer 1; `raw_scale` is the model's parameter for a dispersed one, None for the others."""

    def __init__(self, part: type[Response]) -> None:
        self.part, self.response, self.family = part, part(), part.family()
        self.mean_of = self.family.support.mean
        self.follows_link = self.mean_of == POSITIVE_MEAN and part.canonical == "log"  # mean and natural DEF differ
        self.data = part.layered_data or self.family.support
        words = part.layered or self._words()
        self.name, self.label, self.symbol, self.help = part.name, part.label, words.symbol, words.help
        self.natural_symbol = words.natural_symbol
        self.requires = needs(self.data, EXPONENTIAL_DATA)
        self.scaled = part.dispersed
        self.counts = self.data is COUNT  # the encoder then sees log(1 + x)
        self.factored = self.family.states("log_prob_factored")

    def _words(self) -> Words:
        at = lambda mean: self.part.symbol.replace("m", mean)  # noqa: E731
        return Words(at(MEANS[self.mean_of]), self.part.help, at("eᵘ") if self.follows_link else "")

    def observed(self, x: Tensor) -> Tensor:
        """The data as seen by this response."""
        return self.family.observed(x)

    def log_prob(self, x: Tensor, u: Tensor, positive: bool, scales: Scales, raw_scale: Tensor | None) -> Tensor:
        """Summed over the features, x (M, D), u (R, B, M, D): (R, B, M)."""
        eta = self._natural(u, positive, scales)
        if eta is not None:
            return self.family.log_density_sum(x, (eta,))
        return self.response.log_prob_sum(x, self._chain(self.mean(u, positive, scales), raw_scale))

    def _natural(self, u: Tensor, positive: bool, scales: Scales) -> Tensor | None:
        """η, where it is cheaper than the mean."""
        if self.part.canonical == "logit" and self.mean_of == PROBABILITY:
            return logit(u, positive)
        return u if self.follows_link and scales.natural else None

    def _chain(self, mean: Tensor, raw_scale: Tensor | None) -> Chain:
        phi = torch.ones((), dtype=mean.dtype) if not self.scaled else self.scale(raw_scale).square()
        if self.mean_of == PROBABILITY:
            mean = mean.clamp(TINY, 1 - TINY)
        return self.response.at_mean(mean, mean, phi)

    def scale(self, raw: Tensor | None) -> Tensor:
        """The spread s = √φ, softplus of the model's own parameter and a floor: a Gaussian's standard deviation σ_x."""
        if raw is None:
            raise ValueError(
                f"A {self.label} response needs its scale; the model has none. Pass the model's `raw_scale`."
            )
        return SCALE_FLOOR + softplus(raw)

    def log_prob_factored(self, entries: Entries, signal: Tensor, weight: Tensor) -> Tensor:
        """`log_prob` for means u = W z themselves, from the nonzero entries.

        signal (R, B, M, I), weight (R, B, D, I), one weight draw per signal draw: (R, B, M).
        """
        found = self.family.log_prob_factored(entries, signal.flatten(0, 1), weight.flatten(0, 1), FLOOR)
        return found.unflatten(0, signal.shape[:2])

    def mean(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """E[x | u]."""
        if self.mean_of == REAL_MEAN:
            return u
        if self.mean_of == PROBABILITY:
            return log_probability(u, positive)[0].exp()
        return u.exp() if self.follows_link and scales.natural else rate(u, positive)

    def first(self, mean: Tensor, natural: bool) -> Tensor:
        """The intercepts (D,) for which E x is this mean when the layer above contributes nothing."""
        if self.mean_of == REAL_MEAN:
            return mean
        if self.mean_of == PROBABILITY:
            return mean.clamp(0.01, 0.99).logit()
        mean = mean.clamp_min(1e-4)
        return mean.log() if self.follows_link and natural else mean + torch.log(-torch.expm1(-mean))

    def sample(self, mean: Tensor, generator: torch.Generator, raw_scale: Tensor | None) -> Tensor:
        """x drawn around its mean."""
        nu = torch.stack(torch.broadcast_tensors(*self.response.parameters(self._chain(mean, raw_scale))), -2)
        return self.family.sample(nu, generator)


class Tokens(LayeredResponse):
    """Every token of a document ~ Categorical(softmax u), p ∝ u under positive weights; log n!/Π x! is a constant and left out."""

    def log_probabilities(self, u: Tensor, positive: bool) -> Tensor:
        """log p of each feature."""
        if positive:
            u = (u + FLOOR).log()
        return u.log_softmax(-1)

    def log_prob(self, x: Tensor, u: Tensor, positive: bool, scales: Scales, raw_scale: Tensor | None) -> Tensor:
        """Σ_v x_v log p_v."""
        del scales, raw_scale
        return Categorical.log_prob_counted(x, self.log_probabilities(u, positive))

    def mean(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """The probabilities: a document of one token."""
        del scales
        return self.log_probabilities(u, positive).exp()

    def first(self, mean: Tensor, natural: bool) -> Tensor:
        """Log frequencies."""
        del natural
        return mean.clamp_min(1e-4).log()

    def sample(self, mean: Tensor, generator: torch.Generator, raw_scale: Tensor | None) -> Tensor:
        """One token, as an indicator."""
        del raw_scale
        return Categorical.sample_indicator(mean, generator)


LAYERED_RESPONSES: dict[str, LayeredResponse] = {
    name: Tokens(part) if part.multiclass() else LayeredResponse(part)
    for name, part in RESPONSES.items()
    if part.by_mean
}
