"""Panel B in words: its title, and one sentence about what its view shows, with its uncertainty."""

from __future__ import annotations

import math
import re
from typing import Any

from elbo_room.models.probing.variance import LEAST, Band, apart
from elbo_room.widgets import built_assets
from elbo_room.widgets.theme import MINIBATCH

Facts = dict[str, Any]
Pair = tuple[float, float]  # a value and its standard error
UNBOUNDED = "so few replicates cannot bound it above"


def heading(view: str, facts: Facts, noise: str) -> str:
    """The title of a view, with the parameter of a histogram, and the kind of noise if it is not the default."""
    label = facts.get("evidence", {}).get(view, {}).get("label")
    if view == "variance" and facts.get("noiseless"):
        return "No variance: q is a point mass"
    return " · ".join(part for part in (built_assets.title(view), label, noise) if part)


def times(ratio: float) -> str:
    """A ratio in words."""
    return f"{ratio:.1f}×" if ratio < 10 else f"{ratio:,.0f}×"


def ratio(more: Band, less: Band) -> str:
    """How many times one variance is another; if the first cannot be bounded above, how many times at least."""
    if math.isfinite(more[2]):
        return times(more[0] / max(less[0], LEAST))
    return f"at least {times(max(1.0, more[1] / max(less[0], LEAST)))}"


def upper(words: str) -> str:
    """Capitalise the first letter."""
    return words[:1].upper() + words[1:]


# The verbs of these sentences: measurements at an earlier step are reported in the past tense.
PAST = {
    "is": "was", "are": "were", "has": "had", "falls": "fell", "goes": "went", "meets": "met", "spreads": "spread",
    "takes": "took", "needs": "needed",
}  # fmt: skip


def earlier(facts: Facts, measured: int | None) -> int | None:
    """The step of a measurement, if it is not the one on the screen."""
    return None if measured == facts.get("number") else measured


def dated(words: str, step: int | None) -> str:
    """A sentence about a measurement; for an earlier step in the past tense, and with that step."""
    if step is None:
        return upper(words)
    past = re.sub(r"\b(?:" + "|".join(PAST) + r")\b", lambda verb: PAST[verb[0]], words)
    past = past if past[1:2].isupper() else past[:1].lower() + past[1:]
    return f"At step {step:,}: {past.replace(' here:', ':')}"


def short(value: float) -> str:
    """Three digits and a true minus sign."""
    return f"{value:.3g}".replace("-", "−")


def sentence(facts: Facts) -> str | None:
    """The sentence for the view on the screen; None for the view against the step, which the caption covers itself."""
    evidence = facts.get("evidence", {}).get(facts.get("view"))
    if evidence is None:
        return None
    if evidence.get("reason"):
        return str(evidence["reason"])
    speak = {
        "variance_against_draws": _slopes,
        "variance_against_rows": _row_slopes,
        "gradient_histogram": _histogram,
        "xi_parabola": _parabola,
        "variance_cost": _costs,
    }[evidence["view"]]
    words = speak(evidence, facts["labels"], facts)
    return words and dated(words, earlier(facts, evidence.get("step")))


# subject's name, what leads to the number, the number, what follows it
Figure = tuple[str, str, str, str]


def figure(facts: Facts) -> Figure | None:
    """The one number of the view on the screen, for the headline; None for the view against the step."""
    evidence = facts.get("evidence", {}).get(facts.get("view"))
    if not evidence or evidence.get("reason"):
        return None
    find = {
        "variance_against_draws": lambda: _power(evidence, facts, "variance falls as B to the power"),
        "variance_against_rows": lambda: _power(evidence, facts, "variance goes as M to the power"),
        "gradient_histogram": lambda: _spread(evidence, facts),
        "xi_parabola": lambda: _removed(evidence),
        "variance_cost": lambda: _dearest(evidence, facts),
    }[evidence["view"]]
    found = find()
    return found and (*found[:3], f"{found[3]} (step {evidence.get('step', facts.get('number', 0)):,})".strip())


def _power(evidence: Facts, facts: Facts, lead: str) -> Figure | None:
    found: dict[str, Pair] = evidence["slopes"]
    chosen = facts["estimator"] if facts["estimator"] in found else next(iter(found), None)
    if chosen is None or facts["estimator"] in evidence.get("open", ()):
        return None
    slope, error = found[chosen]
    return chosen, lead, f"{short(slope)} ± {2 * error:.1g}", ""


def _spread(evidence: Facts, facts: Facts) -> Figure | None:
    found = {name: spread for name, (_, _, spread) in evidence["found"].items()}
    if len(found) < 2:
        return None
    calm, loud = min(found, key=lambda name: found[name]), max(found, key=lambda name: found[name])
    return loud, "spreads", times(found[loud] / max(found[calm], 1e-30)), f"as wide as {facts['labels'][calm]}"


def _removed(evidence: Facts) -> Figure:
    return "score_xi", "ξ* removes", f"{100 * evidence['rho_squared']:.1f} %", "of the variance of score"


def _dearest(evidence: Facts, facts: Facts) -> Figure | None:
    found: dict[str, list[Band]] = evidence["found"]
    if len(found) < 2:
        return None
    best, worst = min(found, key=lambda name: found[name][0]), max(found, key=lambda name: found[name][0])
    if not apart(found[worst][0], found[best][0]):
        return None
    more = ratio(found[worst][0], found[best][0])
    return worst, "needs", more, f"the evaluations of {facts['labels'][best]} for the same noise"


def _slopes(evidence: Facts, labels: dict[str, str], facts: Facts) -> str | None:
    found: dict[str, Pair] = evidence["slopes"]
    if facts["estimator"] in evidence.get("open", ()):
        return f"The variance of {labels[facts['estimator']]} is open upwards: {UNBOUNDED}, so its power of B is not known."
    chosen = facts["estimator"] if facts["estimator"] in found else next(iter(found), None)
    if chosen is None:
        return None
    slope, error = found[chosen]
    start = f"The variance of {labels[chosen]} falls as B to the power {short(slope)} ± {2 * error:.1g}"
    if abs(slope + 1) < 2 * error:
        return f"{start}: −1 within its noise, as independent draws must."
    steeper = "faster than independent draws" if slope < -1 else "more slowly than independent draws"
    return f"{start}: {steeper}, whose power is −1."


def _row_slopes(evidence: Facts, labels: dict[str, str], facts: Facts) -> str | None:
    found: dict[str, Pair] = evidence["slopes"]
    if facts["estimator"] in evidence.get("open", ()):
        return f"The variance of {labels[facts['estimator']]} is open upwards: {UNBOUNDED}, so its power of M is not known."
    chosen = facts["estimator"] if facts["estimator"] in found else next(iter(found), None)
    if chosen is None:
        return None
    slope, error = found[chosen]
    start = f"The variance of {labels[chosen]} goes as M to the power {short(slope)} ± {2 * error:.1g}"
    if chosen == MINIBATCH:
        return f"{start}; of data points drawn without replacement it is as (1 − M/N)/M."
    if abs(slope) < max(2 * error, 0.1):
        return f"{start}: each ν depends on its own data point only."
    if slope > 0:
        return f"{start}: each score multiplies the terms of all data points. Rao-Blackwellise per data point."
    if abs(slope + 1) < max(2 * error, 0.05):
        return f"{start}: the noise averages out over the data."
    return f"{start}, not −1: the noise that data points share does not average out."


def _histogram(evidence: Facts, labels: dict[str, str], facts: Facts) -> str | None:
    found = evidence["found"]
    center, center_error = evidence["reference"]
    parts = facts.get("parts", {})
    fair = {name: each for name, each in found.items() if parts.get(name, {}).get("bound", "elbo") == "elbo"}
    off = {
        name: abs(mean - center) / max((error**2 + center_error**2) ** 0.5, 1e-30)
        for name, (mean, error, _) in fair.items()
    }
    if not off:
        return None
    worst = max(off, key=lambda name: off[name])
    if off[worst] >= 4:
        mean, _, spread = fair[worst]
        return (
            f"{upper(labels[worst])} is off by {short(mean - center)}, {off[worst]:.0f} standard errors of this many replicates: "
            f"biased, {times(abs(mean - center) / max(spread, 1e-30))} its own spread."
        )
    calm, loud = (pick(fair, key=lambda name: fair[name][2]) for pick in (min, max))
    return (
        f"One mean, many spreads: every row agrees with the long run {short(center)} ± {2 * center_error:.1g} within its error; "
        f"{labels[loud]} spreads {times(fair[loud][2] / max(fair[calm][2], 1e-30))} as wide as {labels[calm]}."
    )


def _parabola(evidence: Facts, labels: dict[str, str], facts: Facts) -> str:
    del labels, facts
    best, error = evidence["best"]
    words = f"ξ* = {short(best)} ± {2 * error:.1g} removes ρ² = {100 * evidence['rho_squared']:.1f} % of the score's variance"
    if evidence["xi"] is None:
        return f"{words}; drag the ring to fix ξ elsewhere: the mean stays the same for any ξ."
    if not apart(evidence["at_xi"], evidence["least"]):
        return f"{words}; at ξ = {short(evidence['xi'])}, score with ξ has that least variance within the band."
    more = ratio(evidence["at_xi"], evidence["least"])
    return f"{words}; at ξ = {short(evidence['xi'])}, score with ξ has {more} the least. The mean stays the same."


def _costs(evidence: Facts, labels: dict[str, str], facts: Facts) -> str | None:
    del facts
    found: dict[str, list[Band]] = evidence["found"]
    if len(found) < 2:
        return None
    words = []
    for unit, name in enumerate(("evaluation", "second")):
        order = sorted(found, key=lambda each: found[each][unit][0])
        first, second = (found[each][unit] for each in order[:2])
        if apart(first, second):
            words.append(
                f"per {name} {labels[order[0]]} is best, {labels[order[1]]} needs {ratio(second, first)} as many"
            )
        else:
            words.append(f"per {name} {labels[order[0]]} and {labels[order[1]]} are equal within the bands")
    return upper(f"{words[0]}; {words[1]}.")
