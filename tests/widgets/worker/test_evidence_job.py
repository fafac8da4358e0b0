"""The view of log p(x): estimated on copies, within its share of the time, and drawn correctly."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from elbo_room.models.conditional.settings import Settings as Conditional
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics.evidence.log_weights import log_weights
from elbo_room.models.diagnostics.evidence.overview import Effort, weigh
from elbo_room.models.probing.probe import frozen
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Evidence, Frame, Start, State, Watch
from elbo_room.widgets.theme import EVIDENCE
from elbo_room.widgets.words.tasks import encoders_share
from elbo_room.widgets.worker import trainer
from elbo_room.widgets.worker.evidence_job import EVERY, SHARE, EvidenceJob
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.evidence import APART, CHART, EXACT, WORDS, picture, spread_out
from elbo_room.widgets.worker.pictures.principal import EXACT as EXACT_LINE
from tests.widgets.worker.test_worker import SMALL, Driver

EFFORT = Effort(rows=20, draws=64, steps=10, chains=2, temperatures=5, simulated=4)


def small(**settings: object) -> Run:
    return Run(Settings(**({"data": "pinwheel", "width": 8, "latent_size": 1, "stop_at": 5} | settings)))  # type: ignore[arg-type]


def finished(job: EvidenceJob) -> list[dict[str, object]]:
    messages = []
    while job.work is not None:
        if message := job.slice():
            messages.append(message)
    return messages


def test_an_evidence_job_leaves_the_run_as_it_was() -> None:
    """Bit for bit: the steps after it are those of a run that nobody looked at; and it is of the step at which it began."""
    watched, alone = small(), small()
    next(watched), next(alone)
    job = EvidenceJob(watched, EFFORT)
    job.start()
    job.slice()
    assert [step.elbo for step in watched] == [step.elbo for step in alone]  # it trains on meanwhile
    messages = finished(job)
    assert len(messages) >= 5
    again = small()
    next(again)
    other = EvidenceJob(again, EFFORT)
    other.start()
    assert finished(other)[-1]["facts"] == messages[-1]["facts"]


def test_it_comes_only_when_someone_looks_and_keeps_its_share() -> None:
    job, now = EvidenceJob(small()), 100.0
    assert not job.due(frozenset({"elbo"}), now, running=False)
    conditional = EvidenceJob(Run(Conditional(width=4, depth=1)))
    assert not conditional.due(frozenset({CHART}), now, running=False)
    assert job.due(frozenset({CHART}), now, running=False)
    job.start()
    assert not job.due(frozenset({CHART}), now, running=False)
    job.spent, job.began = 1.0, now
    assert job.may(now, running=False)
    assert not job.may(now + 0.9 / SHARE, running=True)
    assert job.may(now + 1.1 / SHARE, running=True)
    job.run.number += 1
    assert job.stale(running=False)
    assert not job.stale(running=True)
    job.run.number -= 1
    job.work, job.ended = None, now
    assert not job.due(frozenset({CHART}), now, running=False)  # the same step
    job.run.number += 1
    assert not job.due(frozenset({CHART}), now + 0.9 * EVERY, running=True)
    assert job.due(frozenset({CHART}), now + 1.1 * EVERY, running=True)


def test_the_picture_is_what_was_found() -> None:
    run = small(depth=0)
    list(run)
    found = weigh(run.model, run.q, run.data, torch.Generator().manual_seed(0), EFFORT)
    shown, found = picture(found), found.of_all_rows()
    curve, levels, gaps = (shown["replace"][CHART][name] for name in ("curve", "levels", "gaps"))
    assert found.curve is not None
    assert found.gap is not None
    assert found.known is not None
    assert curve["draws"].tolist() == list(found.curve.draws)
    assert abs(curve["value"][0] - found.curve.elbo.value) < 1e-4
    assert abs(levels["value"][list(levels["series"]).index(3)] - found.known) < 1e-4
    assert abs((gaps["high"] - gaps["low"]).sum() - (found.known - found.curve.elbo.value)) < 1e-3
    assert "(exact)" in shown["facts"]["weighed"]
    assert len(WORDS) == len(EVIDENCE)


def test_there_is_one_exact_log_p_of_a_linear_decoder() -> None:
    """That of all training rows: panel A's line, both captions and the view of the evidence, which weighs a few rows only."""
    run = Run(Settings(depth=0, latent_size=8, step_size=0.02, held_out=0.2, stop_at=60))
    list(run)
    found = weigh(run.model, run.q, run.data, torch.Generator().manual_seed(0), replace(EFFORT, rows=10))
    shown, look = picture(found, 60), pictures_of(run).look()
    lines = look["append"]["elbo"]["lines"]
    line = float(lines["value"][lines["series"].tolist().index(EXACT_LINE)])
    level = shown["replace"][CHART]["levels"]
    assert float(level["value"][level["series"].tolist().index(EXACT)]) == pytest.approx(line, abs=1e-4)
    printed = f"{line:.2f}".replace("-", "−")
    assert f"log p(x | θ) {printed} nats (exact)" in shown["facts"]["weighed"]
    assert f"Exact log p(x): {printed} nats" in look["facts"]["theory"]
    assert "rows" not in shown["headings"][CHART]
    assert abs(found.known - line) > 0.05, "the few rows that were weighed have another average"


def test_the_elbo_of_all_rows_comes_from_the_gap_of_a_few() -> None:
    """L(all) = log p(all) − gap of M rows: within 4 standard errors of the ELBO of all rows, and nearer than the M rows' own."""
    run = Run(Settings(depth=0, latent_size=8, step_size=0.02, stop_at=60))
    list(run)
    found = weigh(run.model, run.q, run.data, torch.Generator().manual_seed(0), EFFORT)
    moved = found.of_all_rows()
    with frozen(run.model, run.q):
        each = log_weights(run.model, run.q, run.data.whole(), 64, torch.Generator().manual_seed(1)).mean(0)
    truth, assumed = float(each.mean()), float(each.std()) / EFFORT.rows**0.5
    assert moved.spread < 0.5 * assumed
    assert abs(moved.curve.elbo.value - truth) < 4 * (moved.spread**2 + moved.curve.elbo.error**2) ** 0.5


def test_names_are_pushed_apart_downwards() -> None:
    placed = spread_out([1.0, 0.99, 0.2], APART, 0.97)
    assert placed == [0.97, 0.97 - APART, 0.2]


def test_the_encoders_share_is_that_of_the_two_bars() -> None:
    assert encoders_share({"gaps": [1.0, 3.0]}) == 0.25
    assert encoders_share({"gaps": None}) is None


def test_the_worker_weighs_while_someone_looks_and_trains_on(tmp_path, monkeypatch) -> None:
    """A run that is weighed all the time is the headless run; at rest the evidence arrives whole, and out of sight it stops."""
    monkeypatch.setattr(trainer, "EvidenceJob", partial(EvidenceJob, effort=EFFORT))
    driver = Driver()
    settings = SMALL | {"latent_size": 1, "stop_at": 80}
    driver.send(Watch(["elbo", CHART]))
    driver.send(Start(settings, str(tmp_path / "run")))
    driver.until(State, state="finished")
    again = Run(Settings(**settings))
    steps = [step.elbo for step in again]
    other = EvidenceJob(again, EFFORT)
    other.start()
    whole = finished(other)[-1]["facts"]
    while driver.until(Evidence).picture["facts"] != whole:
        pass
    driver.send(Watch(["elbo"]))
    driver.until(Frame)
    assert driver.worker.evidence_job.work is None
    np.testing.assert_array_equal(driver.points()[:80, 1], np.asarray(steps, np.float32))
    driver.close()
