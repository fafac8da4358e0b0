"""The caption: one sentence about the current state, computed only from the numbers on the screen."""

from __future__ import annotations

import math
import re
from typing import Any

from elbo_room.models.probing.variance import Band, apart
from elbo_room.widgets.words.evidence_words import UNBOUNDED, dated, earlier, ratio, sentence
from elbo_room.widgets.words.snapshot import Snapshot
from elbo_room.widgets.words.yardsticks import compared

Facts = dict[str, Any]
SETTLED = 100  # steps before which a dimension with little KL counts as not yet started rather than collapsed
ROOM = 110  # characters of a sentence that leaves room for what to do next
LINES = 178  # characters of two lines


def peers(facts: Facts) -> dict[str, Band]:
    """The measured variance of all unbiased estimators of the same gradient, that of the bound in use."""
    parts, variance = facts.get("parts", {}), facts.get("variance", {})
    kind = parts.get(facts["estimator"], {}).get("bound")
    return {
        name: value
        for name, value in variance.items()
        if name not in parts or (parts[name]["unbiased"] and parts[name]["bound"] == kind)
    }


def ratio_sentence(
    variance: dict[str, Band], chosen: str, labels: dict[str, str], measured: int | None = None
) -> str | None:
    """How the estimator in use compares with the best other one; a difference within the noise is reported as such.

    `measured` is the step of the measurement, if it is not the one on the screen.
    """
    mine = variance.get(chosen)
    others = {name: value for name, value in variance.items() if name != chosen}
    if not mine or not others:
        return None
    best = min(others, key=lambda name: others[name][0])
    if not apart(mine, others[best]):
        same = f"the gradient of {labels[chosen]} is as noisy as that of {labels[best]}: the difference is within the bands"
        loose = next((name for name in (chosen, best) if not math.isfinite(variance[name][2])), None)
        return dated(
            f"{same}." if loose is None else f"{same}, but that of {labels[loose]} is open upwards: {UNBOUNDED}.",
            measured,
        )
    worst = max(others, key=lambda name: others[name][0])
    loud, calm = (mine, others[best]) if mine[0] > others[best][0] else (others[worst], mine)
    known = "" if math.isfinite(loud[2]) else f": {UNBOUNDED}"
    if loud is mine:
        return dated(f"same gradient on average, {ratio(loud, calm)} the variance of {labels[best]}{known}.", measured)
    least = f"{labels[chosen]} has the least noise here"
    return dated(f"{least}: {labels[worst]} has {ratio(loud, calm)} its variance{known}.", measured)


def weighed(facts: Facts) -> str | None:
    """What is known about log p(x), while panel A shows it."""
    if facts.get("above") != "log_evidence":
        return None
    return (
        facts.get("weighed")
        or "The evidence is being estimated: occasionally while the model trains, at once when it pauses."
    )


def fitted(words: str, most: int = LINES) -> str:
    """The first sentences and parts of sentences, as many as fit in two lines; at least one."""
    kept, *others = re.split(r"(?<=[.;]) ", words)
    for other in others:
        if len(kept) + 1 + len(other) > most:
            return f"{kept[:-1]}."
        kept = f"{kept} {other}"
    return kept


ASKING = "Try this has a question: the panel with the answer is covered until you have made your guess."


def caption(facts: Facts) -> str:
    """The sentence for this state: the most important statement that applies. It does not answer an open question."""
    return ASKING if facts.get("asking") else fitted(_caption(facts))


def _caption(facts: Facts) -> str:
    state = facts["state"]
    if state == "example" and facts.get("above") == "log_evidence":
        return "The evidence is estimated for your own model only: press Run. The example's parameters were not kept."
    if state == "example":
        return "A finished example run. Press Run to train your own, or move the pointer over the latent space to decode it."
    if state == "starting":
        return "The trainer is getting ready; this happens once."
    now = Snapshot.of(facts)
    alarm = now.collapse_words() if now.step >= SETTLED else None
    if alarm and (why := facts.get("cause") or facts.get("sentence")):
        alarm = f"{alarm} {why}"
    alarm = facts.get("theory") or alarm  # a linear decoder, for which the cause is known
    if state in ("running", "paused", "finished") and (evidence := weighed(facts)):
        return evidence
    veiled = facts.get("veiled")  # panel B is covered until the audience has predicted
    compare = (
        None
        if veiled
        else ratio_sentence(peers(facts), facts["estimator"], facts["labels"], earlier(facts, facts.get("variance_at")))
    )
    warning = "ξ from the same draws is biased: the mean itself is off." if facts.get("biased") else ""
    statement = (
        sentence(facts)
        or (compared(facts) and f"{compared(facts)} {facts.get('sentence') or ''}".strip())
        or alarm
        or facts.get("sentence")
        or compare
    )
    if state in ("running", "paused"):
        statement = (
            (facts.get("one_step") if facts.get("stepping") else None)
            or statement
            or "The ELBO rises as q and the decoder learn; panel B fills with the variance of the gradient."
        )
        return f"{warning} {statement}".strip()
    words = [
        f"Step {now.step:,} reached.",
        warning,
        statement,
        "Raise 'Stop at' to continue, or change a setting and press Run." if len(statement or "") < ROOM else "",
    ]
    return " ".join(word for word in words if word)
