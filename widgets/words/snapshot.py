"""The numbers of the run on the screen at one moment, and the only place where they become text.

Status line, caption and the summaries of the charts use this text, so that they cannot disagree; the charts and the table
are fed by the same messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elbo_room.models.thresholds import ACTIVE

STATES = {
    "running": "Running",
    "paused": "Paused",
    "finished": "Finished",
    "failed": "Stopped",
    "example": "Example run",
}


def decimals(value: float, digits: int) -> str:
    """A fixed number of digits after the point, thousands apart, a true minus sign and none before a zero."""
    text = f"{value:,.{digits}f}"
    return (text.removeprefix("-") if not float(text.replace(",", "")) else text).replace("-", "−")


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run: its step, the ELBO in nats per data point, and the KL of each latent dimension, (K,) or empty."""

    state: str
    step: int = 0
    stop_at: int = 0
    rate: float = 0.0  # steps per second
    elbo: float | None = None
    divergence: tuple[float, ...] = ()

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Snapshot:
        """The painter's current numbers."""
        return cls(
            facts["state"],
            facts.get("number", 0),
            facts.get("stop_at", 0),
            facts.get("rate") or 0.0,
            None if facts.get("asking") == "a" else facts.get("elbo"),  # a question about panel A covers its answer
            tuple(facts.get("kl") or ()),
        )

    @property
    def collapsed(self) -> list[int]:
        """Which dimensions carry less than `ACTIVE` nats, from 0."""
        return [index for index, value in enumerate(self.divergence) if value < ACTIVE]

    @property
    def active(self) -> int:
        """How many dimensions carry more."""
        return len(self.divergence) - len(self.collapsed)

    def elbo_words(self) -> str:
        """“ELBO −98.4 nats”; empty before the first step."""
        return "" if self.elbo is None else f"ELBO {decimals(self.elbo, 1)} nats"

    def active_words(self) -> str:
        """“6 of 8 latent dimensions are active”; empty if there are none."""
        return f"{self.active} of {len(self.divergence)} latent dimensions are active" if self.divergence else ""

    def collapse_words(self) -> str | None:
        """The warning: which latent dimensions carry no information."""
        if not self.collapsed:
            return None
        names = ", ".join(f"z{index + 1}" for index in self.collapsed)
        return f"{self.active_words()}: {names} collapsed to the prior (KL below {ACTIVE:g} nats)."

    @property
    def progress(self) -> float:
        """The part of the run that is done, from 0 to 1."""
        return min(1.0, self.step / self.stop_at) if self.stop_at and self.state != "starting" else 0.0

    def chips(self) -> dict[str, str]:
        """State, step, speed and ELBO in words; empty where there is nothing to say."""
        if self.state == "starting":  # the numbers still belong to the previous run
            return {"state": "Starting …", "step": "", "rate": "", "elbo": ""}
        return {
            "state": STATES.get(self.state, self.state.capitalize()),
            "step": f"step {self.step:,} of {self.stop_at:,}",
            "rate": f"{self.rate:,.0f} steps/s" if self.state == "running" and self.rate else "",
            "elbo": self.elbo_words(),
        }

    def status(self) -> str:
        """The same as one line."""
        return " · ".join(part for part in self.chips().values() if part)
