"""x | z_1 ~ expfam, its parameters h(u), u = θ_out z_1 + α: Gaussian, Bernoulli, Poisson, or one Categorical draw a token.

Counts are summed the short way: log x! is 0 unless x ≥ 2, which few entries of a document-term matrix are.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.families.entries import Entries, log_sums
from elbo_room.models.layers.layer import FLOOR, Scales, log_probability, rate
from elbo_room.models.settings import rule

COUNTS = ("docstrings", "king_james", "own")  # whether a person's own data are counts is looked at when they are there
SCALE_FLOOR = 0.05  # of the Gaussian response: without one, a constant feature sends the likelihood to ∞
COUNTS_ONLY = rule("data", "These data are no counts. Choose a corpus, or another response.", among=COUNTS)


class Response:
    """A family of x as a part; `raw_scale` is the Gaussian's own parameter, None for the others."""

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    natural_symbol: ClassVar[str] = ""  # in the natural DEF, where that differs
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    scaled: ClassVar[bool] = False
    counts: ClassVar[bool] = False  # the encoder then sees log(1 + x)

    def observed(self, x: Tensor) -> Tensor:
        """The data as this response sees them."""
        return x

    def log_prob(self, x: Tensor, u: Tensor, positive: bool, scales: Scales, raw_scale: Tensor | None) -> Tensor:
        """Summed over the features, x (M, D), u (R, B, M, D): (R, B, M)."""
        raise NotImplementedError

    def mean(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """E[x | u]."""
        raise NotImplementedError

    def first(self, mean: Tensor, natural: bool) -> Tensor:
        """The intercepts (D,) under which E x is this mean, where the layer above says nothing."""
        raise NotImplementedError

    def sample(self, mean: Tensor, generator: torch.Generator, raw_scale: Tensor | None) -> Tensor:
        """X drawn around its mean."""
        raise NotImplementedError


class NormalResponse(Response):
    """x ~ N(u, σ_x²) with one learned σ_x: softplus of a parameter, and a floor."""

    name = "normal"
    label = "Gaussian"
    symbol = "N(u, σₓ²)"
    help = "Real values around u with one learned standard deviation."
    scaled = True

    def scale(self, raw: Tensor | None) -> Tensor:
        """σ_x, softplus of the model's own parameter."""
        if raw is None:
            raise ValueError(
                "A Gaussian response needs its scale; the model has none. Give it the model's `raw_scale`."
            )
        return SCALE_FLOOR + softplus(raw)

    def log_prob(self, x: Tensor, u: Tensor, positive: bool, scales: Scales, raw_scale: Tensor | None) -> Tensor:
        """−½ ((x − u)/σ)² − log σ − ½ log 2π."""
        del positive, scales
        scale = self.scale(raw_scale)
        constant = scale.log() + 0.5 * math.log(2 * math.pi)
        return -0.5 * ((x - u) / scale).square().sum(-1) - x.shape[-1] * constant.sum()

    def mean(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """U."""
        del positive, scales
        return u

    def first(self, mean: Tensor, natural: bool) -> Tensor:
        """The mean."""
        del natural
        return mean

    def sample(self, mean: Tensor, generator: torch.Generator, raw_scale: Tensor | None) -> Tensor:
        """Mean + σ_x ε."""
        return mean + self.scale(raw_scale) * torch.randn(mean.shape, generator=generator)


class BernoulliResponse(Response):
    """x ~ Bernoulli(logistic u), the noisy or under positive weights; grey values are rounded at ½, counts to seen or not."""

    name = "bernoulli"
    label = "Bernoulli"
    symbol = "Bern(logistic u)"
    help = "Binary values; grey pixels are rounded at ½, a word is there or not."
    requires = (
        rule("data", "The 2-D set has real values. Choose Gaussian, or other data.", among=("digits", *COUNTS)),
    )

    def observed(self, x: Tensor) -> Tensor:
        """1[x > ½]."""
        return (x > 0.5).to(x.dtype)

    def log_prob(self, x: Tensor, u: Tensor, positive: bool, scales: Scales, raw_scale: Tensor | None) -> Tensor:
        """X log m + (1 − x) log(1 − m)."""
        del scales, raw_scale
        if positive:
            yes, no = log_probability(u, positive)
            return (x * yes + (1 - x) * no).sum(-1)
        return (x * u - softplus(u)).sum(-1)

    def mean(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """M."""
        del scales
        return log_probability(u, positive)[0].exp()

    def first(self, mean: Tensor, natural: bool) -> Tensor:
        """The logit."""
        del natural
        return mean.clamp(0.01, 0.99).logit()

    def sample(self, mean: Tensor, generator: torch.Generator, raw_scale: Tensor | None) -> Tensor:
        """1[ε < m]."""
        del raw_scale
        return (torch.rand(mean.shape, generator=generator) < mean).to(mean.dtype)


def log_factorials(x: Tensor) -> Tensor:
    """Σ_v log x_v!: (M, D) → (M,)."""
    row, column = (x > 1).nonzero(as_tuple=True)
    return torch.zeros(len(x), dtype=x.dtype).index_add(0, row, torch.lgamma(x[row, column] + 1))


class PoissonResponse(Response):
    """x ~ Poisson(softplus u), the rate u itself under positive weights; in the natural DEF log rate = u."""

    name = "poisson"
    label = "Poisson"
    symbol = "Pois(g(u))"
    natural_symbol = "Pois(eᵘ)"
    help = "Counts, such as those of words in a document."
    requires = (COUNTS_ONLY,)
    counts = True

    def log_prob(self, x: Tensor, u: Tensor, positive: bool, scales: Scales, raw_scale: Tensor | None) -> Tensor:
        """X log λ − λ − log x!."""
        del raw_scale
        factorials = log_factorials(x)
        if scales.natural:
            return (x * u - u.exp()).sum(-1) - factorials
        mean = rate(u, positive)
        return (x * mean.log() - mean).sum(-1) - factorials

    def log_prob_factored(self, entries: Entries, signal: Tensor, weight: Tensor) -> Tensor:
        """The same for rates u = W z themselves, with logs only where x > 0: Σ_v λ_v is Σ_k z_k Σ_v w_vk.

        signal (R, B, M, I), weight (R, B, D, I), one weight draw a signal draw: (R, B, M). Ten times as fast on text.
        """
        s, w = signal.flatten(0, 1), weight.flatten(0, 1)  # (RB, M, I), (RB, D, I)
        seen = log_sums(s, w, entries, FLOOR)  # (RB, M)
        whole = (s * w.sum(1, keepdim=True)).sum(-1) + FLOOR * w.shape[1]
        return (seen - whole - entries.log_factorials).unflatten(0, signal.shape[:2])

    def mean(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """λ."""
        return u.exp() if scales.natural else rate(u, positive)

    def first(self, mean: Tensor, natural: bool) -> Tensor:
        """Log λ, or softplus⁻¹ λ."""
        mean = mean.clamp_min(1e-4)
        return mean.log() if natural else mean + torch.log(-torch.expm1(-mean))

    def sample(self, mean: Tensor, generator: torch.Generator, raw_scale: Tensor | None) -> Tensor:
        """Counts of this mean."""
        del raw_scale
        return torch.poisson(mean, generator=generator)


class CategoricalResponse(Response):
    """Every token of a document ~ Categorical(softmax u), p ∝ u under positive weights; log n!/Π x! is a constant and left out."""

    name = "categorical"
    label = "Categorical"
    symbol = "Cat(softmax u)"
    help = "Every token of a document is one draw among the words; how many there are is not modelled."
    requires = (COUNTS_ONLY,)
    counts = True

    def log_probabilities(self, u: Tensor, positive: bool) -> Tensor:
        """Log p of each feature."""
        if positive:
            u = (u + FLOOR).log()
        return u.log_softmax(-1)

    def log_prob(self, x: Tensor, u: Tensor, positive: bool, scales: Scales, raw_scale: Tensor | None) -> Tensor:
        """Σ_v x_v log p_v."""
        del scales, raw_scale
        return (x * self.log_probabilities(u, positive)).sum(-1)

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
        flat = mean.reshape(-1, mean.shape[-1])
        token = torch.multinomial(flat, 1, generator=generator)
        return torch.zeros_like(flat).scatter_(1, token, 1.0).reshape(mean.shape)
