"""When panel B measures, how much, and what it does with the result: decisions without clocks."""

import math

import numpy as np
import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.inference.parameters import listed
from elbo_room.models.inference.size import Trace
from elbo_room.models.probing.variance import Variance
from elbo_room.models.training.run import Run
from elbo_room.widgets.painting.measured import Measured
from elbo_room.widgets.painting.views import views_of
from elbo_room.widgets.wire.history import History
from elbo_room.widgets.words.evidence_words import dated
from elbo_room.widgets.words.waiting import waiting
from elbo_room.widgets.worker.measuring import cores
from elbo_room.widgets.worker.measuring.cores import Pressure
from elbo_room.widgets.worker.measuring.effort import LEAST, Effort
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.schedule import FEWEST, LATEST, LONGEST, OWN, SHARED, SOONEST, Schedule
from elbo_room.widgets.worker.measuring.selection import FIRST, KEPT, Selection
from tests.random_runs import not_finite


def simulated(
    schedule: Schedule, duration: float, cost: float, *, steps: int = 2000, waits: float = 0.0
) -> list[float]:
    """When measurements begin that take `cost` seconds of CPU each, and wait for it so long, in a run of this duration."""
    begun, now = [], 0.0
    while now < duration:
        step = int(steps * now / duration)
        if schedule.due(now, step, duration):
            schedule.begin(now, step)
            begun.append(now)
            now += cost + waits
            schedule.end(cost)
        now += 1e-3
    return begun


def test_the_first_measurement_and_each_after_a_change_are_due_at_once():
    schedule = Schedule()
    assert schedule.due(0.0, 0, None)
    schedule.begin(0.0, 0)
    schedule.end(0.2)
    assert not schedule.due(0.201, 5, 20.0)
    schedule.change()
    assert schedule.due(0.201, 5, 20.0)
    assert schedule.due(0.201, 0, 20.0), "of the same step too: something else is shown"


def test_a_step_is_not_measured_twice_unless_something_changes():
    schedule = Schedule()
    schedule.begin(0.0, 7)
    schedule.end(0.1)
    assert not schedule.due(1e6, 7, 20.0)
    assert schedule.due(1e6, 8, 20.0)


@pytest.mark.parametrize(("duration", "cost"), [(20.0, 0.04), (4.0, 0.02), (15.0, 0.2), (600.0, 0.9)])
def test_points_are_many_and_even_on_a_core_of_their_own(duration, cost):
    schedule = Schedule()
    schedule.share = OWN
    begun = simulated(schedule, duration, cost)
    gaps = np.diff([*begun, duration])
    assert len(begun) >= FEWEST
    assert gaps.max() < 1.2 * max(duration / 100, SOONEST, cost / OWN) + 0.01
    assert gaps.max() <= max(LATEST, cost / OWN) + 0.01


def test_one_core_is_shared_by_at_most_fifteen_percent():
    schedule = Schedule()
    schedule.share = SHARED
    begun = simulated(schedule, 60.0, 0.3)
    assert 0.3 * len(begun) <= 0.15 * 60 + 0.3
    assert 0.3 * len(begun) >= 0.14 * 60


def test_time_that_a_measurement_waits_for_a_core_is_no_time_that_it_takes():
    """At 15 % one that takes .06 s of CPU begins every .4 s, whether or not it waits .3 s of them for a core."""
    schedule = Schedule()
    schedule.share = SHARED
    gaps = np.diff(simulated(schedule, 30.0, 0.06, waits=0.3))
    assert gaps.max() < 0.06 / SHARED + 0.01


@pytest.mark.parametrize("share", [OWN, SHARED])
def test_a_measurement_within_its_budget_leaves_room_for_thirty(share):
    for duration in (8.0, 20.0, 60.0):
        schedule = Schedule()
        schedule.share = share
        assert len(simulated(schedule, duration, schedule.budget(duration))) >= FEWEST
    assert schedule.budget(1e9) == LONGEST


def test_replicates_follow_from_what_they_took():
    effort = Effort()
    assert not effort.knows(4)
    effort.note("score", 4, 8, 0.08)
    assert effort.knows(4)
    assert not effort.knows(8)
    assert effort.replicates(("score",), 4, 32, 0.2) == 20
    assert effort.replicates(("score", "path_only"), 4, 32, 0.2) == 10, "one that is unknown counts as the slowest"
    assert effort.replicates(("score",), 4, 32, 10.0) == 32
    assert effort.replicates(("score",), 4, 32, 1e-6) == LEAST


def test_replicates_that_only_told_the_time_are_not_made_again(monkeypatch):
    """Where a few are all that the budget allows: of a large network with many draws they take three seconds."""
    run, made, one = Run(Settings(data="pinwheel", width=8, depth=1)), [], Probing._one
    monkeypatch.setattr(Probing, "_one", lambda probing, name, *rest: made.append(name) or one(probing, name, *rest))
    probing, chosen = Probing(run), tuple(listed(run.model))
    probing.start(Request(0, run.settings, "variance", FIRST, chosen[0], chosen, fine=False, budget=1e-9))
    while probing.work is not None:
        probing.slice()
    assert made == list(FIRST)
    assert {report.replicates for report in probing.latest} == {LEAST}


@pytest.mark.parametrize("posterior", ["mean_field", "point"])
@pytest.mark.parametrize("view", views_of("conditional")["b"])
def test_after_an_overflow_every_view_has_a_reason_and_no_number_that_is_none(view, posterior):
    """The parameters are no numbers any more: a view is either empty with a reason, or draws finite numbers."""
    settings = {"model": "conditional", "posterior": posterior, "width": 3, "depth": 1, "batch_size": 16}
    run = Run(settings_from(settings))
    with torch.no_grad():
        for parameter in run.parameters.values():
            parameter.fill_(math.nan)
    probing, chosen = Probing(run), tuple(listed(run.model))
    probing.start(Request(0, run.settings, view, FIRST, chosen[0], chosen, fine=False, budget=0.2))
    messages = []
    while probing.work is not None:
        messages += [message] if (message := probing.slice()) else []
    assert messages
    assert not [place for each in messages for place in not_finite(vars(each), open_upwards=True)]
    assert not any(len(each.rows) for each in messages if hasattr(each, "rows"))
    if view != "variance":
        assert messages[-1].found.get("reason") or messages[-1].found.get("slopes") == {}


@pytest.mark.parametrize("view", views_of("conditional")["b"])
def test_a_singular_covariance_is_told_in_panel_b(view):
    """ρ has fallen so far below W that 1 + W exp(−2ρ) Wᵀ has no Cholesky factor: the reason stands in the panel."""
    run = Run(
        settings_from({"model": "conditional", "posterior": "low_rank", "width": 3, "depth": 1, "batch_size": 16})
    )
    with torch.no_grad():
        for parameter in run.q.parameters():
            parameter[..., 1, :], parameter[..., 2:, :] = -40.0, 1.0
    probing, chosen = Probing(run), tuple(listed(run.model))
    probing.start(Request(0, run.settings, view, FIRST, chosen[0], chosen, fine=False, budget=0.2))
    messages = []
    while probing.work is not None:
        messages += [message] if (message := probing.slice()) else []
    assert messages[-1].found["reason"].startswith("The covariance of q is numerically singular")


def test_training_that_gets_less_than_its_core_is_pressed():
    pressure = Pressure()
    for _ in range(100):
        pressure.note(0.011, 0.0105)
    assert not pressure.pressed
    for _ in range(200):
        pressure.note(0.02, 0.011)
    assert pressure.pressed
    for _ in range(200):
        pressure.note(0.01, 0.01)
    assert not pressure.pressed


@pytest.mark.parametrize(
    ("quota", "expected"), [("150000 100000", 1.5), ("max 100000", float("inf")), ("", float("inf"))]
)
def test_the_control_group_limits_the_cores(tmp_path, monkeypatch, quota, expected):
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    monkeypatch.setattr(cores, "QUOTA", file)
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert cores.cores() == min(expected, 64)


def test_a_step_that_is_measured_again_has_one_value_the_newer_one():
    """In what is kept of all parameters, in what is sent again to a page, and in what the caption compares."""
    selection = Selection(Run(Settings(data="pinwheel", width=8, depth=1)))
    pairs = [Variance(2.0, 0.1, 1.8, 2.2)] * len(selection.choices)
    newer = [Variance(3.0, 0.1, 2.8, 3.2)] * len(selection.choices)
    assert not selection.keep([(10, 0, pairs), (20, 0, pairs)])
    assert selection.keep([(20, 0, newer)])
    assert [row[:2] for row in selection.past()] == [(10, 2.0), (20, 3.0)]
    history = History(("step", "value", "low", "high", "series"), "series", "step", "value")
    for step, value, series in ((10, 2, 0), (10, 5, 1), (20, 2, 0), (20, 5, 1), (20, 3, 0)):
        history.push(np.asarray([[step, value, 1, 9, series]], np.float32))
    assert history.table()[:, [0, 1, 4]].tolist() == [[10, 2, 0], [20, 3, 0], [10, 5, 1], [20, 5, 1]]
    measured = Measured(("score", "path_only"))
    for value, series in ((8.0, 0), (4.0, 1), (6.0, 0)):
        measured.take(np.asarray([[20, value, value - 1, value + 1, series]], np.float32), {"score", "path_only"})
    assert measured.facts("paused") == {
        "variance": {"score": (6.0, 5.0, 7.0), "path_only": (4.0, 3.0, 5.0)},
        "variance_at": 20,
    }


def test_old_steps_are_thinned_evenly():
    selection = Selection(Run(Settings(data="pinwheel", width=8, depth=1)))
    for step in range(KEPT + 1):
        selection.keep([(step, 0, [])])
    steps = sorted(step for step, _ in selection.kept)
    assert len(steps) == KEPT // 2 + 1
    assert set(np.diff(steps)) == {2}


def test_what_was_measured_at_an_earlier_step_is_told_in_the_past():
    assert (
        dated("The variance falls as B to the power −1.", 1100)
        == "At step 1,100: the variance fell as B to the power −1."
    )
    assert dated("The variance falls.", None) == "The variance falls."


def test_an_empty_panel_says_what_comes_and_when_or_why_nothing_does():
    running = {"state": "running", "started": True}
    assert waiting("variance", {"state": "paused"}).startswith("Press Run")
    assert (
        waiting("variance", running | {"expected": {"view": "variance", "seconds": 3.2}})
        == "First measurement in about 4 s."
    )
    assert "begins at once" in waiting("xi_parabola", running | {"expected": {"view": "variance", "seconds": 3.2}})
    assert waiting("xi_parabola", running | {"evidence": {"xi_parabola": {"reason": "No score."}}}) == "No score."
    assert "q is a point" in waiting("variance", running | {"noiseless": True})
    assert "next steps" in waiting("kl", running)


def test_a_measurement_of_a_model_with_many_components_keeps_its_memory_small():
    """Every z is compared with each component of its prior: 300 of them once held 290 MB at M = 256."""
    run = Run(Settings(data="pinwheel", width=8, depth=1, latent_prior="mixture", components=300))
    probing, chosen = Probing(run), tuple(listed(run.model))
    probing.start(
        Request(0, run.settings, "variance_against_rows", ("score",), chosen[0], chosen, fine=False, budget=1.0)
    )
    with Trace() as trace:
        probing._one("score", 4, 64, 256, 0)
    assert max(trace.steps) < 200e6
