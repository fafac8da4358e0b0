"""Guard: a run stops at the first non-finite number, keeps its last good state, and reports which part, when, and what helps."""

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

FLOOR = -1e9  # nats per data point: far below any model that is still learning
NARROW, ROOM = 1e-4, 0.05  # a σ below the first has collapsed; the second is the floor that the remedy proposes


class DivergenceError(ArithmeticError):
    """Training produced a non-finite number; `cause` and `remedy` are one sentence each, `change` has the live knobs of the remedy."""

    def __init__(self, cause: str, remedy: str, step: int, change: Mapping[str, float]) -> None:
        super().__init__(f"{cause} {remedy}")
        self.cause, self.remedy, self.step, self.change = cause, remedy, step, dict(change)


UNTRAINED = (
    "No step has been made yet, so these settings are too extreme to begin with: choose milder ones, such as a smaller λ or "
    "fewer layers."
)


def divergence(
    cause: str, step: int, step_size: float, model: object, features: Sequence[str], *, untrained: bool = False
) -> DivergenceError:
    """The error to raise at this step: it proposes a floor for a collapsed σ if there is one, else a third of the step size.

    `untrained`: no step was made, so a smaller one would change nothing.
    """
    least = getattr(model, "least_scale", lambda: None)()
    if least is None or not least[1] < NARROW:  # NaN is not a collapsed σ
        if untrained:
            return DivergenceError(f"{cause} at step {step}.", UNTRAINED, step, {})
        smaller = step_size / 3
        remedy = f"Continue with a third of the step size ({smaller:.2g}); more draws or a smaller λ help too."
        return DivergenceError(f"{cause} at step {step}.", remedy, step, {"step_size": smaller})
    index, scale, source = least
    name = features[index] if features else f"feature {index + 1}"
    narrow = f"σ of {name} ({source}) is down to {scale:.1g}"
    remedy = f"Continue with σ ≥ {ROOM:g}, or drop constant features: there the likelihood has no maximum."
    return DivergenceError(f"{cause} at step {step}: {narrow}.", remedy, step, {"scale_floor": ROOM})


def named_parameters(modules: Iterable[object]) -> dict[str, nn.Parameter]:
    """Parameters of all modules, named so that decoder and encoder are distinct."""
    found: dict[str, nn.Parameter] = {}
    for module in modules:
        if isinstance(module, nn.Module):
            prefix = type(module).__name__
            found |= {f"{prefix}.{name}": parameter for name, parameter in module.named_parameters()}
    return found


def part_in_words(name: str, model: object) -> str:
    """The screen's name for a parameter's part in `named_parameters`: the decoder, or the encoder of q(z); a user's own in quotes."""
    _, _, inner = name.partition(".")
    if inner.startswith("by_site."):
        site, _, part = inner.removeprefix("by_site.").partition(".")
        q = f"q({site.replace('_', ' ')})"
        return f"the encoder of {q}" if "encoder." in part else q
    known: Mapping[str, str] = getattr(model, "part_names", {})
    return next((words for prefix, words in known.items() if inner.startswith(prefix)), f"'{name}'")


def complaint(
    elbo: float,
    objective: float,
    gradients: Mapping[str, Tensor],
    terms: Mapping[str, float] = MappingProxyType({}),
    model: object = None,
) -> str | None:
    """What is wrong with this step, or None; `terms` are the ELBO's by name, and a non-finite one is named as the cause."""
    for what, value in (("ELBO", elbo), ("objective", objective)):
        if not math.isfinite(value):
            blamed = next((f" ({name} is {term})" for name, term in terms.items() if not math.isfinite(term)), "")
            return f"The {what} became {value}{blamed}"
        if value < FLOOR:
            return f"The {what} fell to {value:.3g} nats per data point"
    if not math.isfinite(torch.stack(torch._foreach_norm(list(gradients.values()))).sum().item()):
        name = next((name for name, gradient in gradients.items() if not gradient.isfinite().all()), None)
        return (
            f"The gradient of {part_in_words(name, model)} is not finite"
            if name
            else "The gradient became too large to be summed"
        )
    return None
