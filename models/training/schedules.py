"""Schedules of the step size ρ_t of step t."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Schedule:
    """ρ_t as a part; `size(settings, t)` is the size of step t."""

    name: str
    label: str
    symbol: str
    help: str
    size: Callable[[Any, int], float]
    requires: tuple[dict[str, object], ...] = ()


def held(settings: Any, t: int) -> float:
    """ρ_t = ρ min(1, t₀/t); ρ where t₀ is 0."""
    size: float = settings.step_size
    return size * min(1.0, settings.cooling / t) if settings.cooling else size


def power(settings: Any, t: int) -> float:
    """ρ_t = a (b + t)^−κ with a = ρ (b + 1)^κ, so that the first step is ρ (Robbins & Monro 1951).

    For ½ < κ ≤ 1, Σ ρ_t = ∞ and Σ ρ_t² < ∞.
    """
    size: float = settings.step_size
    return size * ((settings.step_offset + 1) / (settings.step_offset + t)) ** settings.step_decay


SCHEDULES: dict[str, Schedule] = {
    each.name: each
    for each in (
        Schedule("held", "constant, or 1/t from t₀", "ρ", "ρ stays as it is, or falls as 1/t from the step “Cools from” on.", held),
        Schedule(
            "robbins_monro", "Robbins–Monro", r"a\, (b + t)^{−κ}",
            "Every step is a little smaller: ν can still go any distance, and the noise averages out.", power,
        ),
    )
}  # fmt: skip
