"""Try this: a scene asks, a person predicts, the run on the screen answers. The right choice is measured, never written down.

A task of a preset is plain data: `ask`, `choices` in rising order, `edges` between them (one fewer), `measure` (a name in `MEASURES`
with its arguments), `after` (the step from which the answer counts) and `why`.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from typing import Any

Facts = dict[str, Any]
Task = dict[str, Any]


def variance_ratio(facts: Facts, of: str, to: str) -> float | None:
    """Variance of one estimator's gradient over another's, as panel B last measured them at the same parameters."""
    variance = facts.get("variance", {})
    if of not in variance or to not in variance or not variance[to][0]:
        return None
    return float(variance[of][0] / variance[to][0])


def active_dimensions(facts: Facts) -> float | None:
    """Latent dimensions whose KL is above the threshold."""
    divergence = facts.get("kl")
    return float(sum(value >= facts["threshold"] for value in divergence)) if divergence else None


def encoders_share(facts: Facts) -> float | None:
    """Of the distance from the ELBO to log p(x), the part that is the encoder's, as panel A last weighed it."""
    gaps = facts.get("gaps")
    return gaps[0] / max(sum(gaps), 1e-9) if gaps else None


def total_divergence(facts: Facts) -> float | None:
    """KL of q from the prior over all latent dimensions, nats per datum."""
    return float(sum(facts["kl"])) if facts.get("kl") else None


def power_of_draws(facts: Facts, of: str) -> float | None:
    """The power of B at which an estimator's variance falls, as panel B's view against B has measured it."""
    slopes = facts.get("evidence", {}).get("variance_against_draws", {}).get("slopes", {})
    return float(slopes[of][0]) if of in slopes else None


def fact(facts: Facts, of: str) -> float | None:
    """A number that the model's pictures report, or the ELBO."""
    found = facts.get(of)
    return float(found) if isinstance(found, int | float) else None


def neighbours(facts: Facts, of: str) -> float | None:
    """Of a datum's nearest neighbours in z, the share that has its own label, or batch."""
    return fact(facts, f"own_{of}")


MEASURES: dict[str, Callable[..., float | None]] = {
    "variance_ratio": variance_ratio,
    "active_dimensions": active_dimensions,
    "encoders_share": encoders_share,
    "total_divergence": total_divergence,
    "power_of_draws": power_of_draws,
    "fact": fact,
    "neighbours": neighbours,
}


def answer(task: Task, guess: int | None, facts: Facts) -> str:
    """The sentence for a guess: what is missing, or what was measured, whether the guess held, and why."""
    if guess is None:
        return "Choose what you expect first; then press Run and check."
    after = task.get("after", 300)
    another = facts["state"] in ("example", "starting") or facts.get(
        "unrun"
    )  # what is measured is not of these settings
    if another or facts.get("number", 0) < after:
        return f"Your guess is noted. Run this scene to step {after} or beyond: the answer comes here."
    arguments = {key: value for key, value in task["measure"].items() if key != "name"}
    value = MEASURES[task["measure"]["name"]](facts, **arguments)
    if value is None:
        return "This run has not measured it yet: wait for the panel, or choose what the question names."
    right = bisect.bisect_right(task["edges"], value)
    verdict = "Right" if guess == right else f"Not so: {task['choices'][right]}"
    return f"{verdict}. Your run says {value:.3g}. {task['why']}"
