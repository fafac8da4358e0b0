"""A study beside the training: it begins on request, ends with what it has found or on cancel, and what no longer holds goes."""

import os
import subprocess
import sys

import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.diagnostics.evidence import gaps
from elbo_room.models.training.run_from import run_from
from elbo_room.widgets.messages import BeginStudy, CancelStudy, Change, Frame, Refused, Start, Started, Studying, Watch
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.posterior import truth_of
from elbo_room.widgets.worker.studies import STUDIES, evidence, nuts
from elbo_room.widgets.worker.studies.evidence import Measured
from elbo_room.widgets.worker.studies.nuts import Nuts, Truth, log_joint, rows_of
from tests.conftest import PYTHONPATH, ROOT
from tests.widgets.worker.test_worker import Driver

LINEAR = {"model": "conditional", "data": "gap", "depth": 0, "spread_from": "fixed", "stop_at": 3, "draws": 2}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nuts, "WARM_UP", 60)
    monkeypatch.setattr(nuts, "DRAWS", 60)


def posterior(message: object) -> dict:
    return (
        message.picture.get("replace", {}).get("posterior", {}).get("unknowns", {})
        if isinstance(message, Frame)
        else {}
    )


def test_nuts_beside_a_run_comes_goes_with_its_settings_and_is_refused_where_it_is_too_large(quick, tmp_path) -> None:
    driver = Driver()
    try:
        driver.send(Watch(["posterior", "function"]))
        driver.send(BeginStudy("nuts"))
        assert "There is no run yet" in driver.until(Refused).sentence
        driver.send(Start(LINEAR, str(tmp_path / "a")))
        driver.until(Started)
        driver.send(BeginStudy("nuts"))
        driver.until(Studying, share=0.0)
        driver.until(Studying, share=None)
        frame = driver.until(Frame)
        while "r_hat" not in posterior(frame):
            frame = driver.until(Frame)
        assert len(frame.picture["replace"]["function"]["truth"]["x"]) > 100
        assert frame.picture["params"]["posterior"]["drawn"]
        driver.send(Change({"step_size": 0.001}))  # of no part of the model
        frame = driver.until(Frame)
        assert "r_hat" in posterior(frame)
        driver.send(Change({"prior_scale": 0.5}))
        assert "is gone" in driver.until(Studying).sentence
        frame = driver.until(Frame)
        assert "r_hat" not in posterior(frame)
        assert len(frame.picture["replace"]["function"]["truth"]["x"]) == 0
        driver.send(BeginStudy("nuts"))
        driver.until(Studying, share=0.0)
        driver.send(CancelStudy())
        assert driver.until(Studying, share=None).sentence == ""
        driver.send(Start(LINEAR | {"depth": 2, "width": 16}, str(tmp_path / "b")))
        driver.until(Started)
        driver.send(BeginStudy("nuts"))
        refused = driver.until(Refused)
        assert "weights; NUTS is for at most 200. Lower the width or the depth" in refused.sentence
    finally:
        driver.close()


def test_a_run_again_with_the_same_settings_keeps_it_and_another_data_set_does_not(quick) -> None:
    first, again = (run_from(settings_from(LINEAR)) for _ in range(2))
    other = run_from(settings_from(LINEAR | {"prior_scale": 2.0}))
    *_, found = Nuts().parts(first)
    assert isinstance(found, Truth)
    next(again), next(other)
    pictures = pictures_of(again)
    pictures.watched = frozenset({"posterior"})
    assert any(word.startswith("k̂ ") for word in pictures.look()["names"]["posterior"])
    assert pictures.look()["replace"]["posterior"]["unknowns"]["psis"].shape == (2,)
    assert found.holds(again)
    assert not found.holds(other)
    assert not found.holds(run_from(settings_from(LINEAR | {"data": "diabetes"})))


FORKED = f"""
import torch
torch.set_num_threads(1)
from elbo_room.models.catalogue import settings_from
from elbo_room.models.training.run_from import run_from
from elbo_room.widgets.worker.studies import STUDIES, nuts
from elbo_room.widgets.worker.studies.job import Forked, begin

nuts.WARM_UP = nuts.DRAWS = 60
run = run_from(settings_from({LINEAR}))
*_, here = nuts.Nuts().parts(run)
job = begin(STUDIES["nuts"], run)
assert isinstance(job, Forked), job
answers = []
while not answers or isinstance(answers[-1], float):
    job.connection.poll(60)
    answers += job.answers()
job.close()
assert torch.equal(answers[-1].samples.flat, here.samples.flat)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a study runs in the worker's loop")
def test_in_a_process_of_its_own_it_finds_what_it_finds_here() -> None:
    """In a fresh interpreter: only one without foreign threads can be forked."""
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", FORKED],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr


def test_z_of_a_few_data_points_is_drawn_with_the_decoder_as_it_is(quick) -> None:
    run = run_from(settings_from({"data": "pinwheel", "width": 4, "depth": 1, "stop_at": 2, "latent_size": 2}))
    next(run)
    *_, found = Nuts().parts(run)
    rows = rows_of(run)
    assert found.samples.flat.shape[-1] == 2 * len(rows) == 200
    pictures = pictures_of(run)
    pictures.watched = frozenset({"latent", "posterior"})
    assert truth_of(pictures) is None
    assert len(pictures.look()["replace"]["latent"]["truth"]["x"]) == 0
    pictures.findings["nuts"] = found
    seen = pictures.look()
    assert len(seen["replace"]["latent"]["truth"]["x"]) > 200
    assert seen["replace"]["posterior"]["unknowns"]["missing"].shape == (200,)
    next(run)
    assert not found.holds(run)
    assert "have moved since" in pictures.look()["facts"]["summaries"]["posterior"] or not found.samples.divergences
    assert torch.isfinite(log_joint(run, found.samples.flat[:, 0])).all()


def test_the_gap_below_the_evidence_comes_run_by_run_and_goes_with_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("WARM_UP", 40), ("DRAWS", 40)):
        monkeypatch.setattr(evidence, name, value)
    monkeypatch.setattr(gaps, "FEWEST", 20)
    run, other = run_from(settings_from(LINEAR)), run_from(settings_from(LINEAR | {"prior_scale": 2.0}))
    next(run)
    found = [each for each in STUDIES["evidence"].parts(run) if isinstance(each, Measured)]
    assert [len(each.rows) for each in found[:3]] == [1, 2, 3]
    assert [each.complete for each in found[-2:]] == [False, True]
    assert found[-1].holds(run)
    assert not found[-1].holds(other)
    pictures = pictures_of(run)
    pictures.watched = frozenset({"evidence_gap"})
    assert "Measure log p(y)" in pictures.look()["facts"]["summaries"]["evidence_gap"]
    pictures.findings["evidence"] = found[-1]
    seen = pictures.look()
    rows = seen["replace"]["evidence_gap"]["rows"]
    assert len(rows["row"]) == len(found[-1].rows)
    assert (rows["value"] >= rows["elbo"]).all()
    assert seen["names"]["evidence_gap"][0] == "this run"
    assert seen["facts"]["summaries"]["evidence_gap"].startswith("Step 1: log p(y) is ")
