"""Antithetic and Sobol draws: each draw has the right distribution, the mean stays, the variance falls; the rest is refused."""

import pytest
import torch
from torch import Tensor

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import ESTIMATORS, LeaveOneOut, NotApplicableError, PathOnly, Reparameterization, Score
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.noise import NOISES, draw_noise, sobol
from elbo_room.models.probing.probe import probe
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from tests.models.contracts.parts import conditions_of
from tests.models.problems import PROBLEMS, conjugate, logistic, plates, sigmoid_belief
from tests.models.truth import LIMIT, REPLICATES, applies, assert_unbiased, distance, every

DEPENDENT = [name for name in NOISES if name != "iid"]


@pytest.mark.parametrize("kind", ["antithetic", "sobol"])
@pytest.mark.parametrize("part", [Score(), Reparameterization(), PathOnly()], ids=lambda part: part.name)
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("draws", [2, 3, 8])
def test_mean_is_the_exact_gradient(name: str, part, draws: int, kind: str) -> None:
    """Also at an odd B, and at one that is no power of two."""
    problem = PROBLEMS[name]()
    if applies(problem, part, draws):
        assert_unbiased(problem, every(part, problem.model), draws, seed=3, kind=kind)


def ratio(kind: str, draws: int, part=None) -> tuple[float, float]:
    """Var ĝ relative to independent draws', and its standard error."""
    problem, reports = logistic(), []
    for each in ("iid", kind):
        generator = torch.Generator().manual_seed(draws)
        given = {"it": part or Reparameterization()}
        reports.append(
            probe(problem.model, problem.q, given, problem.batch, draws, 4_000, generator, site="w", noise_kind=each)
        )
    base, other = (report["it"] for report in reports)
    relative = ((other.error / other.variance) ** 2 + (base.error / base.variance) ** 2) ** 0.5
    return other.variance / base.variance, other.variance / base.variance * relative


@pytest.mark.parametrize(
    ("kind", "draws", "most"), [("antithetic", 4, 0.9), ("antithetic", 16, 0.9), ("sobol", 4, 0.4), ("sobol", 16, 0.1)]
)
def test_variance_falls(kind: str, draws: int, most: float) -> None:
    """Measured: .75 antithetic; .24 and .045 Sobol, on the logistic regression."""
    value, error = ratio(kind, draws)
    assert value + LIMIT * error < most


def test_antithetic_draws_come_in_mirrored_pairs() -> None:
    problem = plates()
    noise = draw_noise(problem.model, problem.batch, 5, 6, torch.Generator(), torch.float64, "antithetic")
    for each in noise.values():
        assert torch.equal(each[:, :3], -each[:, 3:])
    units = sigmoid_belief()
    noise = draw_noise(units.model, units.batch, 5, 6, torch.Generator(), torch.float64, "antithetic")
    assert all(torch.equal(1 - each[:, :3], each[:, 3:]) for each in noise.values())


def uniforms(draws: int, replicates: int) -> Tensor:
    problem = sigmoid_belief()
    shapes = {name: (problem.batch.size, *site.shape) for name, site in problem.model.sites.items()}
    generator = torch.Generator().manual_seed(6)
    found = sobol(problem.model.sites, shapes, replicates, draws, generator, torch.float64)
    return torch.cat(list(found.values()), -1)  # (R, B, M, 4)


def lawful(u: Tensor) -> bool:
    """Every draw on its own is uniform: two moments in each place, and no end of the interval."""
    inside = bool(((u > 0) & (u < 1)).all())
    near = all(float(distance(u**power, torch.full(u.shape[1:], 1 / (1 + power))).abs().max()) < 5 for power in (1, 2))
    return inside and near


@pytest.mark.parametrize("draws", [2, 4, 16, 64])
def test_sobol_points_are_spread_evenly_and_each_is_uniform(draws: int) -> None:
    """One point in each of B equal cells, in every coordinate of every datum and replicate."""
    u = uniforms(draws, 4_000)
    assert lawful(u)
    cells = (u * draws).long().sort(1).values
    assert torch.equal(cells, torch.arange(draws)[None, :, None, None].expand_as(cells))
    assert not torch.equal(u[0], u[1])


def test_a_net_without_its_random_digits_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """One scramble for all replicates: each point stands still; not scrambled at all, the first is 0."""
    real = torch.randint
    monkeypatch.setattr(torch, "randint", lambda *given, **named: real(*given, **named) * 0)
    assert not lawful(uniforms(4, 4_000))


@pytest.mark.parametrize("kind", DEPENDENT)
@pytest.mark.parametrize("name", [name for name, part in ESTIMATORS.items() if part.independent_draws])
def test_what_needs_independent_draws_is_refused(name: str, kind: str) -> None:
    problem, part = sigmoid_belief(), ESTIMATORS[name]()
    problem = problem if applies(problem, part, 4) else conjugate()
    with pytest.raises(
        NotApplicableError, match=r"needs draws that are independent of each other\. Draw independently"
    ):
        estimate(
            problem.model, problem.q, every(part, problem.model), problem.batch, 4, torch.Generator(), noise_kind=kind
        )
    assert any(each["knob"] == "noise" for each in conditions_of({"requires": part.requires})), "the form says it too"


@pytest.mark.parametrize("kind", DEPENDENT)
def test_leave_one_out_would_be_biased(kind: str) -> None:
    """The others know the draw: fed with their noise behind the engine's back, it fails the test of the unbiased."""
    problem = conjugate()
    noise = draw_noise(
        problem.model, problem.batch, REPLICATES, 4, torch.Generator().manual_seed(8), torch.float64, kind
    )
    found = estimate(
        problem.model, problem.q, {"z": LeaveOneOut()}, problem.batch, 4, torch.Generator(), noise=noise,
        replicates=REPLICATES,
    )  # fmt: skip
    samples = found.draw_gradients(problem.model.sites["z"]).mean(1)
    assert float(distance(samples, problem.exact["z"]).abs().max()) > 5 * LIMIT


SMALL = Settings(data="pinwheel", width=8, stop_at=50, batch_size=64)


@pytest.mark.parametrize("kind", NOISES)
def test_a_run_takes_the_noise_as_a_live_knob(kind: str) -> None:
    run, alone = Run(SMALL), Run(SMALL)
    for each in (run, alone):
        next(each)
        each.change(noise=kind)
    steps = [[next(each) for _ in range(3)] for each in (run, alone)]
    assert steps[0] == steps[1]


def test_a_run_refuses_leave_one_out_with_dependent_draws() -> None:
    run = Run(SMALL)
    run.change(noise="sobol")
    with pytest.raises(SettingError, match="needs independent draws"):
        run.change(estimator="leave_one_out")
    with pytest.raises(SettingError, match="Raise B to 2 or more"):
        run.change(draws=1)


def test_a_model_with_more_numbers_than_a_net_has_dimensions_is_refused() -> None:
    with pytest.raises(SettingError, match="40,801 numbers; a scrambled Sobol net has at most 21,201 dimensions"):
        run_from({"model": "conditional", "width": 200, "depth": 2, "noise": "sobol"})
    run_from({"model": "conditional", "width": 100, "depth": 2, "noise": "sobol"})
