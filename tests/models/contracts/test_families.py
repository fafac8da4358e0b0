"""Every listed family: a density that integrates to 1, noise that becomes its draws, and the score that is its
derivative.
"""

import math

import pytest
import torch
from torch import Tensor

from models.families import FAMILIES, Family, Normal
from tests.models.problems import numbers

RESPONSE = Normal(scale_link="softplus", floor=0.05)
ALL = [family() for family in FAMILIES.values()] + [RESPONSE]
ids = [*FAMILIES, "normal as response"]


def example(family: Family) -> Tensor:
    """ν of 5 × 3 coordinates: (5, n_params, 3)."""
    return numbers(5, family.n_params, 3, seed=30, scale=0.7)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("family", ALL, ids=ids)
class TestFamily:
    def test_states_its_parameters(self, family: Family) -> None:
        assert len(family.parameter_names) == family.n_params

    def test_density_has_mass_one_and_its_mean(self, family: Family) -> None:
        """Summed over every value that 20,000 draws showed (discrete), or integrated (continuous)."""
        nu, step, near = example(family), 80 / 16_000, 1e-9
        at = torch.linspace(-40, 40, 16_001, dtype=torch.float64)
        if family.discrete:
            at = family.transform(family.noise((20_000, 5, 3), generator(), torch.float64), nu).unique()
            step, near = 1.0, 1e-9 if len(at) == 2 else 1e-2  # a long tail beyond 20,000 draws is allowed a hundredth
        mass = family.log_prob(at[:, None, None].expand(-1, 5, 3), nu).exp() * step
        torch.testing.assert_close(mass.sum(0), torch.ones(5, 3, dtype=torch.float64), rtol=near, atol=near)
        torch.testing.assert_close((mass * at[:, None, None]).sum(0), family.mean(nu), rtol=near, atol=near)

    def test_draws_have_the_densitys_moments(self, family: Family) -> None:
        """Mean of the draws, and mean of log q whose expectation is −entropy by the same density; 4 standard errors,
        R = 200,000.
        """
        nu, count = example(family), 200_000
        values = family.transform(family.noise((count, 5, 3), generator(), torch.float64), nu)
        z = (values.mean(0) - family.mean(nu)) / (values.std(0) / math.sqrt(count))
        assert float(z.abs().max()) < 4
        log_q = family.log_prob(values, nu)
        again = family.log_prob(family.transform(family.noise((count, 5, 3), generator(1), torch.float64), nu), nu)
        z = (log_q.mean(0) - again.mean(0)) / ((log_q.var(0) + again.var(0)) / count).sqrt()
        assert float(z.abs().max()) < 4
        score = family.score(values, nu.expand(count, *nu.shape))
        z = score.mean(0) / (score.std(0) / math.sqrt(count))
        assert float(z.abs().max()) < 4, "the score's mean is zero only under the density that was drawn from"

    def test_score_is_the_finite_difference(self, family: Family) -> None:
        nu, tiny = example(family), 1e-6
        value = family.transform(family.noise((5, 3), generator(2), torch.float64), nu)
        score = family.score(value, nu)
        for index in range(family.n_params):
            step = torch.zeros_like(nu)
            step[:, index] = tiny
            slope = (family.log_prob(value, nu + step) - family.log_prob(value, nu - step)) / (2 * tiny)
            torch.testing.assert_close(score[:, index], slope, rtol=1e-6, atol=1e-7)

    def test_noise_comes_from_the_generator_alone(self, family: Family) -> None:
        torch.manual_seed(1)
        first = family.noise((4, 3), generator(5))
        torch.manual_seed(2)
        state = torch.get_rng_state()
        assert torch.equal(first, family.noise((4, 3), generator(5)))
        assert torch.equal(state, torch.get_rng_state())
        assert not torch.equal(first, family.noise((4, 3), generator(6)))
        assert first.dtype == torch.float32
        assert family.noise((4, 3), generator(5), torch.float64).dtype == torch.float64

    def test_transform_is_differentiable_if_it_says_so(self, family: Family) -> None:
        nu = example(family).requires_grad_()
        value = family.transform(family.noise((5, 3), generator(3), torch.float64), nu)
        assert value.shape == (5, 3)
        if family.reparameterizable:
            noise = family.noise((5, 3), generator(3), torch.float64)
            assert torch.autograd.gradcheck(lambda raw: family.transform(noise, raw), nu)
        else:
            assert not value.requires_grad

    def test_log_prob_is_differentiable(self, family: Family) -> None:
        nu = example(family).requires_grad_()
        value = family.transform(family.noise((5, 3), generator(4), torch.float64), nu.detach())
        assert torch.autograd.gradcheck(lambda raw: family.log_prob(value, raw), nu)

    def test_extreme_parameters_stay_finite(self, family: Family) -> None:
        """In float32, where training happens: ν of ±20."""
        for extreme in (-20.0, 20.0):
            nu = torch.full((family.n_params, 3), extreme)
            nu[:-1] = 0.0
            value = family.transform(family.noise((3,), generator(7)), nu)
            assert family.log_prob(value, nu).isfinite().all()


def test_divergence_from_standard_is_the_integral() -> None:
    """KL(N(μ, s²) ‖ N(0, 1)) by quadrature on a fine grid."""
    nu = numbers(2, 3, seed=31, scale=0.6)
    at = torch.linspace(-15, 15, 6_001, dtype=torch.float64)[:, None].expand(-1, 3)
    log_q, log_p = Normal().log_prob(at, nu), Normal().log_prob(at, torch.zeros(2, 1, dtype=torch.float64))
    known = (log_q.exp() * (log_q - log_p)).sum(0) * (30 / 6_000)
    torch.testing.assert_close(Normal().divergence_from_standard(nu), known, rtol=1e-9, atol=1e-9)
