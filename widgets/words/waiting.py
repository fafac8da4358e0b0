"""The text of an empty panel: what will be drawn there, and when; or why there is nothing to draw."""

from __future__ import annotations

import math
from typing import Any

from elbo_room.widgets.painting.views import all_views

Facts = dict[str, Any]
NOISELESS = (
    "There is no variance against the step: q is a point mass, so nothing is drawn, and each step uses all data. "
    "Choose 'against data M' for the noise of smaller minibatches, or lower M."
)
NO_RUN = "Press Run: this panel fills from the run's first step on."
STARTING = "The run is starting."
FAILED = "The run stopped before there was anything to draw."


def waiting(view: str, facts: Facts) -> str:
    """The sentence for a chart without any data, in this state of the run."""
    state, declared = facts.get("state"), all_views()[view]
    if not declared.of_run:
        return declared.empty
    if state == "starting":
        return STARTING
    if state == "failed":
        return FAILED
    if state == "example" or not facts.get("started"):
        return NO_RUN
    if declared.study and (found := facts.get("summaries", {}).get(view)):
        return str(found)
    if view == "log_evidence" and facts.get("weighed"):
        return str(facts["weighed"])
    return _measured(view, facts) if declared.panel == "b" else declared.empty


def _measured(view: str, facts: Facts) -> str:
    if view == "variance" and facts.get("noiseless"):
        return NOISELESS
    if reason := facts.get("evidence", {}).get(view, {}).get("reason"):
        return str(reason)
    expected = facts.get("expected", {})
    if expected.get("view") != view:
        return "The first measurement begins at once."
    return f"First measurement in about {max(1, math.ceil(expected['seconds']))} s."
