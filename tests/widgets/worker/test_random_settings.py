"""Random valid settings on the real worker: a run with charts and panel B, or one sentence; all 450 are `bench settings`."""

import json

import pytest

from elbo_room.models.catalogue import knobs
from elbo_room.models.registry import MODELS
from elbo_room.models.settings import validate
from tests.random_runs import MEMORY, RAW, not_finite, runnable
from tests.random_settings import random_settings

COUNT = 40
MOST_SEEDS = 10_000


@pytest.mark.slow
def test_random_settings_run_or_say_why_not() -> None:
    """Five steps of 40 settings in processes that stay warm: no exception, no NaN, no step over 3 s of CPU, no more than 2 GB."""
    found = [each for model in MODELS for each in runnable(model, 0, -(-COUNT // len(MODELS)))]
    failed = [json.dumps({**came, **each}) for each, came in found if came["faults"]]
    assert not failed, "\n".join(failed)
    assert sum(came["ended"] == "finished" for _, came in found) > COUNT / 2, "a run that diverges has little to show"
    assert max(came["memory"] for _, came in found) < MEMORY


@pytest.mark.parametrize("model", MODELS)
def test_they_are_valid_and_use_every_choice(model: str) -> None:
    """Every choice that can be made at all is drawn sooner or later, valid, and the same seed draws the same again."""
    own = knobs(model)
    drawn = [random_settings(model, seed) for seed in range(300)]
    assert all(validate(own, each) == each for each in drawn)
    assert random_settings(model, 7) == drawn[7]
    for knob in own:
        if knob["kind"] == "choice" and knob["name"] != "model":
            possible = {each["name"] for each in knob["choices"] if not each["unavailable"]}
            rest = (random_settings(model, seed)[knob["name"]] for seed in range(len(drawn), MOST_SEEDS))
            seen = {each[knob["name"]] for each in drawn}
            while (
                seen < possible and (further := next(rest, None)) is not None
            ):  # a choice with many conditions is rare
                seen.add(further)
            assert seen == possible, knob["name"]


def test_what_is_no_sentence_for_people_is_seen() -> None:
    """The checks can fail: a type, a raw name and a number that is none are found."""
    assert RAW.search("The worker failed (RuntimeError: shapes)")
    assert RAW.search("Choose a value for batch_size.")
    assert not RAW.search("Choose a minibatch M ≤ 40, or Run(settings, elbo_room.models.features.for_response(run)).")
    assert list(not_finite({"points": [1.0, float("nan")], "facts": {"gap": float("inf")}})) == [
        "/points/1",
        "/facts/gap",
    ]
