"""The seven kinds of layer, one per class: Gaussian, Bernoulli, Poisson, Gamma, exponential, Beta, Categorical."""

import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot, softplus

from elbo_room.models.families import Bernoulli, Beta, Categorical, Gamma, Normal, Poisson
from elbo_room.models.families.gamma import log_density_at
from elbo_room.models.layers.layer import Layer, Scales, log_probability, logit, rate
from elbo_room.models.networks import ACTIVATIONS

STATES = 3  # of a categorical unit


class NormalLayer(Layer):
    """z ~ N(g(u), σ²), or η = μ/σ² = u: its mean is then σ² u. A top layer is N(0, 1)."""

    name = "normal"
    label = "Gaussian"
    symbol = "N(g(u), σ²)"
    natural_symbol = "N(σ²u, σ²)"
    help = "Real units around g(u); as σ → 0 they become a network's hidden units."
    density = Normal()
    scaled = True

    def mean(self, u: Tensor, scales: Scales) -> Tensor:
        """E[z | u]."""
        return u * scales.scale**2 if scales.natural else ACTIVATIONS[scales.activation](u)

    def parameters(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """(g(u), log σ)."""
        del positive
        mean = self.mean(u, scales)
        return torch.stack([mean, torch.full_like(mean, scales.scale).log()], -2)

    def top(self, units: int, scales: Scales) -> Tensor:
        """N(0, 1)."""
        del scales
        return torch.zeros(2, units)


class BernoulliLayer(Layer):
    """z ~ Bernoulli(logistic u): mean and natural parameter are equivalent; the noisy or 1 − e^{−u} under positive weights."""

    name = "bernoulli"
    label = "Bernoulli"
    symbol = "Bern(logistic u)"
    help = "Binary units: a sigmoid belief network. Mean and natural parameter coincide, because the logistic is canonical."
    density = Bernoulli()
    positive = True
    learns_top = True

    def parameters(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """The logit."""
        del scales
        return logit(u, positive).unsqueeze(-2)


class PoissonLayer(Layer):
    """z ~ Poisson(softplus u), or log rate = u in the natural DEF; a top layer starts at rate 1."""

    name = "poisson"
    label = "Poisson"
    symbol = "Pois(g(u))"
    natural_symbol = "Pois(eᵘ)"
    help = "Count-valued units: 0, 1, 2 and so on."
    density = Poisson()
    positive = True
    learns_top = True

    def look(self, value: Tensor) -> Tensor:
        """log(1 + z)."""
        return value.log1p()

    def parameters(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """Log rate."""
        return (u if scales.natural else rate(u, positive).log()).unsqueeze(-2)

    def top(self, units: int, scales: Scales) -> Tensor:
        """Rate 1."""
        del scales
        return torch.zeros(1, units)


class GammaLayer(Layer):
    """z ~ Gamma(α, rate α/m), m = g(u); in the natural DEF the rate itself is softplus u. The value is log z; the top has mean 1."""

    name = "gamma"
    label = "Gamma"
    symbol = "Γ(α, α/g(u))"
    natural_symbol = "Γ(α, g(u))"
    help = "Positive units, sparse for shapes α well below 1: most are nearly 0."
    density = Gamma()
    positive = True
    shaped = True

    def alpha(self, scales: Scales) -> float:
        """Shape."""
        return scales.shape

    def parameters(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """(log m, log α)."""
        found = rate(u, positive).log()
        log_shape = torch.full_like(found, self.alpha(scales)).log()
        return torch.stack([log_shape - found if scales.natural else found, log_shape], -2)

    def log_prob(self, value: Tensor, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """−α (eᵗ − 1 − t) + [α log α − α − log Γ(α)], t = log z − log m; α is a constant, which is not differentiated."""
        alpha, found, z = self.alpha(scales), rate(u, positive), value.exp()
        if scales.natural:
            return log_density_at(value + found.log() - math.log(alpha), z * found / alpha, alpha)
        return log_density_at(value - found.log(), z / found, alpha)

    def log_prob_top(self, value: Tensor, nu: Tensor, scales: Scales) -> Tensor:
        """The same at m = 1."""
        del nu
        return log_density_at(value, value.exp(), self.alpha(scales))

    def top(self, units: int, scales: Scales) -> Tensor:
        """Mean 1: any other would be absorbed by the weights below."""
        return torch.stack([torch.zeros(units), torch.full((units,), self.alpha(scales)).log()])

    def look(self, value: Tensor) -> Tensor:
        """log(1 + z) = softplus y."""
        return softplus(value)


class ExponentialLayer(GammaLayer):
    """z ~ Exponential with mean g(u), the Gamma of shape 1."""

    name = "exponential"
    label = "exponential"
    symbol = "Exp(1/g(u))"
    natural_symbol = "Exp(g(u))"
    shaped = False  # it is always 1
    help = "Positive units with their mode at 0: a Gamma layer of shape 1."

    def alpha(self, scales: Scales) -> float:
        """1."""
        del scales
        return 1.0


class BetaLayer(Layer):
    """z ~ Beta(c m, c (1 − m)), m = logistic u and c = 10 α; in the natural DEF a = softplus u, b = c. The value is logit z."""

    name = "beta"
    label = "Beta"
    symbol = "Beta(c m, c(1−m))"
    natural_symbol = "Beta(g(u), c)"
    help = "Units between 0 and 1, near the ends when the shape is small."
    density = Beta()
    positive = True
    shaped = True
    learns_top = True

    def parameters(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """(log a, log b)."""
        concentration = torch.full_like(u, 10 * scales.shape).log()
        if scales.natural:
            return torch.stack([rate(u, positive).log(), concentration], -2)
        yes, no = log_probability(u, positive)
        return torch.stack([yes + concentration, no + concentration], -2)


class CategoricalLayer(Layer):
    """z ~ Categorical(softmax u), one of three states per unit, passed down as three indicators; p ∝ u under positive weights."""

    name = "categorical"
    label = "Categorical"
    symbol = "Cat(softmax u)"
    help = "Units with three unordered states; the layer below sees which one it is."
    density = Categorical(STATES)
    per_unit = STATES
    positive = True
    learns_top = True

    def parameters(self, u: Tensor, positive: bool, scales: Scales) -> Tensor:
        """Logits."""
        del scales
        logits = u.unflatten(-1, (-1, STATES)).transpose(-1, -2)  # (…, S, K)
        return rate(logits, positive).log() if positive else logits

    def signal(self, value: Tensor) -> Tensor:
        """Indicators of the states, unit by unit."""
        return one_hot(value.long(), STATES).to(value.dtype).flatten(-2)

    def expected_signal(self, nu: Tensor) -> Tensor:
        """Probabilities of the states, unit by unit."""
        return nu.softmax(-2).transpose(-1, -2).flatten(-2)
