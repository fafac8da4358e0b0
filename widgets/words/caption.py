"""The caption: a headline with subject, number and step, and one sentence about the current state; only from the numbers on the screen."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from elbo_room.models.probing.variance import Band, apart
from elbo_room.widgets import theme
from elbo_room.widgets.words.evidence_words import UNBOUNDED, figure, ratio, sentence, times, upper
from elbo_room.widgets.words.snapshot import Snapshot, decimals
from elbo_room.widgets.words.yardsticks import compared

Facts = dict[str, Any]
SETTLED = 100  # steps before which a dimension with little KL counts as not yet started rather than collapsed
ROOM = 110  # characters of a sentence that leaves room for what to do next
LINES = 178  # characters of two lines
NOISE = "Noise is variance: at the same parameters, these gradients have the same mean and differ in how far they scatter around it."
LEARNING = "The ELBO rises as q and the decoder learn; the variance panel fills."


@dataclass(frozen=True)
class Headline:
    """“Score: 859× as noisy as path only (step 157)”, in the colour of its subject's curve."""

    subject: str
    number: str
    rest: str
    series: theme.Series
    lead: str = ""  # the words between subject and number

    def __str__(self) -> str:
        """The whole sentence."""
        return " ".join(part for part in (f"{self.subject}:", self.lead, self.number, self.rest) if part)


def peers(facts: Facts) -> dict[str, Band]:
    """The measured variance of all unbiased estimators of the same gradient, that of the bound in use."""
    parts, variance = facts.get("parts", {}), facts.get("variance", {})
    kind = parts.get(facts["estimator"], {}).get("bound")
    return {
        name: value
        for name, value in variance.items()
        if name not in parts or (parts[name]["unbiased"] and parts[name]["bound"] == kind)
    }


def noise(variance: dict[str, Band], chosen: str, labels: dict[str, str], step: int) -> tuple[str, str, str] | None:
    """Subject, number and the rest of how the estimator in use compares with the best other one, measured at `step`.

    The least noisy one is compared with the noisiest; a difference within the bands is reported as such.
    """
    mine = variance.get(chosen)
    others = {name: value for name, value in variance.items() if name != chosen}
    if not mine or not others:
        return None
    subject, at = upper(labels[chosen]), f"(step {step:,})"
    best = min(others, key=lambda name: others[name][0])
    if not apart(mine, others[best]):
        return subject, times(mine[0] / others[best][0]), f"as noisy as {labels[best]} {at}: no clear difference"
    worst = max(others, key=lambda name: others[name][0])
    loud, calm = (mine, others[best]) if mine[0] > others[best][0] else (others[worst], mine)
    if loud is mine:
        return subject, ratio(loud, calm), f"as noisy as {labels[best]} {at}"
    return subject, ratio(loud, calm), f"less noisy than {labels[worst]} {at}"


def unbounded(variance: dict[str, Band], chosen: str, labels: dict[str, str]) -> str | None:
    """Why the estimator in use, or one that it may be compared with, has no upper end."""
    others = sorted((name for name in variance if name != chosen), key=lambda name: variance[name][0])
    loose = next((name for name in (chosen, *others[:1], *others[-1:]) if not math.isfinite(variance[name][2])), None)
    return loose and f"The variance of {labels[loose]} is open upwards: {UNBOUNDED}."


def headline(facts: Facts) -> Headline | None:
    """The noise of the estimator in use, else the ELBO; nothing before there is a number, or where it would answer an open question."""
    if facts.get("asking") or facts["state"] in ("starting", "failed"):
        return None
    if not facts.get("veiled"):
        if found := figure(facts):
            name, lead, number, rest = found
            return Headline(upper(facts["labels"][name]), number, rest, _look(name, facts), lead)
        if compared_noise := _noise_of(facts):
            return Headline(*compared_noise, _look(facts["estimator"], facts))
    now = Snapshot.of(facts)
    if now.elbo is None:
        return None
    return Headline("ELBO", decimals(now.elbo, 1), f"nats per data point (step {now.step:,})", theme.ELBO[0])


def _look(name: str, facts: Facts) -> theme.Series:
    """How an estimator's curve looks."""
    names = list(facts["parts"])
    return theme.estimators(names)[names.index(name)] if name in names else theme.OF_MINIBATCHES


def _noise_of(facts: Facts) -> tuple[str, str, str] | None:
    """What panel B has last measured of the estimator in use."""
    step, chosen = facts.get("variance_at"), facts["estimator"]
    if step is None or chosen not in facts.get("parts", {}):
        return None
    return noise(peers(facts), chosen, facts["labels"], step)


def weighed(facts: Facts) -> str | None:
    """What is known about log p(x), while panel A shows it."""
    if facts.get("above") != "log_evidence":
        return None
    return (
        facts.get("weighed")
        or "The evidence is being estimated: occasionally while the model trains, at once when it pauses."
    )


def studied(facts: Facts) -> str | None:
    """What a study in sight has found, or how to begin it."""
    found = (facts.get("summaries", {}).get(name) for name in facts.get("studied", ()))
    return next((words for words in found if words), None)


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


def of_recorded_run(facts: Facts) -> str:
    """What the run shows that a scene opens with, and how to make one's own."""
    if facts.get("above") == "log_evidence":
        found = facts.get("weighed") or "The evidence is estimated for your own run only."
    else:
        alarm = facts.get("theory") or Snapshot.of(facts).collapse_words()
        found = compared(facts) or alarm or facts.get("sentence") or ""
    return f"{found} This is a finished run of the scene. Press Run to make your own.".strip()


def _caption(facts: Facts) -> str:
    state = facts["state"]
    if state == "example":
        return of_recorded_run(facts)
    if state == "starting":
        return "The trainer is getting ready; this happens once."
    now = Snapshot.of(facts)
    alarm = now.collapse_words() if now.step >= SETTLED else None
    if alarm and (why := facts.get("cause") or facts.get("sentence")):
        alarm = f"{alarm} {why}"
    alarm = facts.get("theory") or alarm  # a linear decoder, for which the cause is known
    if state in ("running", "paused", "finished") and (evidence := weighed(facts) or studied(facts)):
        return evidence
    measured = None if facts.get("veiled") else _noise_of(facts)
    warning = "ξ from the same draws is biased: the mean itself is off." if facts.get("biased") else ""
    statement = (
        sentence(facts)
        or (compared(facts) and f"{compared(facts)} {facts.get('sentence') or ''}".strip())
        or alarm
        or facts.get("sentence")
        or (measured and (unbounded(peers(facts), facts["estimator"], facts["labels"]) or NOISE))
    )
    if state in ("running", "paused"):
        statement = (facts.get("one_step") if facts.get("stepping") else None) or statement or LEARNING
        return f"{warning} {statement}".strip()
    words = [
        f"Step {now.step:,} reached.",
        warning,
        statement,
        "Raise 'Stop at' to continue, or change a setting and press Run." if len(statement or "") < ROOM else "",
    ]
    return " ".join(word for word in words if word)
