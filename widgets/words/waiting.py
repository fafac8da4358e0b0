"""What an empty panel says: what will be drawn there, and when; or why there is nothing to draw."""

from __future__ import annotations

import math
from typing import Any

from elbo_room.widgets.painting.views import PANEL_OF

Facts = dict[str, Any]
NOISELESS = (
    "There is no variance against the step: q is a point, so nothing is drawn, and each step sees all data. "
    "Choose 'against M' for the noise of smaller minibatches, or lower M."
)
NO_RUN = "Press Run: this panel is filled from the run's first step on."
PRIOR = "Functions drawn from the prior appear here as soon as the settings are read."
STARTING = "The run is starting."
SOON = "The first picture comes with one of the next steps."
WEIGHED = "The evidence is being weighed: after five seconds of training, or at once when the run rests."
FAILED = "The run stopped before there was anything to draw."


def waiting(view: str, facts: Facts) -> str:
    """The sentence for a chart without any data, in this state of the run."""
    state = facts.get("state")
    if view == "prior_predictive":
        return PRIOR
    if state == "starting":
        return STARTING
    if state == "failed":
        return FAILED
    if state == "example" or not facts.get("started"):
        return NO_RUN
    if view == "log_evidence":
        return str(facts.get("weighed") or WEIGHED)
    return _measured(view, facts) if PANEL_OF.get(view) == "b" else SOON


def _measured(view: str, facts: Facts) -> str:
    if view == "variance" and facts.get("noiseless"):
        return NOISELESS
    if reason := facts.get("evidence", {}).get(view, {}).get("reason"):
        return str(reason)
    expected = facts.get("expected", {})
    if expected.get("view") != view:
        return "The first measurement begins at once."
    return f"First measurement in about {max(1, math.ceil(expected['seconds']))} s."
