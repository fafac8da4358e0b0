"""Every listed family: a density that integrates to 1, noise that becomes its draws, and the score that is its
derivative.
"""

import itertools
import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from elbo_room.models.core import Site
from elbo_room.models.families import (
    FAMILIES,
    Dirichlet,
    Family,
    FullRank,
    Gamma,
    LogNormal,
    LowRank,
    Normal,
    PointMass,
)
from elbo_room.models.families.entries import Entries
from elbo_room.models.families.support import BINARY, CLASSES, COUNT, FRACTION, POSITIVE, UNIT
from elbo_room.models.inference.noise import draw_noise
from tests.models.problems import numbers

SIZED = {"full_rank": FullRank(3), "low_rank": LowRank(2)}
ALL = [SIZED.get(name) or family() for name, family in FAMILIES.items()]
ALL += [family.floored(0.05) for family in ALL if family.location_scale]  # as responses
ALL = [family for family in ALL if family.scored]
ids = [f"{family.name}{' with a floor' if getattr(family, 'floor', 0) else ''}" for family in ALL]
D = torch.distributions
REFERENCES = {  # of the original variate y, by ν = (a, b, …), (5, K) each
    "normal": lambda scale, a, b: D.Normal(a, scale(b)),
    "bernoulli": lambda _, a: D.Bernoulli(logits=a),
    "categorical": lambda _, *logits: D.Categorical(logits=torch.stack(logits, -1)),
    "poisson": lambda _, a: D.Poisson(a.exp()),
    "negative_binomial": lambda _, a, b: D.NegativeBinomial(b.exp(), logits=a - b),
    "student_t": lambda scale, a, b: D.StudentT(4, a, scale(b)),
    "log_normal": lambda scale, a, b: D.LogNormal(a, scale(b)),
    "gamma": lambda _, a, b: D.Gamma(b.exp(), (b - a).exp()),
    "beta": lambda _, a, b: D.Beta(a.exp(), b.exp()),
    "dirichlet": lambda _, a: D.Dirichlet(a.exp()),
    "full_rank": lambda _, a, b, *rows: D.MultivariateNormal(a, FullRank(3).covariance(torch.stack([a, b, *rows], -2))),
    "low_rank": lambda _, a, b, *rows: D.MultivariateNormal(a, LowRank(2).covariance(torch.stack([a, b, *rows], -2))),
}
OUTSIDE = {
    BINARY: [0.5, 2.0],
    CLASSES: [-1.0, 1.5],
    COUNT: [-1.0, 0.5],
    POSITIVE: [0.0, -2.0],
    FRACTION: [0.0, 1.0],
    UNIT: [-0.1, 1.1],
}


def example(family: Family) -> Tensor:
    """ν of 5 × 3 coordinates: (5, n_params, 3)."""
    return numbers(5, family.n_params, 3, seed=30, scale=0.7)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(family: Family, shape: tuple[int, ...], generator: torch.Generator, dtype=torch.float32) -> Tensor:
    return family.noise(family.noise_shape(shape), generator, dtype)


def joint(family: Family) -> bool:
    """Whether it has one density for all coordinates."""
    return family.log_prob(torch.zeros(3, dtype=torch.float64), example(family)[0]).shape == (1,)


def in_errors(sample: Tensor, known: Tensor | float = 0.0) -> float:
    """The largest |mean − known| in standard errors; a coordinate that never moves must be right to rounding."""
    error = sample.std(0) / math.sqrt(len(sample))
    return float(((sample.mean(0) - known) / error.clamp_min(1e-12)).abs().max())


@pytest.mark.parametrize("family", ALL, ids=ids)
class TestFamily:
    def test_states_its_parameters(self, family: Family) -> None:
        assert len(family.parameter_names) == family.n_params

    def test_density_has_mass_one_and_its_mean(self, family: Family) -> None:
        """Summed over every value that 20,000 draws showed (discrete), or integrated (continuous)."""
        if joint(family):
            return  # on a plane of their own, below
        nu, near, t = example(family), 1e-6, torch.linspace(-16, 16, 160_001, dtype=torch.float64)
        at, step = t.sinh(), (t.cosh() * 32 / 160_000)[:, None, None]  # out to ±4e6: tails may be e^{αy} or y⁻⁵
        if family.discrete:
            at = family.transform(noise(family, (20_000, 5, 3), generator(), torch.float64), nu).unique()
            at = at if family.n_states else torch.arange(4 * float(at.max()) + 50, dtype=torch.float64)
            step, near = (
                torch.ones(()),
                1e-9 if len(at) == 2 else 1e-2,
            )  # a long tail beyond 20,000 draws is allowed a hundredth
        mass = family.log_prob(at[:, None, None].expand(-1, 5, 3), nu).exp() * step
        torch.testing.assert_close(mass.sum(0), torch.ones(5, 3, dtype=torch.float64), rtol=near, atol=near)
        torch.testing.assert_close((mass * at[:, None, None]).sum(0), family.mean(nu), rtol=near, atol=near)

    def test_a_parameter_that_has_overflowed_is_that_data_points_alone(self, family: Family) -> None:
        """Its draw or its density is not finite, so the run says so; nothing is raised, and all other draws are what they were."""
        nu, epsilon = example(family).float(), noise(family, (4, 5, 3), generator())
        others = [0, 1, 3, 4]
        for bad in (math.nan, math.inf):
            spoilt = nu.clone()
            spoilt[2, 0] = bad
            value = family.transform(epsilon, spoilt)
            assert torch.equal(value[:, others], family.transform(epsilon, nu)[:, others])
            density = family.log_prob(value, spoilt)
            assert not (value[:, 2].isfinite().all() and density[:, 2].isfinite().all())
            assert density[:, others].isfinite().all()

    def test_density_is_a_librarys(self, family: Family) -> None:
        """Of the original variate y, |dz/dy| of whose value is `log_slope`; to 1e-12 in float64."""
        if family.name not in REFERENCES:
            return  # its mass is 1 and its draws have its moments, by the other tests
        nu = example(family)
        value = family.transform(noise(family, (5, 3), generator(16), torch.float64), nu)
        y = family.original(value)
        torch.testing.assert_close(family.value(y), value, rtol=1e-9, atol=1e-9)
        known = REFERENCES[family.name](getattr(family, "scale", None), *nu.unbind(-2)).log_prob(y)
        found = family.log_prob(value, nu) + (family.log_slope(y) if family.transformed else 0.0)
        torch.testing.assert_close(found, known.view(found.shape), rtol=1e-11, atol=1e-11)

    def test_draws_lie_in_the_support_and_what_lies_outside_is_refused(self, family: Family) -> None:
        nu = example(family).abs()  # not so near the ends that they are reached by rounding
        y = family.original(family.transform(noise(family, (1000, 5, 3), generator(17), torch.float64), nu))
        assert bool(family.support.holds(y).all())
        assert family.support.refuses(y[:, 0], family.label) is None
        for bad in OUTSIDE.get(family.support, []):
            table = y[:, 0].clone()
            table[7, 1] = bad
            reason = family.support.refuses(table, family.label)
            assert reason is not None
            assert f"row 7, column 1 is {bad:g}" in reason

    def test_sums_are_those_of_the_coordinates(self, family: Family) -> None:
        """The family's own shortest way, with a second parameter that all data share, and from the original variates."""
        if joint(family):
            return
        nu = example(family)
        value = family.transform(noise(family, (5, 3), generator(18), torch.float64), nu)
        shared = (nu[:, 0], nu[0, 1], *nu[:, 2:].unbind(1)) if family.n_params > 1 else (nu[:, 0],)
        stacked = torch.stack(torch.broadcast_tensors(*shared), -2)
        known = family.log_prob(value, stacked).sum(-1)
        near = {"rtol": 1e-12, "atol": 1e-12}
        torch.testing.assert_close(family.log_prob_sum(value, shared), known, **near)
        y = family.original(value)
        slope = family.log_slope(y).sum(-1)
        torch.testing.assert_close(family.log_density_sum(y, shared), known + slope, rtol=1e-9, atol=1e-9)

    def test_originals_drawn_without_noise_have_their_expectation(self, family: Family) -> None:
        """4 standard errors of 30,000 draws; moderate ν, for a log-normal's standard error says little of its rare large draws."""
        nu = 0.3 * example(family).expand(30_000, 5, family.n_params, 3)
        assert in_errors(family.sample(nu, generator(19)), family.expectation(nu[0])) < 4

    def test_log_q_of_a_drawn_value_is_the_densitys_with_its_total_derivative(self, family: Family) -> None:
        nu = example(family).requires_grad_()
        drawn = noise(family, (5, 3), generator(), torch.float64)
        value = family.transform(drawn, nu)
        short, long = family.log_prob_drawn(drawn, value, nu), family.log_prob(value, nu).sum(-1)
        torch.testing.assert_close(short, long)
        if family.reparameterizable:
            ours, plain = (torch.autograd.grad(each.sum(), nu, retain_graph=True)[0] for each in (short, long))
            torch.testing.assert_close(ours, plain)

    def test_draws_have_the_densitys_moments(self, family: Family) -> None:
        """Mean of the draws, and mean of log q whose expectation is −entropy by the same density; 4 standard errors,
        R = 200,000, or 30,000 of those that solve equations for each draw.
        """
        nu, count = example(family), 200_000 if family.gaussian or family.n_states else 30_000
        values = family.transform(noise(family, (count, 5, 3), generator(), torch.float64), nu)
        assert in_errors(values, family.mean(nu)) < 4
        log_q = family.log_prob(values, nu)
        again = family.log_prob(family.transform(noise(family, (count, 5, 3), generator(1), torch.float64), nu), nu)
        z = (log_q.mean(0) - again.mean(0)) / ((log_q.var(0) + again.var(0)) / count).sqrt()
        assert float(z.abs().max()) < 4
        score = family.score(values, nu.expand(count, *nu.shape))
        assert in_errors(score) < 4, "the score's mean is zero only under the density that was drawn from"

    def test_score_is_the_finite_difference(self, family: Family) -> None:
        nu, tiny = example(family), 1e-6
        value = family.transform(noise(family, (5, 3), generator(2), torch.float64), nu)
        score = family.score(value, nu)
        for index, k in itertools.product(range(family.n_params), range(3)):
            step = torch.zeros_like(nu)
            step[:, index, k] = tiny
            slope = (family.log_prob(value, nu + step) - family.log_prob(value, nu - step)).sum(-1) / (2 * tiny)
            torch.testing.assert_close(score[:, index, k], slope, rtol=1e-6, atol=1e-7)

    def test_noise_comes_from_the_generator_alone(self, family: Family) -> None:
        torch.manual_seed(1)
        first = noise(family, (4, 3), generator(5))
        torch.manual_seed(2)
        state = torch.get_rng_state()
        assert torch.equal(first, noise(family, (4, 3), generator(5)))
        assert torch.equal(state, torch.get_rng_state())
        assert not torch.equal(first, noise(family, (4, 3), generator(6)))
        assert first.dtype == torch.float32
        assert noise(family, (4, 3), generator(5), torch.float64).dtype == torch.float64

    def test_transform_is_differentiable_if_declared(self, family: Family) -> None:
        nu = example(family).requires_grad_()
        value = family.transform(noise(family, (5, 3), generator(3), torch.float64), nu)
        assert value.shape == (5, 3)
        if family.reparameterizable:
            given = noise(family, (5, 3), generator(3), torch.float64)
            assert torch.autograd.gradcheck(lambda raw: family.transform(given, raw), nu)
        else:
            assert not value.requires_grad

    def test_log_prob_is_differentiable(self, family: Family) -> None:
        nu = example(family).requires_grad_()
        value = family.transform(noise(family, (5, 3), generator(4), torch.float64), nu.detach())
        assert torch.autograd.gradcheck(lambda raw: family.log_prob(value, raw), nu)

    def test_extreme_parameters_stay_finite(self, family: Family) -> None:
        """In float32, where training happens: ν of ±20."""
        for extreme in (-20.0, 20.0):
            nu = torch.full((family.n_params, 3), extreme)
            nu[:-1] = 0.0
            value = family.transform(noise(family, (3,), generator(7)), nu)
            assert family.log_prob(value, nu).isfinite().all()


def test_divergence_from_standard_is_the_integral() -> None:
    """KL(N(μ, s²) ‖ N(0, 1)) by quadrature on a fine grid."""
    nu = numbers(2, 3, seed=31, scale=0.6)
    at = torch.linspace(-15, 15, 6_001, dtype=torch.float64)[:, None].expand(-1, 3)
    log_q, log_p = Normal().log_prob(at, nu), Normal().log_prob(at, torch.zeros(2, 1, dtype=torch.float64))
    known = (log_q.exp() * (log_q - log_p)).sum(0) * (30 / 6_000)
    torch.testing.assert_close(Normal().divergence_from_standard(nu), known, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("raw", [-50.0, -110.0])
def test_a_normal_whose_scale_underflows_has_its_entropy_and_divergence_with_their_derivatives(link, raw) -> None:
    """s = e^ρ to the last bit: d entropy/dρ = 1, d KL/dρ = s²/s₀² − 1 = −1, in float32, where 1/s² or s itself is no number."""
    family, nu = Normal(link), torch.tensor([[0.3], [raw]], requires_grad=True)
    standard = torch.tensor([[0.0], [0.0 if link == "exp" else math.log(math.e - 1)]])  # s₀ = 1
    rest = 0.5 * (0.3**2 - 1)
    for found, known, slope in (
        (family.entropy(nu), raw + 0.5 * math.log(2 * math.pi * math.e), 1.0),
        (family.divergence(nu, standard), rest - raw, -1.0),
        (family.divergence_from_standard(nu), rest - raw, -1.0),
    ):
        assert float(found.detach()) == pytest.approx(known, rel=1e-6)
        assert float(torch.autograd.grad(found.sum(), nu)[0][1]) == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize(
    "family", [family for family in ALL if family.states("log_prob_factored")], ids=lambda each: each.symbol
)
def test_sums_over_entries_are_sums_over_all(family: Family) -> None:
    """Means Σ_k left_rk right_ck + floor of a sparse table of counts."""
    x = torch.poisson(torch.full((6, 20), 0.2, dtype=torch.float64), generator=generator(20))
    left, right = (torch.rand(2, size, 3, generator=generator(size), dtype=torch.float64) for size in (6, 20))
    mean = left @ right.mT + 1e-3
    found = family.log_prob_factored(Entries.of(x), left, right, 1e-3)
    torch.testing.assert_close(found, family.log_prob_sum(x, (mean.log(),)), rtol=1e-12, atol=1e-12)


def test_references_are_of_listed_families() -> None:
    assert set(REFERENCES) <= set(FAMILIES)


def test_a_value_lost_with_probability_one_in_three_is_a_mixture() -> None:
    """p(0) = π + (1 − π) NB(0), p(x) = (1 − π) NB(x), by torch's negative binomial."""
    family, nu, x = (
        FAMILIES["zero_inflated"](),
        numbers(4, 3, 3, seed=35),
        torch.arange(12.0, dtype=torch.float64).view(4, 3),
    )
    counted = torch.distributions.NegativeBinomial(nu[:, 1].exp(), logits=nu[:, 0] - nu[:, 1]).log_prob(x).exp()
    lost = nu[:, 2].sigmoid()
    known = (lost * (x == 0) + (1 - lost) * counted).log()
    torch.testing.assert_close(family.log_prob(x, nu), known, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("family", [FullRank(2), LowRank(1)], ids=lambda family: family.name)
def test_joint_normals_have_mass_one_and_their_covariance(family: Family) -> None:
    """On a plane."""
    nu = numbers(family.n_params, 2, seed=32, scale=0.5)
    axis = torch.linspace(-12, 12, 401, dtype=torch.float64)
    at = torch.cartesian_prod(axis, axis)
    mass = family.log_prob(at, nu.expand(len(at), *nu.shape)).exp().squeeze(-1) * (24 / 400) ** 2
    off = at - family.mean(nu)
    assert float(mass.sum()) == pytest.approx(1, abs=1e-9)
    torch.testing.assert_close(torch.einsum("p,pi,pj->ij", mass, off, off), family.covariance(nu), rtol=1e-8, atol=1e-8)


def test_dirichlets_density_is_that_of_the_log_ratios() -> None:
    """Over y_1 − y_3 and y_2 − y_3, by quadrature; its mean too."""
    nu = numbers(1, 3, seed=33, scale=0.5)
    axis = torch.linspace(-60, 60, 1201, dtype=torch.float64)
    ratios = torch.cartesian_prod(axis, axis, torch.zeros(1, dtype=torch.float64))
    at = ratios.log_softmax(-1)
    mass = Dirichlet().log_prob(at, nu.expand(len(at), 1, 3)).exp().squeeze(-1) * 0.01
    assert float(mass.sum()) == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(mass @ at, Dirichlet().mean(nu), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", [family for family in ALL if family.states("entropy")], ids=lambda each: each.symbol)
def test_entropy_is_the_mean_of_minus_log_q(family: Family) -> None:
    nu, count = example(family), 20_000
    values = family.transform(noise(family, (count, 5, 3), generator(8), torch.float64), nu)
    assert in_errors(-family.log_prob(values, nu.expand(count, *nu.shape)), family.entropy(nu)) < 4


@pytest.mark.parametrize(
    "family", [family for family in ALL if family.states("divergence")], ids=lambda each: each.symbol
)
def test_divergence_is_the_mean_log_ratio(family: Family) -> None:
    """Zero for ν = ν₀, and E_q[log q − log q₀] elsewhere."""
    nu, other, count = example(family), numbers(family.n_params, 3, seed=34, scale=0.5), 20_000
    values = family.transform(noise(family, (count, 5, 3), generator(9), torch.float64), nu)
    ratio = family.log_prob(values, nu.expand(count, *nu.shape)) - family.log_prob(
        values, other.expand(count, 5, -1, -1)
    )
    assert in_errors(ratio, family.divergence(nu, other)) < 4
    assert float(family.divergence(nu, nu).abs().max()) < 1e-12


@pytest.mark.parametrize("family", [family for family in ALL if family.states("mirror")], ids=lambda each: each.symbol)
def test_a_mirror_image_is_another_noise_whose_mirror_image_is_the_first(family: Family) -> None:
    drawn = family.noise(family.noise_shape((50, 3)), torch.Generator().manual_seed(4), torch.float64)
    mirrored = family.mirror(drawn)
    assert bool((mirrored != drawn).all())
    torch.testing.assert_close(family.mirror(mirrored), drawn, rtol=0, atol=1e-15)


@pytest.mark.parametrize("family", [Normal(), LogNormal(), FullRank(3), LowRank(2)], ids=lambda each: each.name)
def test_mirrored_draws_of_a_symmetric_family_lie_on_either_side_of_the_mean(family: Family) -> None:
    """t(ε, ν) + t(mirror ε, ν) = 2μ: what is linear in z has no variance over such a pair."""
    generator = torch.Generator().manual_seed(5)
    nu = torch.randn(family.n_params, 3, generator=generator, dtype=torch.float64)
    noise = family.noise(family.noise_shape((50, 3)), generator, torch.float64)
    both = family.transform(noise, nu) + family.transform(family.mirror(noise), nu)
    torch.testing.assert_close(both, (2 * nu[0]).expand(50, 3), rtol=0, atol=1e-13)


@pytest.mark.parametrize("family", [family for family in ALL if family.states("mirror")], ids=lambda each: each.symbol)
def test_mirrored_and_uniform_noise_have_the_law_of_the_noise(family: Family) -> None:
    """Two moments of each, 4 standard errors."""
    shape = family.noise_shape((100_000, 3))
    drawn = family.noise(shape, generator(10), torch.float64)
    for same in (
        family.mirror(drawn),
        family.from_uniform(torch.rand(shape, generator=generator(11), dtype=torch.float64)),
    ):
        fresh = family.noise(shape, generator(12), torch.float64)
        for power in (1, 2):
            a, b = same**power, fresh**power
            assert float(((a.mean(0) - b.mean(0)) / ((a.var(0) + b.var(0)) / len(a)).sqrt()).abs().max()) < 4


@pytest.mark.parametrize("shape", [0.001, 0.01, 0.1, 0.5, 1.0, 5.0])
def test_gamma_is_right_in_float32_down_to_shape_a_thousandth(shape: float) -> None:
    """E log z = ψ(α) − log α and its derivative in log α, α ψ′(α) − 1, each within 1 % and 4 standard errors."""
    count, alpha = 200_000, torch.tensor(shape, dtype=torch.float64)
    nu = torch.stack([torch.zeros(count, 1), torch.full((count, 1), float(alpha.log()))], -2).requires_grad_()
    y = Gamma().transform(Gamma().noise((count, 1), generator(13)), nu)
    assert y.dtype == torch.float32
    y.sum().backward()
    slopes = nu.grad[:, 1, 0].double()
    known = float(torch.digamma(alpha) - alpha.log()), float(alpha * torch.polygamma(1, alpha) - 1)
    for sample, truth in zip((y.detach()[:, 0].double(), slopes), known, strict=True):
        assert in_errors(sample.unsqueeze(-1), truth) < 4
        assert float(sample.mean()) == pytest.approx(truth, rel=0.01)


def test_dirichlet_draws_stay_on_the_simplex_at_small_concentrations() -> None:
    """In float32, α = .001: the logs are finite and the proportions add up to 1."""
    nu = torch.full((1000, 1, 3), -6.9)
    y = Dirichlet().transform(Dirichlet().noise((1000, 3), generator(14)), nu)
    assert y.isfinite().all()
    torch.testing.assert_close(y.exp().sum(-1), torch.ones(1000))
    assert Dirichlet().log_prob(y, nu).isfinite().all()


@pytest.mark.parametrize("kind", ["iid", "antithetic", "sobol"])
def test_a_point_mass_next_to_a_normal_has_no_noise_however_the_normal_is_drawn(kind: str) -> None:
    sites = {name: Site(name, "global", (3,), family) for name, family in (("a", Normal()), ("b", PointMass()))}
    drawn = draw_noise(SimpleNamespace(sites=sites), None, 2, 4, generator(1), torch.float64, kind)
    assert drawn["b"].shape == (2, 4, 1, 3)
    assert not drawn["b"].any()
    assert bool((drawn["a"] != 0).all())
