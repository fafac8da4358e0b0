"""The memory of an adaptive estimator: running moments of past f, and a small network trained with Adam.

The caller reads first and updates afterwards, so that no draw is corrected by a baseline that depends on it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

Memory = dict[str, Tensor]
DECAY, RATE, HIDDEN = 0.9, 0.02, 16
FIRST, SECOND = 0.9, 0.99  # Adam's decays: short, since λ may move


def moments(memory: Memory, cost: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of past f, (0, 1) before the first: (), ()."""
    mean, square = memory.get("mean", cost.new_zeros(())), memory.get("square", cost.new_ones(()))
    return mean, (square - mean.square()).clamp_min(1e-12).sqrt()


def remember(memory: Memory, **values: Tensor) -> None:
    """Exponential moving averages: m ← .9 m + .1 value; starting from the first value."""
    for name, value in values.items():
        memory[name] = memory[name].lerp(value.detach(), 1 - DECAY) if name in memory else value.detach().clone()


def remember_moments(memory: Memory, cost: Tensor) -> None:
    """Add the current f to the running moments."""
    remember(memory, mean=cost.mean(), square=cost.square().mean())


def weights(
    memory: Memory, inputs: int, like: Tensor, generator: torch.Generator | None, outputs: int = 1
) -> list[Tensor]:
    """The network's (W, α, v), as leaves; initially W is random and v is 0, so the outputs are 0."""
    if "weight" not in memory or memory["weight"].shape[0] != inputs:
        first = torch.randn(inputs, HIDDEN, generator=generator, dtype=like.dtype) / inputs**0.5
        out = like.new_zeros(HIDDEN) if outputs == 1 else like.new_zeros(HIDDEN, outputs)
        made = {"weight": first, "intercept": like.new_zeros(HIDDEN), "out": out}
        memory |= made | {
            f"{kind} {name}": torch.zeros_like(part) for name, part in made.items() for kind in ("m", "v")
        }
        memory["count"] = like.new_zeros(())
    return [memory[name].detach().requires_grad_() for name in ("weight", "intercept", "out")]


def network(parts: Sequence[Tensor], inputs: Tensor) -> Tensor:
    """One hidden layer, v · tanh(W x + α): (…, P) → (…), or (…, outputs)."""
    weight, intercept, out = parts
    return (inputs @ weight + intercept).tanh() @ out


@torch.no_grad()
def step(memory: Memory, loss_slopes: Sequence[Tensor]) -> None:
    """One step of Adam downhill, for (W, α, v)."""
    memory["count"] = memory["count"] + 1
    for name, slope in zip(("weight", "intercept", "out"), loss_slopes, strict=True):
        m = memory[f"m {name}"] = memory[f"m {name}"].lerp(slope, 1 - FIRST)
        v = memory[f"v {name}"] = memory[f"v {name}"].lerp(slope.square(), 1 - SECOND)
        m, v = m / (1 - FIRST ** memory["count"]), v / (1 - SECOND ** memory["count"])
        memory[name] = memory[name] - RATE * m / (v.sqrt() + 1e-8)
