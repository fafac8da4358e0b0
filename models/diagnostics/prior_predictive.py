"""Functions f(·; w), w ~ prior, before any training, and the Gaussian process that they become as the layers become infinitely wide.

K₁ = x V xᵀ + v_b,  K_ℓ = n v_ℓ E[g g′ | K_{ℓ−1}] + v_b (+ x V_γ xᵀ for re-injected inputs; residual and dense sums add up),
K_f = n v_o E[g g′ | K_L] + v_b (Neal 1996; Lee et al. 2018; Matthews et al. 2018). With one hidden layer K_f = E f f′ at any width.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from elbo_room.models.diagnostics.infinite_width import bend
from elbo_room.models.networks import ACTIVATIONS, Architecture
from elbo_room.models.priors import Prior
from elbo_room.models.priors.prior import fan_in

UNITS = 4096  # of a first layer with non-Gaussian weights: its kernel is an average over this many units
NUMBERS = 4_000_000  # weights in memory at a time


@torch.no_grad()
def functions(network: nn.Module, prior: Prior, x: Tensor, draws: int, generator: torch.Generator) -> Tensor:
    """S functions drawn from the prior, at x (G, P): (S, G, D)."""
    most, found = max(1, NUMBERS // max(prior.size, len(x))), list[Tensor]()
    for begun in range(0, draws, most):
        weights = prior.sample(min(most, draws - begun), generator)
        found.append(vmap(lambda w: functional_call(network, w, (x,)))(weights))
    return torch.cat(found)


def no_limit(prior: Prior, architecture: Architecture) -> str | None:
    """None, or why no Gaussian process limit is known for this prior and network."""
    if prior.sites:
        return f"{prior.label}: the scales are random, so the limit is a mixture of Gaussian processes, not one."
    if prior.variance("out.weight") is None:
        return f"{prior.label}: the weights have no variance, so the limit is not Gaussian. Raise ν above 2."
    extra = {"attention": "none", "norm": "none", "network": "feed_forward"}
    odd = [name for name, plain in extra.items() if getattr(architecture, name, plain) != plain]
    return f"No limit is known here for a network with this choice of {odd[0]}." if odd else None


@torch.no_grad()
def limit(prior: Prior, architecture: Architecture, x: Tensor) -> Tensor:
    """The covariance K_f of one output at x (G, P), all layers infinitely wide: (G, G), in float64.

    With n units of scale s, the limit keeps n s². A first layer with non-Gaussian weights enters as an average over units.

    Raises:
        ValueError: there is no such limit; the message explains why.
    """
    if reason := no_limit(prior, architecture):
        raise ValueError(reason)
    rows = x.double()
    if not architecture.depth:
        return _linear(prior, "out", rows)
    second, mean = _first(prior, architecture, rows)
    layers, hidden, drift = [second], second, mean
    for depth in range(1, architecture.depth):
        kernel = _sum(prior, f"hidden.{depth}", hidden)
        if architecture.input_reinjection:
            kernel = kernel + _linear(prior, f"reinjection.{depth - 1}", rows)
        if getattr(architecture, "dense_skip", False) and depth > 1:
            earlier = torch.stack(layers[:-1]).mean(0)  # every layer has as many units
            kernel = kernel + _sum(prior, f"dense.{depth - 2}", earlier)
        second, mean = bend(ACTIVATIONS[architecture.activation], kernel)
        if architecture.identity_residual:  # a unit's own past and its new value are independent
            cross = drift[:, None] * mean
            hidden, drift = hidden + second + cross + cross.T, drift + mean
        else:
            hidden, drift = second, mean
        layers.append(hidden)
    return _sum(prior, "out", hidden)


def _variance(prior: Prior, name: str) -> Tensor:
    variance = prior.variance(name) if name in prior.shapes else torch.zeros(())
    assert variance is not None  # noqa: S101 - no_limit has looked
    return variance.double()


def _linear(prior: Prior, layer: str, x: Tensor) -> Tensor:
    """x V xᵀ + v_b: the covariance of Σ_j w_j x_j + b."""
    return (x * _variance(prior, f"{layer}.weight").reshape(-1)) @ x.T + _variance(prior, f"{layer}.bias")


def _sum(prior: Prior, layer: str, second: Tensor) -> Tensor:
    """The covariance n v E[h h′] + v_b of Σ_k w_k h_k + b."""
    name = f"{layer}.weight"
    return fan_in(prior.shapes[name]) * _variance(prior, name) * second + _variance(prior, f"{layer}.bias")


def _first(prior: Prior, architecture: Architecture, x: Tensor) -> tuple[Tensor, Tensor]:
    """E h₁h₁′ and E h₁."""
    activation = ACTIVATIONS[architecture.activation]
    if prior.gaussian:
        return bend(activation, _linear(prior, "hidden.0", x))
    generator = torch.Generator().manual_seed(0)
    weight = prior.scales("hidden.0.weight", {}) * prior.unit_sample((UNITS, x.shape[1]), generator).double()
    before = x @ weight.T  # (G, units)
    if "hidden.0.bias" in prior.shapes:
        before = before + prior.scales("hidden.0.bias", {}) * prior.unit_sample((UNITS,), generator).double()
    units = activation(before)
    return units @ units.T / UNITS, units.mean(1)
