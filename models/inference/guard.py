"""Guard: a run stops at the first number that is not finite, keeps its last good state, and says which tensor, when, and what helps."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

FLOOR = -1e9  # nats per datum: far below any model that is still learning


class DivergenceError(ArithmeticError):
    """Training left the finite numbers; `cause` and `remedy` are one sentence each, `step_size` is what the remedy proposes."""

    def __init__(self, cause: str, remedy: str, step: int, step_size: float) -> None:
        super().__init__(f"{cause} {remedy}")
        self.cause, self.remedy, self.step, self.step_size = cause, remedy, step, step_size


def named_parameters(modules: Iterable[object]) -> dict[str, nn.Parameter]:
    """Parameters of all modules with names that tell decoder from encoder."""
    found: dict[str, nn.Parameter] = {}
    for module in modules:
        if isinstance(module, nn.Module):
            prefix = type(module).__name__
            found |= {f"{prefix}.{name}": parameter for name, parameter in module.named_parameters()}
    return found


def complaint(elbo: float, gradients: dict[str, Tensor]) -> str | None:
    """What is wrong with this step, or None."""
    if elbo != elbo or elbo in (float("inf"), float("-inf")):
        return f"The ELBO became {elbo}"
    if elbo < FLOOR:
        return f"The ELBO fell to {elbo:.3g} nats per datum"
    total = torch.stack(torch._foreach_norm(list(gradients.values()))).sum()
    if not bool(total.isfinite()):
        name = next((name for name, gradient in gradients.items() if not gradient.isfinite().all()), None)
        return f"The gradient of {name} is not finite" if name else "The gradient became too large to be summed"
    return None
