"""Try this: a scene asks, the user predicts, the run on the screen answers. The right choice is measured, never hard-coded.

A task of a preset is plain data: `ask`, `choices` in rising order, `edges` between them (one fewer), `measure` (a name in `MEASURES`
with its arguments), `after` (the step from which the answer counts) and `why`.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from elbo_room.models.thresholds import ACTIVE
from elbo_room.widgets.words.evidence_words import times

Facts = dict[str, Any]
Task = dict[str, Any]
AFTER = 300  # the step from which an answer counts, unless the task names another


def variance_ratio(facts: Facts, of: str, to: str) -> float | None:
    """Variance of one estimator's gradient over another's, as last measured in panel B at the same parameters."""
    variance = facts.get("variance", {})
    if of not in variance or to not in variance or not variance[to][0]:
        return None
    return float(variance[of][0] / variance[to][0])


def active_dimensions(facts: Facts) -> float | None:
    """Latent dimensions whose KL is above the threshold."""
    divergence = facts.get("kl")
    return float(sum(value >= ACTIVE for value in divergence)) if divergence else None


def encoders_share(facts: Facts) -> float | None:
    """The encoder's share of the distance from the ELBO to log p(x), as last estimated in panel A."""
    gaps = facts.get("gaps")
    return gaps[0] / max(sum(gaps), 1e-9) if gaps else None


def total_divergence(facts: Facts) -> float | None:
    """KL of q from the prior over all latent dimensions, nats per data point."""
    return float(sum(facts["kl"])) if facts.get("kl") else None


def power_of_draws(facts: Facts, of: str) -> float | None:
    """The power of B with which an estimator's variance falls, as measured in panel B's view against B."""
    slopes = facts.get("evidence", {}).get("variance_against_draws", {}).get("slopes", {})
    return float(slopes[of][0]) if of in slopes else None


def missing(facts: Facts, of: str) -> float | None:
    """The share of the gradient that an estimator misses on average, as last measured in panel B's gradient histogram."""
    found = facts.get("evidence", {}).get("gradient_histogram", {}).get("missing", {})
    return float(found[of]) if of in found and math.isfinite(found[of]) else None


def fact(facts: Facts, of: str) -> float | None:
    """A number reported by the model's charts, or the ELBO."""
    found = facts.get(of)
    return float(found) if isinstance(found, int | float) else None


def neighbours(facts: Facts, of: str) -> float | None:
    """The share of a data point's nearest neighbours in z with its own label, or batch."""
    return fact(facts, f"own_{of}")


def share(value: float) -> str:
    """A fraction as a percentage."""
    return f"{100 * value:.0f} %"


@dataclass(frozen=True)
class Measure:
    """A number on the screen: how it is read from the facts, which panel shows it, and how it is written, with its unit."""

    read: Callable[..., float | None]
    panel: str
    write: Callable[[float], str]


def _number(pattern: str) -> Callable[[float], str]:
    """A number in a pattern, with a proper minus sign."""
    return lambda value: pattern.format(value).replace("-", "−")


# The numbers that `fact` may use.
FACTS: dict[str, Measure] = {
    "elbo": Measure(fact, "a", _number("{:.1f} nats per data point")),
    "attention": Measure(fact, "c", share),
    "accuracy": Measure(fact, "d", share),
    "band_ratio": Measure(fact, "c", times),
    "test_density": Measure(fact, "d", _number("{:.2f} nats per data point")),
    "scale": Measure(fact, "d", _number("λ̂ = {:.2f}")),
    "relevant": Measure(fact, "d", _number("{:.0f} inputs")),
    "link_error": Measure(fact, "d", _number("{:.1f} mm")),
    "constant_scale": Measure(fact, "d", _number("σ = {:.3f} dm")),
}
MEASURES: dict[str, Measure] = {
    "variance_ratio": Measure(variance_ratio, "b", times),
    "active_dimensions": Measure(active_dimensions, "d", _number("{:.0f} dimensions")),
    "encoders_share": Measure(encoders_share, "a", share),
    "total_divergence": Measure(total_divergence, "d", _number("{:.2f} nats")),
    "power_of_draws": Measure(power_of_draws, "b", _number("variance falls as B to the power {:.2f}")),
    "missing": Measure(missing, "b", share),
    "neighbours": Measure(neighbours, "c", share),
}


def measure_of(task: Task) -> tuple[Measure, dict[str, Any]]:
    """The measure of a task, and its arguments."""
    arguments = {key: value for key, value in task["measure"].items() if key != "name"}
    name = task["measure"]["name"]
    return (FACTS[arguments["of"]] if name not in MEASURES else MEASURES[name]), arguments


def step_of(task: Task) -> int:
    """The step from which the answer counts."""
    return int(task.get("after", AFTER))


def waiting(task: Task, facts: Facts) -> str | None:
    """What a guess is still waiting for, in a sentence; None once the run has measured the answer."""
    after = step_of(task)
    if facts.get("unrun") or facts["state"] in ("example", "starting"):
        return f"Your guess is noted. Press Run: this scene answers at step {after:,}."
    if (number := facts.get("number", 0)) < after:
        last = facts.get("stop_at", after)
        short = f" Raise 'Stop at' to {after:,}: the run ends at step {last:,}." if last < after else ""
        resting = " Press Run to continue." if facts["state"] == "paused" and not short else ""
        return f"Your guess is noted. The run answers at step {after:,}; this is step {number:,}.{short}{resting}"
    measure, arguments = measure_of(task)
    measured = facts.get("variance_at")  # the step of panel B's newest measurement
    early = measure.panel == "b" and measured is not None and measured < after
    if early or measure.read(facts, **arguments) is None:
        return "Your guess is noted. The answer comes with the panel's next measurement, or once it shows what the question refers to."
    return None


def answer(task: Task, guess: int, facts: Facts) -> str:
    """What was measured, whether the guess was right, and why; `waiting` must return None."""
    measure, arguments = measure_of(task)
    value = measure.read(facts, **arguments)
    if value is None:
        raise ValueError(
            f"The run has not measured what the task asks: {task['ask']} Wait until `waiting` returns None."
        )
    right = bisect.bisect_right(task["edges"], value)
    verdict = "Right" if guess == right else f"Not so: {task['choices'][right]}"
    return f"{verdict}. Your run measures {measure.write(value)} at step {facts['number']:,}. {task['why']}"
