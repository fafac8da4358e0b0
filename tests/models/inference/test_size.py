"""The size of a step is known before it is made, and refused in one sentence if it does not fit."""

import json
import re
import subprocess
import sys
import time

import pytest
import torch

from elbo_room.models import limits
from elbo_room.models.catalogue import settings_from
from elbo_room.models.diagnostics.evidence.known import linear_decoder
from elbo_room.models.estimators import one_at_a_time
from elbo_room.models.inference import size
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.surrogate_context import HELD, numbers_of_evaluation
from elbo_room.models.probing.parabola import parabola
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from tests.conftest import PYTHONPATH

CLASSES = {"model": "conditional", "data": "digit_classes", "response": "categorical"}
SPLICE = {"model": "conditional", "data": "splice_junctions", "response": "categorical"}
GERBIL = {"model": "conditional", "data": "gerbil", "response": "categorical"}
LAYERS = {"model": "deep_exponential_family"}
SETTINGS = [
    {"draws": 16, "batch_size": 1500},
    {"draws": 16, "batch_size": 1500, "estimator": "leave_one_out"},
    {"draws": 16, "batch_size": 1024, "estimator": "measure_valued"},
    {"data": "pbmc", "response": "negative_binomial", "draws": 6, "batch_size": 700, "latent_size": 10},
    {"data": "cell_lines", "response": "poisson", "draws": 4, "batch_size": 900},
    {"latent_prior": "vamp", "components": 300, "draws": 8, "batch_size": 512},
    CLASSES | {"draws": 64, "batch_size": 1700, "estimator": "score"},
    CLASSES | {"width": 128, "draws": 8, "batch_size": 512, "estimator": "local_reparameterization"},
    SPLICE | {"network": "convolution", "draws": 1, "batch_size": 300},
    SPLICE | {"network": "recurrence", "cell": "plain", "depth": 1, "width": 32, "draws": 1, "batch_size": 300},
    GERBIL | {"network": "token_attention", "draws": 1, "batch_size": 500},
    LAYERS | {"estimator": "leave_one_out", "draws": 32, "batch_size": 1700},
    LAYERS
    | {"data": "king_james", "response": "categorical", "estimator": "leave_one_out", "draws": 6, "batch_size": 300},
]
# One step in a fresh corner of the heap: what the system gave this process at most, less what it had before.
MEASURE = """
import gc, json, re, sys, torch
from elbo_room.models.catalogue import settings_from
from elbo_room.models.probing.parabola import parabola
from elbo_room.models.training.run import Run
from tests.models.inference.test_size import plan_of
def status(key):
    return 1024 * int(re.search(key + r":\\s+(\\d+)", open("/proc/self/status").read()).group(1))
torch.set_num_threads(1)
for line in sys.stdin:
    run = Run(settings_from(json.loads(line)))
    expected = plan_of(run).measured(min(run.settings.batch_size, run.data.size)).bytes
    next(run)  # what stays, such as Adam's moments, is there
    gc.collect()
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS")
    next(run)
    print(json.dumps([expected, status("VmHWM") - before]))
"""


def plan_of(run: Run) -> size.Plan:
    s = run.settings
    return size.Plan(run.model, run.q, run.data, run.estimators, s.draws, s.rao_blackwell, s.noise, run.objective)


@pytest.mark.slow
def test_the_estimate_is_what_a_step_takes_from_the_system() -> None:
    """Peak resident memory of a step, of every kind of model, network and estimator: at most the estimate, at least half of it."""
    lines = "".join(json.dumps(each) + "\n" for each in SETTINGS)
    environment = {"PYTHONPATH": PYTHONPATH, "OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}  # freed at once
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], input=lines, capture_output=True, text=True, check=True, env=environment
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(SETTINGS)
    for settings, (expected, measured) in zip(SETTINGS, found, strict=True):
        assert 0.5 * expected <= measured <= expected + 20e6, (settings, expected / 1e6, measured / 1e6)


@pytest.mark.parametrize(
    "chosen",
    [
        CLASSES | {"estimator": "measure_valued", "depth": 0, "draws": 1, "batch_size": 256},
        LAYERS | {"estimator": "local_expectation", "draws": 8, "batch_size": 512},
        {"estimator": "measure_valued", "latent_size": 10, "batch_size": 1024},
    ],
    ids=["weights", "binary", "latent"],
)
def test_coordinates_are_altered_in_parts_so_that_their_number_needs_no_memory(chosen) -> None:
    """All at once, a linear classifier of 650 weights is 2,600 classifiers of 256 rows."""
    run = Run(settings_from(chosen))
    plan, rows = plan_of(run), min(run.settings.batch_size, run.data.size)
    with size.Trace() as trace:
        estimate(
            run.model, run.q, run.estimators, run.data.batch(torch.arange(rows)), run.settings.draws,
            torch.Generator().manual_seed(0), memory={},
        )  # fmt: skip
    peak = max(trace.steps)
    assert peak < 90e6
    assert peak / 1.1 <= plan.measured(rows).bytes <= 4 * peak  # it is not measured, and small anyway


def test_altering_in_parts_changes_nothing(monkeypatch) -> None:
    def gradient(most: int) -> torch.Tensor:
        monkeypatch.setattr(one_at_a_time, "MOST_NUMBERS", most)
        run = Run(settings_from(LAYERS | {"estimator": "local_expectation", "batch_size": 16}))
        next(run)
        return torch.cat([p.grad.flatten() for p in run.parameters.values()])

    torch.testing.assert_close(gradient(1), gradient(2**40), atol=1e-6, rtol=1e-5)


REFUSED = {
    "time": (CLASSES | {"estimator": "measure_valued"},
             r"A step would take about [\d.]+ s; it may take 3 s\. .* an estimator with fewer evaluations, or a smaller model\."),
    "memory": ({"data": "cell_lines", "response": "negative_binomial", "draws": 64, "batch_size": 900},
               r"A step would need about 2\.\d GB; it may use 1\.5 GB here\. Choose B ≤ \d+, a minibatch M ≤ \d+, or a smaller model\."),
    "encoder": ({"data": "pbmc", "response": "poisson", "batch_size": 1000, "draws": 16, "encoder_steps": 20},
                r"A step would take about [\d.]+ s; it may take 3 s\. .*fewer encoder steps, or a smaller model\."),
    "attention": ({"data": "verses", "attention": "logistic"},
                  r"Feature attention's 163,852,800 weights need about 3\.9 GB to be trained; a run may use 1\.5 GB here\."),
    "conditional": (GERBIL | {"data": "verses", "attention": "logistic", "posterior": "point"},
                    r"Choose no attention, or data with fewer features than 12,800\.$"),
}  # fmt: skip


@pytest.mark.parametrize(("chosen", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_before_anything_is_computed(chosen, sentence, monkeypatch) -> None:
    monkeypatch.setattr(limits, "free_bytes", lambda: 8e9)
    begin = time.process_time()
    with pytest.raises(SettingError, match=sentence):
        Run(settings_from(chosen))
    assert time.process_time() - begin < 3


def test_what_is_proposed_fits(monkeypatch) -> None:
    monkeypatch.setattr(limits, "free_bytes", lambda: 8e9)
    wide = {"data": "cell_lines", "response": "negative_binomial", "draws": 64, "batch_size": 900}
    with pytest.raises(SettingError) as refusal:
        Run(settings_from(wide))
    draws, rows = (int(re.search(rf"{symbol} ≤ (\d+)", str(refusal.value)).group(1)) for symbol in ("B", "M"))
    Run(settings_from(wide | {"draws": draws}))
    Run(settings_from(wide | {"batch_size": rows}))


def test_a_machine_with_little_memory_refuses_sooner(monkeypatch) -> None:
    chosen = {"draws": 64, "batch_size": 1500}
    Run(settings_from(chosen))
    monkeypatch.setattr(limits, "free_bytes", lambda: 200e6)
    with pytest.raises(SettingError, match=r"it may use 0\.1 GB here"):
        Run(settings_from(chosen))


def test_a_live_change_that_does_not_fit_leaves_the_run_as_it_was(monkeypatch) -> None:
    monkeypatch.setattr(limits, "free_bytes", lambda: 8e9)
    run, same = (Run(settings_from(GERBIL | {"batch_size": 32, "stop_at": 20})) for _ in range(2))
    for _ in range(3):
        assert next(run) == next(same)
    with pytest.raises(SettingError, match="an estimator with fewer evaluations"):
        run.change(estimator="measure_valued")
    assert run.settings == same.settings
    assert [step.elbo for step in run] == [step.elbo for step in same]


def test_the_rough_count_is_an_upper_bound() -> None:
    """What the rough count lets pass is not measured, so it must never be below what is needed."""
    for chosen in SETTINGS:
        run = Run(settings_from(chosen))
        rows = min(run.settings.batch_size, run.data.size)
        assert plan_of(run).rough(rows).bytes > plan_of(run).measured(rows).bytes, chosen


NETWORKS = [
    {},
    {"depth": 6, "width": 164},
    {"network": "convolution"},
    {"network": "convolution_2d"},
    {"network": "convolution_2d", "depth": 1, "pooling": "mean"},
    *({"network": "recurrence", "cell": cell} for cell in ("plain", "gru", "lstm")),
    {"network": "token_attention"},
    {"network": "token_attention", "heads": 8, "width": 16},
]


@pytest.mark.parametrize("chosen", NETWORKS, ids=str)
def test_the_numbers_of_an_evaluation_are_those_that_a_gradient_estimate_holds(chosen) -> None:
    """B evaluations, each number `HELD` times 4 bytes: the peak of an estimate within a factor of 2, whatever the network."""
    run = Run(settings_from(CLASSES | chosen | {"draws": 1, "batch_size": 8}))
    draws, rows = 8, 32
    with size.Trace() as trace:
        estimate(
            run.model, run.q, run.estimators, run.data.batch(torch.arange(rows)), draws,
            torch.Generator().manual_seed(0), memory={},
        )  # fmt: skip
    expected = 4 * HELD * draws * numbers_of_evaluation(run.model, run.data.x.shape[1:], rows)
    assert 0.5 * expected <= max(trace.steps) <= 2 * expected


def test_curvatures_of_all_weights_take_few_kernels() -> None:
    """One Hessian-vector product after the other would be some 100 kernels for each of 193 weights."""
    run = Run(settings_from({"model": "conditional", "estimator": "quadratic_miller", "width": 64, "depth": 1}))
    with size.Trace() as trace:
        estimate(
            run.model, run.q, run.estimators, run.data.batch(torch.arange(46)), 13,
            torch.Generator().manual_seed(0), memory={},
        )  # fmt: skip
    assert len(trace.steps) < 1000


def test_a_wide_linear_decoder_starts_at_once() -> None:
    """Its likelihood needs the eigenvalues of a K × K matrix, not of one of 12,800² numbers, which took minutes and 1.3 GB."""
    run = Run(settings_from({"data": "verses", "depth": 0, "intercept": False}))
    begin = time.process_time()
    exact = linear_decoder(run.model)
    assert exact is not None
    assert torch.isfinite(exact.log_likelihood(run.data.x[:8])).all()
    assert time.process_time() - begin < 1.0


def test_the_parabola_of_many_weights_is_measured_in_parts() -> None:
    """512 draws of 34,000 weights at once take 980 MB; here they are fewer, and a few at a time."""
    run = Run(settings_from(GERBIL))
    with size.Trace() as trace:
        found = parabola(
            run.model, run.q, run.data.batch(torch.arange(16)), 4, 512, torch.Generator().manual_seed(0), site="w"
        )
    assert 200 < len(found.raw) < 512
    assert max(trace.steps) < 350e6


def test_the_hessian_of_many_weights_is_refused_before_it_is_made() -> None:
    """4,389 weights: K² numbers for each draw, and two products with the second derivatives for each weight and draw."""
    wide = {"model": "conditional", "data": "wine_red", "width": 60, "depth": 3, "draws": 8, "prior": "ard"}
    with pytest.raises(ValueError, match=r"A step would (take|need) about"):
        Run(settings_from(wide | {"estimator": "quadratic_miller_full"}))
