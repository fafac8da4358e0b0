"""The caption while an earlier step is shown: subject, step, and that step's numbers."""

from __future__ import annotations

from typing import Any

from elbo_room.widgets.words.caption import Headline, fitted, headline
from elbo_room.widgets.words.snapshot import Snapshot

Facts = dict[str, Any]
GOES_ON = ", while training goes on"


def replay_headline(facts: Facts) -> Headline | None:
    """The noise at the step that is shown, or the newest one measured before it."""
    return headline({**facts, **facts.get("replayed", {}), "view": "variance"})


def replay_sentence(facts: Facts) -> str | None:
    """“Replaying step 512 of 2,000: ELBO −98.4 nats, 6 of 8 latent dimensions are active. …”; None where the newest step is shown."""
    shown = facts.get("replayed")
    if not shown:
        return None
    there = facts | shown
    now = Snapshot.of(there)
    known = ", ".join(part for part in (now.elbo_words(), now.active_words()) if part)
    meanwhile = GOES_ON if facts.get("state") == "running" else ""
    step = f"Replaying step {shown['number']:,} of {shown['newest']:,}{meanwhile}"
    kept = f" Replay {shown['kept']}." if shown.get("kept") else ""
    return fitted(f"{step}{': ' if known else ''}{known}.{kept}")
