"""Identities that hold draw by draw, to rounding in float64: no statistics needed."""

import math

import pytest
import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch
from elbo_room.models.deep_generative.model import DeepGenerative
from elbo_room.models.estimators import ESTIMATORS, Estimator, LeaveOneOut, PathOnly, Reparameterization, Score, ScoreXi
from elbo_room.models.families import Bernoulli, Normal
from elbo_room.models.inference.estimate import draw_noise, estimate
from elbo_room.models.networks import Architecture
from elbo_room.models.priors import NormalPrior
from elbo_room.models.variational import Amortized, Posterior
from tests.models.estimators.plain_scores import SCORE_LOSSES
from tests.models.problems import PROBLEMS, chain, conjugate, numbers
from tests.models.truth import applies, batch_means, distance, every

EXACT = {"rtol": 1e-12, "atol": 1e-12}
ALL = {name: part() for name, part in ESTIMATORS.items()}


def vae(response: str = "normal") -> tuple[DeepGenerative, Posterior, Batch]:
    """A small deep generative model with encoder and decoder in float64, 5 of 9 data."""
    generator = torch.Generator().manual_seed(0)
    net = Architecture(width=6, depth=2, attention="logistic", input_reinjection=True)
    family = Normal(scale_link="softplus", floor=0.05) if response == "normal" else Bernoulli()
    model = DeepGenerative(4, 2, family, net, NormalPrior(1.0), generator).double()
    q = Posterior({"z": Amortized(model.sites["z"], 4, 9, net, generator)}).double()
    rows = torch.tensor([0, 2, 3, 7, 8])
    return model, q, Batch(numbers(9, 4, seed=20)[rows], rows, 9)


def own_gradients(*modules: nn.Module) -> list[Tensor]:
    return [p.grad.clone() for module in modules for p in module.parameters() if p.grad is not None]


def plain_entropy(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    entropy = (nu[:, 1] + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)
    return -(factors[0].value + factors[1].value + entropy).mean()


def plain_kl(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    return -(factors[1].value - Normal().divergence_from_standard(nu).sum(-1)).mean()


def plain_iwae(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    return -(factors[0].value + factors[1].value - log_q).logsumexp(1).mean()


def plain_dreg(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    """Two losses: the decoder's with fixed draws and w̃, the encoder's with a fixed decoder and w̃²."""
    share = (factors[0].value + factors[1].value - log_q).softmax(1).detach()
    fixed = model.factors(batch, {"z": z.detach()})
    for p in model.parameters():
        p.requires_grad_(False)
    moving = model.factors(batch, {"z": z})
    for p in model.parameters():
        p.requires_grad_(True)
    log_w = moving[0].value + moving[1].value - Normal().log_prob(z, nu.detach()).sum(-1)
    return -((share * fixed[1].value).sum(1) + (share.square() * log_w).sum(1)).mean()


def plain_vimco(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    """The baseline of every draw from a loop over the others, the bound itself by autograd."""
    live = factors[0].value + factors[1].value - log_q
    log_w, count = live.detach(), live.shape[1]
    bound = live.logsumexp(1) - math.log(count)
    total = bound
    for b in range(count):
        rest = log_w[:, [c for c in range(count) if c != b]]
        without = torch.cat([rest, rest.mean(1, keepdim=True)], 1).logsumexp(1) - math.log(count)
        total = total + (bound.detach() - without) * log_q[:, b]
    return -total.mean()


def plain_miller(model, q, batch, noise, nu, z, factors, log_q, full: bool = False) -> Tensor:
    """Gradient and Hessian at the mean datum by datum, by torch's own `jacobian` and `hessian`."""
    extra = torch.zeros_like(nu).expand(*z.shape[:2], *nu.shape).clone()
    for i in range(batch.size):
        one = Batch(batch.x[i : i + 1], batch.rows[i : i + 1], batch.total)

        def log_p(at: Tensor, one: Batch = one) -> Tensor:
            found = model.factors(one, {"z": at[None, None, None]})
            return (found[0].value + found[1].value).sum()

        mean, variance = nu[i, 0].detach(), (2 * nu[i, 1]).exp().detach()
        slope = torch.autograd.functional.jacobian(log_p, mean)
        hessian = torch.autograd.functional.hessian(log_p, mean)
        hessian = hessian if full else torch.diag(hessian.diagonal())
        off = (z[:, :, i] - mean).detach()  # (1, B, K)
        extra[:, :, i, 0] = slope + off @ hessian - slope
        extra[:, :, i, 1] = (slope + off @ hessian) * off - hessian.diagonal() * variance
    return plain_entropy(model, q, batch, noise, nu, z, factors, log_q) + (extra * nu).flatten(3).sum(-1).mean()


def plain_miller_full(*parts) -> Tensor:
    """The same with the whole Hessian."""
    return plain_miller(*parts, full=True)


def plain_ovis(model, q, batch, noise, nu, z, factors, log_q) -> Tensor:
    """The baseline of every draw from a loop over the auxiliary draws, each in its place in turn; the bound itself by autograd."""
    live = factors[0].value + factors[1].value - log_q
    log_w, count = live.detach(), live.shape[1]
    bound = live.logsumexp(1) - math.log(count)
    extra = Normal().transform(torch.randn(1, 8, *noise.shape[2:], generator=torch.Generator(), dtype=noise.dtype), nu)
    others = model.factors(batch, {"z": extra})
    swap = (others[0].value + others[1].value - Normal().log_prob(extra, nu).sum(-1)).detach()
    total = bound
    for b in range(count):
        signal = bound.detach()
        for each in range(8):
            changed = log_w.clone()
            changed[:, b] = swap[:, each]
            signal = signal - (changed.logsumexp(1) - math.log(count) - changed.softmax(1)[:, b]) / 8
        total = total + signal * log_q[:, b]
    return -total.mean()


PLAIN = {
    "analytic_entropy": plain_entropy,
    "analytic_kl": plain_kl,
    "iwae": plain_iwae,
    "dreg": plain_dreg,
    "vimco": plain_vimco,
    "ovis": plain_ovis,
    "quadratic_miller": plain_miller,
    "quadratic_miller_full": plain_miller_full,
    "quadratic_surrogate": plain_entropy,  # it has learned nothing yet
} | SCORE_LOSSES


def plain_loss(model: DeepGenerative, q: Posterior, batch: Batch, noise: Tensor, estimator: Estimator) -> Tensor:
    """The textbook's −surrogate per datum, ν not expanded, no tap, every formula written out."""
    nu = q.nu(model.sites["z"], batch)  # (M, n_params, K)
    family, path = Normal(), estimator.path
    z = family.transform(noise, nu)
    z = z if path else z.detach()
    factors = model.factors(batch, {"z": z})
    log_p = factors[0].value + factors[1].value  # (1, B, M)
    theta = factors[2].value.mean() / batch.total
    log_q = family.log_prob(z, nu).sum(-1)
    if estimator.name in PLAIN:
        return PLAIN[estimator.name](model, q, batch, noise, nu, z, factors, log_q) - theta
    if path:
        frozen = family.log_prob(z, nu.detach()).sum(-1)
        return -(log_p - (frozen if isinstance(estimator, PathOnly) else log_q)).mean() - theta
    f = (log_p - log_q).detach()
    norm = family.score(z, nu.expand(*z.shape[:2], *nu.shape)).square().flatten(3).sum(-1)
    if isinstance(estimator, LeaveOneOut):
        f = torch.stack(
            [f[:, b] - f[:, [c for c in range(f.shape[1]) if c != b]].mean(1) for b in range(f.shape[1])], 1
        )
    if isinstance(estimator, ScoreXi):
        rest = [[c for c in range(f.shape[1]) if c != b] for b in range(f.shape[1])]
        f = torch.stack([f[:, b] - (f * norm)[:, r].sum(1) / norm[:, r].sum(1) for b, r in enumerate(rest)], 1)
    return -(log_p + f * log_q).mean() - theta


@pytest.mark.parametrize("estimator", ALL.values(), ids=ALL)
@pytest.mark.parametrize("response", ["normal", "bernoulli"])
def test_encoder_and_decoder_gradients_equal_those_of_the_plain_mean(estimator: Estimator, response: str) -> None:
    """The tap is no detour: one backward pass through the expanded ν is the gradient of the textbook's loss."""
    model, q, batch = vae(response)
    if estimator.supports(Normal(), 4) or estimator.refuses(model):
        return
    noise = numbers(1, 4, 5, 2, seed=21)
    estimate(model, q, {"z": estimator}, batch, 4, torch.Generator(), noise={"z": noise})
    tapped = own_gradients(model, q)
    model.zero_grad()
    q.zero_grad()
    plain_loss(model, q, batch, noise, estimator).backward()
    for ours, theirs in zip(tapped, own_gradients(model, q), strict=True):
        torch.testing.assert_close(ours, theirs, **EXACT)


@pytest.mark.parametrize("estimator", [Score(), Reparameterization(), PathOnly()], ids=lambda part: part.name)
def test_every_draws_gradient_equals_a_loop_over_single_draws(estimator: Estimator) -> None:
    model, q, batch = vae()
    noise = numbers(1, 6, 5, 2, seed=22)
    site, together = model.sites["z"], {"z": estimator}
    at_once = estimate(model, q, together, batch, 6, torch.Generator(), noise={"z": noise}).draw_gradients(site)
    for b in range(6):
        alone = estimate(
            model, q, together, batch, 1, torch.Generator(), noise={"z": noise[:, b : b + 1]}
        ).draw_gradients(site)
        torch.testing.assert_close(at_once[:, b : b + 1], alone, **EXACT)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("estimator", [part for name, part in ALL.items()], ids=ALL)
def test_replicates_are_separate_estimates(name: str, estimator: Estimator) -> None:
    """Replicate r of R equals an estimate of its own with that replicate's noise: the probe's R axis mixes nothing."""
    problem = PROBLEMS[name]()
    own_noise = {"ovis", "categorical_rebar"} | (set() if name == "sigmoid_belief" else {"measure_valued"})
    if not applies(problem, estimator, 3) or estimator.name in own_noise:
        return  # these draw more than ε, and no replicate's share of that can be handed to it
    parts = every(estimator, problem.model)
    noise = draw_noise(problem.model, problem.batch, 4, 3, torch.Generator().manual_seed(4), torch.float64)
    whole = estimate(problem.model, problem.q, parts, problem.batch, 3, torch.Generator(), replicates=4, noise=noise)
    for r in range(4):
        own = {site: each[r : r + 1] for site, each in noise.items()}
        alone = estimate(problem.model, problem.q, parts, problem.batch, 3, torch.Generator(), noise=own)
        for site in problem.model.sites.values():
            torch.testing.assert_close(whole.draw_gradients(site)[r], alone.draw_gradients(site)[0], **EXACT)


@pytest.mark.parametrize("make", [conjugate, chain])
def test_total_derivative_equals_the_analytic_entropy_form(make) -> None:
    """For a location-scale q, −log q(t(ε, ν); ν) = ½ε² + ρ + const: its derivative is the entropy's, (0, 1), draw by
    draw.
    """
    problem = make()
    sites, batch = problem.model.sites, problem.batch
    noise = draw_noise(problem.model, batch, 2, 5, torch.Generator().manual_seed(6), torch.float64)
    found = estimate(
        problem.model,
        problem.q,
        every(Reparameterization(), problem.model),
        batch,
        5,
        torch.Generator(),
        replicates=2,
        noise=noise,
    )
    taps = {
        name: problem.q.nu(site, batch).detach().expand(2, 5, -1, -1, -1).clone().requires_grad_()
        for name, site in sites.items()
    }
    latents = {name: Normal().transform(noise[name], taps[name]) for name in sites}
    log_p = sum(factor.value.sum() for factor in problem.model.factors(batch, latents))
    slopes = torch.autograd.grad(log_p + sum(tap[..., 1, :].sum() for tap in taps.values()), list(taps.values()))
    for site, slope in zip(sites.values(), slopes, strict=True):
        torch.testing.assert_close(found.draw_gradients(site), slope, **EXACT)


def test_total_minus_path_only_is_minus_the_score() -> None:
    """The notes' two lines differ by −∇_ν log q at fixed z, draw by draw."""
    problem = conjugate()
    site = problem.model.sites["z"]
    noise = {"z": numbers(1, 5, 3, 1, seed=23)}
    total, path = (
        estimate(problem.model, problem.q, {"z": part}, problem.batch, 5, torch.Generator(), noise=noise)
        for part in (Reparameterization(), PathOnly())
    )
    draw = path.draws["z"]
    score = draw.family.score(draw.value, draw.nu)
    torch.testing.assert_close(total.draw_gradients(site) - path.draw_gradients(site), -score, **EXACT)


@pytest.mark.parametrize("draws", [2, 3, 8])
def test_leave_one_out_is_vargrad(draws: int) -> None:
    """ĝ = −∇ ½ var_{ddof=1}(log q(⌊z⌋; ν) − ⌊log p⌋), datum by datum (Richter et al. 2020)."""
    problem = conjugate()
    site = problem.model.sites["z"]
    noise = {"z": numbers(1, draws, 3, 1, seed=24)}
    found = estimate(
        problem.model, problem.q, {"z": LeaveOneOut()}, problem.batch, draws, torch.Generator(), noise=noise
    )
    nu = problem.q.nu(site, problem.batch).detach().requires_grad_()
    z = Normal().transform(noise["z"], nu.detach())
    log_p = sum(factor.value for factor in problem.model.factors(problem.batch, {"z": z}))
    half_variance = 0.5 * (Normal().log_prob(z, nu).sum(-1) - log_p).var(1, correction=1).sum()
    (slope,) = torch.autograd.grad(half_variance, nu)
    torch.testing.assert_close(found.draw_gradients(site).mean(1)[0], -slope, **EXACT)


def test_xi_of_the_other_draw_is_leave_one_out_at_two_draws() -> None:
    """With B = 2 the others are one draw, and E[f‖s‖²]/E‖s‖² of one draw is its f."""
    model, q, batch = vae()
    noise = {"z": numbers(1, 2, 5, 2, seed=25)}
    both = [
        estimate(model, q, {"z": part}, batch, 2, torch.Generator(), noise=noise) for part in (ScoreXi(), LeaveOneOut())
    ]
    first, second = (found.draw_gradients(model.sites["z"]) for found in both)
    torch.testing.assert_close(first, second, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_elbo_and_its_terms_average_to_the_exact_one(name: str) -> None:
    problem = PROBLEMS[name]()
    parts = every(Score(), problem.model)

    def average(seed: int) -> float:
        generator = torch.Generator().manual_seed(seed)
        one = estimate(problem.model, problem.q, parts, problem.batch, 4, generator, replicates=1_000)
        assert float(sum(one.terms.values())) == pytest.approx(float(one.elbo), abs=1e-12)
        return float(one.elbo)

    assert float(distance(batch_means(average), torch.tensor(problem.elbo)).abs()) < 4
