"""E g(a)g(b) and E g(a) of jointly Gaussian sums (a, b) with covariance K: how one hidden layer transforms a kernel.

Closed forms with u = K_xx, c = K_xx′, θ = acos(c/√(uu′)): ReLU √(uu′)[sin θ + (π − θ) cos θ]/2π (Cho & Saul 2009), erf
(2/π) asin(2c/√((1+2u)(1+2u′))) (Williams 1998), identity c. Every other g by its Hermite series (Mehler's formula):
E g(a)g(b) = Σ_k c_k(u) c_k(u′) ρ^k, c_k(u) = E[g(√u z) h_k(z)], ρ = c/√(uu′), h_k orthonormal; on the diagonal by quadrature.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from elbo_room.models.networks import Activation

TERMS = 100  # of the Hermite series: it converges as |ρ|^k
NODES = torch.linspace(
    -12, 12, 961, dtype=torch.float64
)  # the trapezoid rule on the line: exponentially accurate for a smooth g
WEIGHTS = torch.exp(-0.5 * NODES.square()) * 0.025 / math.sqrt(2 * math.pi)


def _relu(kernel: Tensor) -> tuple[Tensor, Tensor]:
    size = kernel.diagonal().sqrt()  # √u
    outer = size[:, None] * size
    cosine = (kernel / outer.clamp_min(1e-300)).clamp(-1, 1)
    angle = cosine.acos()
    return outer * (angle.sin() + (math.pi - angle) * cosine) / (2 * math.pi), size / math.sqrt(2 * math.pi)


def _erf(kernel: Tensor) -> tuple[Tensor, Tensor]:
    wide = (1 + 2 * kernel.diagonal()).sqrt()
    return 2 / math.pi * torch.asin(2 * kernel / (wide[:, None] * wide)), torch.zeros(len(kernel), dtype=kernel.dtype)


def _identity(kernel: Tensor) -> tuple[Tensor, Tensor]:
    return kernel, torch.zeros(len(kernel), dtype=kernel.dtype)


CLOSED: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {"relu": _relu, "erf": _erf, "identity": _identity}


def hermite(activation: Activation, kernel: Tensor) -> tuple[Tensor, Tensor]:
    """E g g′ (G, G) and E g (G,) by the Hermite series."""
    size = kernel.diagonal().sqrt()
    values = activation(size[:, None] * NODES) * WEIGHTS  # (G, nodes)
    correlation = (kernel / (size[:, None] * size).clamp_min(1e-300)).clamp(-1, 1)
    before, polynomial = torch.zeros_like(NODES), torch.ones_like(NODES)
    power, total = torch.ones_like(kernel), torch.zeros_like(kernel)
    for k in range(TERMS):
        coefficient = values @ polynomial  # (G,)
        total = total + coefficient[:, None] * coefficient * power
        power = power * correlation
        before, polynomial = polynomial, (NODES * polynomial - k**0.5 * before) / (k + 1) ** 0.5
    square = activation(size[:, None] * NODES).square() @ WEIGHTS
    total.diagonal().copy_(square)
    return total, values.sum(1)


def bend(activation: Activation, kernel: Tensor) -> tuple[Tensor, Tensor]:
    """E g(a)g(b) (G, G) and E g(a) (G,) for sums of covariance `kernel` (G, G), in float64."""
    closed = CLOSED.get(activation.name)
    return closed(kernel) if closed else hermite(activation, kernel)
