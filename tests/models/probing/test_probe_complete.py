"""The probe's reference, kurtosis, ξ parabola and cost: each against a known answer."""

import math

import pytest
import torch

from elbo_room.models.estimators import GumbelSoftmax, LeaveOneOut, PathOnly, Reparameterization, Score, ScoreXi
from elbo_room.models.families import Gamma, Poisson
from elbo_room.models.inference.size import Trace
from elbo_room.models.probing.parabola import parabola
from elbo_room.models.probing.probe import Reference, exact, long_run, probe, seconds_of
from elbo_room.models.probing.report import moments
from tests.models.estimators.test_variance_quadratic import setting
from tests.models.problems import PROBLEMS, chain, conjugate, plates, sigmoid_belief, target
from tests.models.truth import every


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", PROBLEMS)
def test_nodes_and_states_give_the_exact_gradient(name: str) -> None:
    problem = PROBLEMS[name]()
    found = exact(problem.model, problem.q, problem.batch)
    for site, known in problem.exact.items():
        torch.testing.assert_close(found.mean[site], known, rtol=1e-6, atol=1e-6)


def test_a_family_that_starts_from_uniforms_is_integrated_too() -> None:
    """∇E_q f of a Gamma's log value: E y = log m − (log α − ψ(α))."""
    nu = torch.tensor([[[0.3], [0.4]]], dtype=torch.float64)
    model, q, batch = target(Gamma(), nu[0], lambda y: y)
    shape = nu[0, 1].exp()
    found = exact(model, q, batch).mean["z"][0, :, 0]
    slope = -(1 - shape * torch.special.polygamma(1, shape))
    torch.testing.assert_close(found, torch.cat([torch.ones(1, dtype=torch.float64), slope]), rtol=1e-4, atol=1e-4)


def test_what_cannot_be_integrated_is_refused() -> None:
    model, q, batch = target(Poisson(), torch.zeros(1, 1, dtype=torch.float64), lambda z: z)
    with pytest.raises(
        ValueError, match=r"can be neither enumerated nor integrated by quadrature. Use reference='long'"
    ):
        exact(model, q, batch)
    wide, q, batch = setting(0.5, 1.0)
    wide.sites = {"z": type(wide.sites["z"])("z", "local", (9,), wide.sites["z"].family)}
    with pytest.raises(ValueError, match=r"more than 65536 nodes. Use reference='long', or a smaller model"):
        exact(wide, q, batch)


@pytest.mark.parametrize("make", [conjugate, plates, sigmoid_belief])
def test_a_long_run_is_within_its_own_errors_of_the_truth(make) -> None:
    problem = make()
    found = long_run(problem.model, problem.q, problem.batch, seeded(3), replicates=20_000)
    for name, known in problem.exact.items():
        assert float(((found.mean[name] - known) / found.error[name].clamp_min(1e-12)).abs().max()) < 4


def test_bias_is_seen_where_there_is_one_and_only_there() -> None:
    problem = sigmoid_belief()
    parts = {"unbiased": LeaveOneOut(), "biased": GumbelSoftmax()}
    found = probe(problem.model, problem.q, parts, problem.batch, 4, 4000, seeded(4), reference="exact")
    distance = {name: max(float((b / e).abs().max()) for b, e in [report.bias()]) for name, report in found.items()}
    assert distance["unbiased"] < 4
    assert distance["biased"] > 10
    with pytest.raises(ValueError, match=r"This probe has no reference"):
        probe(problem.model, problem.q, parts, problem.batch, 4, 4, seeded(4))["biased"].bias()
    with pytest.raises(ValueError, match=r"The reference was 'true'; choose 'exact', 'long'"):
        probe(problem.model, problem.q, parts, problem.batch, 4, 4, seeded(4), reference="true")


@pytest.mark.parametrize(
    ("estimator", "kurtosis"), [(PathOnly(), (3.0, 15.0)), (Score(), (47.0, 275.0))], ids=["path", "score"]
)
def test_the_error_of_a_variance_follows_from_the_kurtosis(estimator, kurtosis) -> None:
    """Relative sd of a sample variance of R draws: √((κ − 1)/R), κ of the worst δ/s for the mean and log s (known answers).

    Path only: g_μ is Gaussian, κ = 3 exactly; the others are upper ends over δ/s, so the band stays below them.
    """
    replicates = 200_000
    model, q, batch = setting(0.0 if isinstance(estimator, PathOnly) else 0.6, 1.0)
    report = probe(model, q, {"it": estimator}, batch, 1, replicates, seeded(5))["it"].of_site
    found = (report.parameter_error / report.parameter_variance)[:, 0]
    known = torch.tensor([math.sqrt((k - 1) / replicates) for k in kurtosis], dtype=found.dtype)
    if isinstance(estimator, PathOnly):
        torch.testing.assert_close(found, known, rtol=0.1, atol=0)
    else:
        assert bool((found < 1.3 * known).all())
        assert bool((found > 0.3 * known).all())


def test_every_site_is_measured_and_the_total_adds_up() -> None:
    problem = plates()
    report = probe(problem.model, problem.q, {"it": Score()}, problem.batch, 4, 200, seeded(6))["it"]
    assert report.site == "z"
    assert set(report.sites) == {"w", "z"}
    known = problem.batch.total * report.sites["z"].variance + report.sites["w"].variance
    assert report.total.value == pytest.approx(known)
    assert 0 < report.total.low < report.total.value < report.total.high
    own = probe(problem.model, problem.q, {"it": Score()}, problem.batch, 4, 200, seeded(6), site="w")["it"]
    assert own.variance == pytest.approx(report.sites["w"].variance)


def test_a_site_may_have_its_own_estimator() -> None:
    problem = plates()
    mixed = {"w": Score(), "z": Reparameterization()}
    found = probe(problem.model, problem.q, {"mixed": mixed, "score": Score()}, problem.batch, 4, 2000, seeded(6))
    assert found["mixed"].sites["z"].variance < 0.2 * found["score"].sites["z"].variance
    assert found["mixed"].sites["w"].variance > 0.5 * found["score"].sites["w"].variance


def test_parabola_is_the_table_of_known_answers() -> None:
    """μ of (x − k)²: variance δ⁴/s² + 14δ² + 15s² at ξ = 0, 8δ² + 6s² at ξ* = δ² + 3s²; B = 4 divides by 4."""
    delta, s, draws = 0.8, 0.9, 4
    d, v = delta**2, s**2
    model, q, batch = setting(delta, s)
    found = parabola(model, q, batch, draws, 400_000, seeded(7), site="z", coordinate=(0, 0))
    for xi, known in ((0.0, d**2 / v + 14 * d + 15 * v), (d + 3 * v, 8 * d + 6 * v), (-2.0, None)):
        value, error, *_ = found.variance(xi)
        if known is not None:
            assert abs(value - known / draws) < 4 * error
            assert error < 0.02 * value
    xi, error = found.best
    assert abs(xi - (d + 3 * v)) < 4 * error
    assert found.floor == pytest.approx(found.variance(xi)[0], rel=1e-6)
    assert abs(found.floor - (8 * d + 6 * v) / draws) < 4 * found.variance(xi).error


@pytest.mark.parametrize("xi", [-3.0, 0.0, 2.5])
def test_a_held_xi_stays_on_the_parabola(xi: float) -> None:
    problem = chain()
    curve = parabola(problem.model, problem.q, problem.batch, 4, 20_000, seeded(8), site="low")
    held = {"it": ScoreXi("fixed", xi)}
    found = probe(problem.model, problem.q, held, problem.batch, 4, 5000, seeded(9), site="low")["it"]
    value, error, *_ = curve.variance(xi)
    assert abs(found.variance - value) < 4 * math.hypot(error, found.error)


def test_evaluations_and_seconds_make_the_cost() -> None:
    problem = chain()
    found = probe(problem.model, problem.q, {"it": Score()}, problem.batch, 4, 64, seeded(1), site="low")["it"]
    assert found.work() == (found.variance * 4, found.error * 4, found.low * 4, found.high * 4)
    assert found.work("seconds").value == pytest.approx(found.variance * found.seconds)
    few, many = (
        seconds_of(problem.model, problem.q, every(Score(), problem.model), problem.batch, draws, repeats=3)
        for draws in (2, 100_000)
    )
    assert 0 < few < many


def test_the_error_of_an_average_over_data_is_the_root_sum_of_squares_over_their_number() -> None:
    """Of M independent means with errors e_i the average has the error √Σe²/M: 5/2 of 3 and 4, and as the spread of 4,000 averages says."""
    error = {"z": torch.tensor([3.0, 4.0], dtype=torch.float64).reshape(2, 1, 1)}
    mean = {"z": torch.tensor([1.0, 5.0], dtype=torch.float64).reshape(2, 1, 1)}
    value, off = (float(each) for each in Reference("long", mean, error).average("z"))
    assert (value, off) == (3.0, 2.5)
    count = 4000
    drawn = (mean["z"] + error["z"] * torch.randn(2, 1, count, generator=seeded(10), dtype=torch.float64)).mean(0)
    spread = float(drawn.std())
    assert abs(spread / off - 1) < 4 / math.sqrt(2 * count)


def test_moments_of_global_weights_take_little_memory_besides_the_gradients() -> None:
    """A measuring process has some 60 MB. What is kept of the gradients are views; distances from the mean are the one copy."""
    with Trace() as trace:
        gradients = torch.randn((16, 1, 1, 2, 20_000), generator=torch.Generator().manual_seed(0))
        found = moments(gradients)
    assert max(trace.steps) < 2.5 * gradients.nbytes
    assert trace.live < 1.3 * gradients.nbytes
    torch.testing.assert_close(found.parameter_variance, gradients[:, 0, 0].var(0), rtol=1e-5, atol=0.0)
