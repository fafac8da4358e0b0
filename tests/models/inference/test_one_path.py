"""Training and the variance chart share one code path, and observing changes nothing."""

import pytest
import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.families import Normal
from elbo_room.models.inference import estimate as engine
from elbo_room.models.inference.estimate import draw_noise, estimate
from elbo_room.models.probing import probe as probing
from elbo_room.models.probing.probe import control_variate, probe
from elbo_room.models.training import run as running
from elbo_room.models.training.run import Run
from tests.models.problems import chain, conjugate, sigmoid_belief
from tests.models.truth import applies

SMALL = Settings(data="pinwheel", width=8, stop_at=50, batch_size=64)
ALL = {name: part() for name, part in ESTIMATORS.items()}


def state_of(run: Run) -> dict[str, torch.Tensor]:
    grads = {f"grad/{name}": p.grad.clone() for name, p in run.parameters.items() if p.grad is not None}
    return {name: tensor.clone() for name, tensor in run.tensors().items()} | grads


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    "name",
    [name for name, part in ALL.items() if part.evaluations(4, 1) == 4 and not part.warm_up and not part.for_weights],
)
def test_replicate_of_a_probe_is_an_estimate_with_its_noise(name: str) -> None:
    """Mean and variance of the report are those of R separate training estimates with the same noise."""
    choices = ((chain(), "low"), (conjugate(), "z"), (sigmoid_belief(), "low"))
    problem, site = next(choice for choice in choices if applies(choice[0], ALL[name], 4))
    report = probe(
        problem.model, problem.q, {name: ALL[name]}, problem.batch, 4, 6, torch.Generator().manual_seed(2), site=site
    )[name]
    noise = draw_noise(problem.model, problem.batch, 6, 4, torch.Generator().manual_seed(2), torch.float64)
    parts = dict.fromkeys(problem.model.sites, ALL[name])
    alone = []
    for r in range(6):
        own = {each: given[r : r + 1] for each, given in noise.items()}
        found = estimate(problem.model, problem.q, parts, problem.batch, 4, torch.Generator(), noise=own)
        alone.append(found.draw_gradients(problem.model.sites[site]).mean(1)[0])
    stacked = torch.stack(alone)
    torch.testing.assert_close(report.mean, stacked.mean(0), rtol=1e-12, atol=1e-12)
    assert report.variance == pytest.approx(float(stacked.var(0).flatten(1).sum(-1).mean()), rel=1e-12)


def test_run_and_probe_come_through_the_same_function(monkeypatch: pytest.MonkeyPatch) -> None:
    assert running.estimate is probing.estimate is engine.estimate
    reached, draw = [], engine._draw

    def counted(*arguments):
        reached.append(arguments)
        return draw(*arguments)

    monkeypatch.setattr(engine, "_draw", counted)
    run = Run(SMALL)
    next(run)
    assert len(reached) == 1
    found = probe(run.model, run.q, ALL, run.data.batch(torch.arange(8)), 4, 4, torch.Generator())
    assert {name for name in ALL if not ALL[name].supports(Normal(), 4) and not ALL[name].for_weights} <= set(found)
    assert len(reached) == 1 + sum(1 + ALL[name].warm_up for name in found), "one a report, and its warm-up"


@pytest.mark.parametrize("variational", ["amortized", "table"])
def test_looking_changes_nothing(variational: str) -> None:
    """Parameters, Adam's moments, generator, order and gradients stay, bit for bit; so does every later step."""
    watched, alone = (Run(Settings(data="pinwheel", width=8, variational=variational)) for _ in range(2))
    for _ in range(3):
        next(watched), next(alone)
    before, flags = state_of(watched), [p.requires_grad for p in watched.parameters.values()]
    batch = watched.data.batch(torch.arange(16))
    probe(watched.model, watched.q, ALL, batch, 4, 8, torch.Generator().manual_seed(1))
    control_variate(watched.model, watched.q, batch, 16, torch.Generator().manual_seed(1))
    assert same(before, state_of(watched))
    assert flags == [p.requires_grad for p in watched.parameters.values()]
    for _ in range(5):
        assert next(watched) == next(alone)
    assert same(state_of(watched), state_of(alone))


def test_the_same_probe_twice_is_the_same_report() -> None:
    run = Run(SMALL)
    batch = run.data.batch(torch.arange(16))
    first, second = (probe(run.model, run.q, ALL, batch, 4, 8, torch.Generator().manual_seed(3)) for _ in range(2))
    assert {name: report.variance for name, report in first.items()} == {
        name: report.variance for name, report in second.items()
    }
