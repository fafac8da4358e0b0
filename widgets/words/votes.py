"""Predict mode in words: the room's question about panel B, its votes, and what the run says to them."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from elbo_room.widgets.words.tasks import Facts, Task, measure_of, waiting

NOTED = "Your guess is noted. "


@dataclass(frozen=True)
class Question:
    """What the room is asked; `task` is one of the scene's, or None: which of these estimators is the noisiest."""

    ask: str
    choices: tuple[str, ...]
    names: tuple[str, ...] = ()  # the estimators behind the choices, if there is no task
    task: Task | None = None


def question(tasks: Sequence[Task], shown: Sequence[str], labels: dict[str, str]) -> Question:
    """The scene's first question that panel B answers, else which of the estimators that it shows is the noisiest."""
    for task in tasks:
        if measure_of(task)[0].panel == "b":
            return Question(task["ask"], tuple(task["choices"]), task=task)
    names = [name for name in shown if name in labels]
    return Question(
        "Which estimator has the noisiest gradient here?", tuple(labels[name] for name in names), tuple(names)
    )


def said(asked: Question, votes: Sequence[int]) -> str:
    """What the room said, as in “The room said more than 100× (12 of 20 votes)”."""
    total, most = sum(votes), max(votes, default=0)
    if not total:
        return "Nobody in the room voted."
    first = [choice for choice, count in zip(asked.choices, votes, strict=True) if count == most]
    count = f"{most} of {total} vote{'s' if total > 1 else ''}"
    if len(first) > 1:
        return f"The room was split between {' and '.join(first)} ({count} each)."
    return f"The room said {first[0]} ({count})."


def outcome(asked: Question, votes: Sequence[int], facts: Facts) -> str:
    """What the room said, and what the run says, or what it is still waiting for."""
    words, (choice, says) = said(asked, votes), answer_words(asked, facts)
    if choice is None:
        return f"{words} {says}"
    favourite = votes[choice] and votes[choice] == max(votes)
    verdict = "" if not sum(votes) else " Right." if favourite else f" Not so: {asked.choices[choice]}."
    return f"{words} The run says {says}.{verdict}"


def answer_words(asked: Question, facts: Facts) -> tuple[int | None, str]:
    """The right choice, and “500× at step 600”; or None, and a sentence on what the run is still waiting for."""
    right = answer_of(asked, facts)
    if right is None:
        pending = waiting(asked.task, facts) if asked.task else None
        return None, (pending or "Press Run: the run answers with its first measurement.").removeprefix(NOTED)
    choice, measured = right
    return choice, f"{measured} at step {facts['number']:,}"


def answer_of(asked: Question, facts: Facts) -> tuple[int, str] | None:
    """The right choice and what was measured; None until the run has measured it."""
    if asked.task is not None:
        if waiting(asked.task, facts) is not None:
            return None
        measure, arguments = measure_of(asked.task)
        value = measure.read(facts, **arguments)
        return None if value is None else (bisect.bisect_right(asked.task["edges"], value), measure.write(value))
    variance: dict[str, Any] = {name: band for name, band in facts.get("variance", {}).items() if name in asked.names}
    if facts.get("unrun") or not variance:
        return None
    noisiest = max(variance, key=lambda name: variance[name][0])
    place = asked.names.index(noisiest)
    return place, asked.choices[place]
