"""Live changes belong to a run: with its first settings and its changes, a fresh process makes the same tensors, bit for bit."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from elbo_room.models.run_file import STATE, about
from elbo_room.models.settings import SettingError
from elbo_room.models.training.changes import MOST, Change
from elbo_room.models.training.checkpoint import load_run, save_run
from elbo_room.models.training.guard import DivergenceError
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from tests.models.inference.test_one_path import same, state_of
from tests.models.training.test_run import small

AGAIN = """
import json, sys
from pathlib import Path
from elbo_room.models.training.checkpoint import save_run
from elbo_room.models.training.run_from import run_from
settings, changes = json.loads(sys.argv[1])
run = run_from(settings, changes=changes)
list(run)
save_run(run, Path(sys.argv[2]))
"""


def steered() -> Run:
    """A run that had every kind of live setting changed: between steps, twice at one, and past its first last step."""
    run = Run(small(estimator="score_xi", xi_from="pilot", stop_at=6))
    run.change(draws=3)
    next(run)
    run.change(prior_scale=0.3, step_size=0.02)
    run.change(step_size=0.03)
    next(run)
    run.change(optimizer="ascent")
    run.change(optimizer="adam")
    next(run)
    run.change(estimator="path_only", noise="antithetic", draws=4)
    next(run)
    run.change(estimator="score_xi", xi_from="fixed", xi_value=0.5, noise="iid")
    list(run)
    run.change(stop_at=9, batch_size=50)
    list(run)
    return run


def test_a_fresh_process_makes_the_same_tensors(tmp_path: Path) -> None:
    run = steered()
    told = json.dumps([asdict(run.initial_settings), [change.written for change in run.changes]])
    subprocess.run([sys.executable, "-c", AGAIN, told, str(tmp_path)], check=True)
    again = load_file(tmp_path / STATE)
    assert same(again, {name: tensor.detach() for name, tensor in run.tensors().items()})
    assert about(tmp_path / STATE)["number"] == 9
    assert not same(again, Run(run.settings).tensors())


def test_the_record_has_what_was_changed_and_when() -> None:
    run = steered()
    assert run.changes == [
        Change(0, {"draws": 3}),
        Change(1, {"prior_scale": 0.3, "step_size": 0.02}),
        Change(1, {"step_size": 0.03}),
        Change(2, {"optimizer": "ascent"}),
        Change(2, {"optimizer": "adam"}),  # begins again without its moments
        Change(3, {"estimator": "path_only", "noise": "antithetic", "draws": 4}),
        Change(4, {"estimator": "score_xi", "xi_from": "fixed", "xi_value": 0.5, "noise": "iid"}),
        Change(6, {"stop_at": 9, "batch_size": 50}),
    ]


def test_a_change_to_what_is_set_already_is_none() -> None:
    run = Run(small())
    run.change(step_size=run.settings.step_size, draws=run.settings.draws)
    assert run.changes == []


def test_a_saved_run_keeps_its_record_and_its_plan(tmp_path: Path) -> None:
    whole = steered()
    run = Run(whole.initial_settings).with_changes(whole.changes)
    for _ in range(3):
        next(run)
    save_run(run, tmp_path)
    resumed = load_run(tmp_path)
    assert resumed.initial_settings == whole.initial_settings
    assert len(resumed.planned) == len(whole.changes) - len(resumed.changes) > 0
    list(resumed)
    assert same(state_of(resumed), state_of(whole))
    assert resumed.changes == whole.changes


def poison_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next step is not finite, the ones after it are."""
    calls, factors = [], run.model.factors

    def wrong(batch: Any, latents: Any) -> Any:
        calls.append(1)
        found = factors(batch, latents)
        return [replace(each, value=each.value * float("nan")) for each in found] if len(calls) == 1 else found

    monkeypatch.setattr(run.model, "factors", wrong)


def test_a_step_that_diverged_is_part_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It used random numbers, so the run that went on after it is made again only with it."""
    run = Run(small(stop_at=6))
    next(run)
    run.change(step_size=1.0)
    poison_once(run, monkeypatch)
    with pytest.raises(DivergenceError):
        next(run)
    run.change(step_size=0.01)
    assert run.changes == [Change(1, {"step_size": 1.0}), Change(1, {}), Change(1, {"step_size": 0.01})]
    again = Run(small(stop_at=6)).with_changes(run.changes)
    next(again)
    poison_once(again, monkeypatch)
    list(run)
    list(again)
    assert again.changes == run.changes
    assert same(state_of(again), state_of(run))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([(3, {"width": 8})], "width cannot change during a run; start a new one. Live settings are: "),
        ([(3, {"draws": 0})], "Draws B was 0; it must be a whole number from 1 to 64. The nearest allowed value is 1."),
        ([(3, {"draws": 2}), (1, {"draws": 3})], "changes must rise in step, from 0 to 10,000,000. Sort them by step."),
        ([(-1, {"draws": 2})], "0 is the earliest"),
        ([(1.5, {"draws": 2})], "it must be a step and a dict of live settings"),
        ([3], "it must be a step and a dict of live settings"),
        ({"draws": 2}, "it must be a step and a dict of live settings"),
        ([(1, {"draws": 2})] * (MOST + 1), "a run may have as many. Leave some out"),
    ],
)
def test_what_is_no_change_is_refused_in_a_sentence(changes: Any, sentence: str) -> None:
    with pytest.raises(SettingError) as refused:
        run_from(small(), changes=changes)
    assert sentence in str(refused.value)


def test_the_log_has_every_step() -> None:
    run = Run(small(stop_at=5))
    steps = list(run)
    table = torch.tensor(run.log.table())
    assert run.log.columns == ("step", "elbo", "objective", "log_prior", *steps[0].terms)
    assert table[:, :4].tolist() == [[step.number, step.elbo, step.objective, step.log_prior] for step in steps]
    assert table[:, 4:].tolist() == [[*step.terms.values()] for step in steps]
