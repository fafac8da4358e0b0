"""The lecture notes' three questions: fair comparisons, and a conjugate pair whose truth is known by quadrature."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from elbo_room.models.data import digits, from_array, pinwheel
from elbo_room.models.deep_exponential_family import experiments
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.exact.gamma_poisson import GammaPoisson, Prior, gibbs
from elbo_room.models.training.run import Run

PRIOR = Prior(0.7, 1.3, 0.5, 0.9)


def counts(rows: int, words: int, rate: float) -> torch.Tensor:
    return torch.poisson(torch.full((rows, words), rate), generator=torch.Generator().manual_seed(0))


def planted() -> torch.Tensor:
    """60 documents of two topics with words of their own."""
    generator = torch.Generator().manual_seed(1)
    topics = torch.block_diag(torch.full((1, 15), 3.0), torch.full((1, 15), 3.0))
    share = torch.rand(60, 1, generator=generator).round()
    return torch.poisson(torch.cat([share, 1 - share], 1) @ topics + 0.05, generator=generator)


def test_the_rows_are_parted_without_loss_and_the_networks_are_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = experiments.parted(digits())
    both = torch.cat([train.x, test.x])
    assert torch.equal(both.sort(0).values, digits().x.sort(0).values)
    sizes = []
    monkeypatch.setattr(
        experiments,
        "_score",
        lambda run, test: sizes.append(sum(p.numel() for p in run.model.parameters())) or test.x[:, 0],
    )
    experiments.against_network(1)
    assert len(set(sizes)) == 1, sizes


def test_held_out_scores_of_a_few_steps_are_finite_and_compared_by_pairs() -> None:
    found = experiments.compared(experiments.mean_against_natural(steps=3))
    assert set(found) == {"mean", "natural"}
    assert all(math.isfinite(value) for each in found.values() for value in each)
    assert found["mean"][1:] == (0.0, 0.0)


def test_held_out_scores_rise_to_the_exact_marginal() -> None:
    """One linear Gaussian layer: log p(x) is N(x; α, θθᵀ + σ²I), and the weighted bound of many draws is just below it."""
    train, test = experiments.parted(pinwheel())
    settings = replace(experiments.GAUSSIAN, data="pinwheel", depth=1, width_1=1, activation="identity", stop_at=300)
    run = Run(settings, train)
    list(run)
    found = experiments.held_out_scores(run.model, run.q, test, torch.Generator().manual_seed(1), 1024)
    join, scale = run.model.connections["w1"], run.model.plan.response.scale(run.model.raw_scale)
    covariance = (join.weight @ join.weight.T + scale**2 * torch.eye(2)).detach()
    exact = torch.distributions.MultivariateNormal(join.bias.detach(), covariance).log_prob(test.x)
    assert abs(float((found - exact).mean())) < 0.005
    assert float((found - exact).abs().max()) < 0.2  # row by row


def test_coordinate_ascent_never_falls_and_its_elbo_is_the_integral() -> None:
    """With one unit the split costs nothing: the ELBO is E_q[log p(x, z, w) − log q], here by 200,000 draws."""
    x = counts(4, 3, 1.5)
    exact = GammaPoisson(x, 1, PRIOR, torch.Generator().manual_seed(3))
    levels = [exact.sweep().elbo() for _ in range(30)]
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(levels))
    gamma = torch.distributions.Gamma
    torch.manual_seed(5)
    q_z, q_w = gamma(exact.z_shape, exact.z_rate), gamma(exact.w_shape, exact.w_rate)
    z, w = q_z.sample((200_000,)), q_w.sample((200_000,))
    prior_z, prior_w = (gamma(torch.tensor(a).double(), torch.tensor(b).double()) for a, b in ((0.7, 1.3), (0.5, 0.9)))
    values = torch.distributions.Poisson(z @ w.transpose(-1, -2)).log_prob(x.double()).sum((-1, -2))
    values = values + (prior_z.log_prob(z) - q_z.log_prob(z)).sum((-1, -2))
    values = values + (prior_w.log_prob(w) - q_w.log_prob(w)).sum((-1, -2))
    error = float(values.std()) / len(values) ** 0.5
    assert abs(float(values.mean()) - levels[-1]) < 4 * error


def test_gibbs_sampling_has_the_posterior_mean_of_the_rate() -> None:
    """One count of 3, one unit: E[z w | x] by quadrature over log z, log w; autocorrelation costs about a factor of ten in draws."""
    grid = torch.linspace(-14, 4, 1200, dtype=torch.float64)
    log_z, log_w = grid[:, None], grid[None]
    rate = (log_z + log_w).exp()
    log_joint = 3 * (log_z + log_w) - rate + 0.7 * log_z - 1.3 * log_z.exp() + 0.5 * log_w - 0.9 * log_w.exp()
    weight = (log_joint - log_joint.max()).exp()
    truth = float((weight * rate).sum() / weight.sum())
    spread = float((weight * (rate - truth).square()).sum() / weight.sum()) ** 0.5
    mean, _, _ = gibbs(torch.tensor([[3.0]]), 1, PRIOR, 12_000, 2_000, torch.Generator().manual_seed(6))
    assert abs(float(mean) - truth) < 4 * spread / 1000**0.5


def test_black_box_inference_with_gamma_q_finds_what_coordinate_ascent_finds() -> None:
    """With one unit both climb the same ELBO over the same family; the prior is the notes' (mean 1), a Gamma of its own."""
    x = counts(6, 3, 1.5)
    exact = GammaPoisson(x, 1, Prior(0.5, 0.5, 0.5, 0.5), torch.Generator().manual_seed(3))
    for _ in range(100):
        exact.sweep()
    settings = Settings(
        data="docstrings", response="poisson", depth=1, layer_1="gamma", width_1=1, weights="gamma", layer_shape=0.5,
        weight_shape=0.5, positive_family="gamma", draws=8, step_size=0.03, stop_at=700,
    )  # fmt: skip
    steps = list(Run(settings, from_array(x)))
    last = torch.tensor([step.elbo for step in steps[-300:]])
    goal = exact.elbo() / 6
    assert goal - 0.03 < float(last.mean()) < goal + 4 * float(last.std()) / 30**0.5


def test_a_conjugate_pair_on_planted_topics() -> None:
    found = experiments.conjugate_pair(planted(), size=2, steps=300, sweeps=25)
    exact = found["exact coordinate ascent"][0]
    assert exact < 0.7 * found["unigram"][0]
    assert abs(found["black box"][0] / exact - 1) < 0.05
    assert abs(found["Gibbs sampling"][0] / exact - 1) < 0.05
