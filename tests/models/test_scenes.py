"""What the scenes state, computed another way: numbers of goals and questions in closed form, with numpy, scikit-learn or statsmodels;
claims of a direction by a few own replicates of the gradient. Every scene has a test here, and a new one without fails.
"""

import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import HuberRegressor, LogisticRegression
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from elbo_room.models.catalogue import settings_from
from elbo_room.models.data.dna import known_motifs
from elbo_room.models.data.passage import NOTES, OWNER_FEELS, WORDS
from elbo_room.models.presets import PRESETS
from elbo_room.models.training.run import Run

CHECKS: dict[str, Callable[[], None]] = {}
DRAWS = 4000  # of a gradient: a ratio of variances is known to a few per cent


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    """The runs and their data are let go of after the last scene."""
    yield
    trained.cache_clear()
    eigenvalues.cache_clear()


def scene(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """The test of a scene."""

    def keep(check: Callable[[], None]) -> Callable[[], None]:
        CHECKS[name] = check
        return check

    return keep


@cache
def trained(name: str, steps: int, **change: Any) -> tuple[Run, list[float]]:
    """A scene's run after some steps, and the ELBO of each."""
    run = Run(settings_from(PRESETS[name]["settings"] | {"stop_at": max(steps, 1)} | change))
    return run, [next(run).elbo for _ in range(steps)]


def made(name: str, steps: int = 0, **change: Any) -> Run:
    """A scene's run after some steps."""
    return trained(name, steps, **change)[0]


def climbed(name: str, steps: int, **change: Any) -> float:
    """The mean ELBO over the last fifty of the first steps."""
    return float(np.mean(trained(name, steps, **change)[1][-50:]))


def words(name: str) -> str:
    """Everything that a scene says, in one string."""
    preset = PRESETS[name]
    asked = [f"{task['ask']} {task['why']} {' '.join(task['choices'])}" for task in preset.get("tasks", ())]
    return " ".join([preset["goal"], *asked]).replace("−", "-")


def numbers(name: str, pattern: str) -> list[float]:
    """The numbers that a pattern finds in a scene's words."""
    found = re.search(pattern, words(name))
    assert found, f"{name} no longer says {pattern!r}"
    return [float(number) for number in found.groups()]


def bag(x: Tensor, positions: int) -> np.ndarray[Any, Any]:
    """How often each word occurs: (N, vocabulary)."""
    return x.unflatten(1, (positions, -1)).sum(1).numpy()


# gradients, by hand


def gradients(run: Run, rows: int, draws: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Of single draws of a mean-field Gaussian q, in (μ, log s): f s, ∇_ν f(μ + s ε), and the path alone; (draws, rows, 2K) each."""
    batch = run.data.batch(torch.arange(rows))
    mean, raw = run.q.nu(run.model.sites["z"], batch).detach().unbind(-2)  # (M, K)
    noise = torch.randn(draws, *mean.shape, generator=torch.Generator().manual_seed(seed))
    wide = [each.expand(draws, *mean.shape).clone().requires_grad_() for each in (mean, raw)]
    z = wide[0] + wide[1].exp() * noise
    log_q = (-0.5 * noise.square() - wide[1] - 0.5 * math.log(2 * math.pi)).sum(-1)
    local = [factor.value[0] for factor in run.model.factors(batch, {"z": z[None]}) if factor.value.ndim == 3]
    f = sum(local, -log_q)  # (draws, rows)
    path = torch.cat(torch.autograd.grad(f.sum(), wide), -1)
    score = torch.cat([noise / raw.exp(), noise.square() - 1], -1)
    return f.detach().unsqueeze(-1) * score, path, path + score  # −∇ log q at a fixed z is taken off: E score = 0


def spread(gradient: Tensor) -> float:
    """tr Var over draws, of all rows."""
    return float(gradient.var(0).sum())


@scene("digits")
def _five_estimators_of_one_gradient() -> None:
    """The same mean; towards the end the score's variance is about a thousand times that of the path alone."""
    score, path, alone = gradients(made("digits", 1200), 16, DRAWS)
    error = (score.var(0) / DRAWS + path.var(0) / DRAWS).sqrt()
    far = ((score.mean(0) - path.mean(0)) / error).square()
    assert float(far.mean()) < 1 + 4 * math.sqrt(2 / far.numel()), "they have one mean"
    assert 300 < spread(score) / spread(alone) < 5000
    assert "thousandfold" in words("digits")


@scene("score")
def _the_mean_of_b_draws_has_a_bth_of_the_variance() -> None:
    score, path, _ = gradients(made("score", 100), 8, DRAWS)
    by_draws = [spread(score.unflatten(0, (-1, count)).mean(1)) for count in (1, 4, 16)]
    slope = np.polyfit(np.log([1, 4, 16]), np.log(by_draws), 1)[0]
    assert abs(slope + 1) < 0.2
    assert "-1: twice the draws, half the variance" in words("score")
    assert spread(score) > spread(path)


@scene("pinwheel")
def _five_arms() -> None:
    arms, nats = (
        np.unique(made("pinwheel").data.labels.numpy(), return_counts=True)[1],
        numbers("pinwheel", r"log 5 = ([\d.]+)")[0],
    )
    share = arms / arms.sum()
    assert len(arms) == 5
    assert -(share * np.log(share)).sum() == pytest.approx(nats, abs=0.05)


@scene("scale")
def _two_heads() -> None:
    """The bundled run of one σ ends near 16; with σ(z) the ELBO is more than 10 nats higher already after 300 steps each."""
    from elbo_room.widgets.messages import Started
    from elbo_room.widgets.sessions.example import example

    started = next(message for message in example() if isinstance(message, Started))
    assert started.curves["elbo"][-30:, 1].mean() == pytest.approx(numbers("scale", r"ends near (\d+) nats")[0], abs=1)
    assert climbed("scale", 300) - climbed("digits", 300) > 10
    x = made("scale").data.x.numpy()
    assert (x.std(0) < 1e-6).any(), "pixels at the edge are always empty"


@scene("evidence")
def _the_elbo_is_below_log_p() -> None:
    """By plain importance sampling from q: log (1/S) Σ w is above the mean log w, and both gaps are there to be told apart."""
    run = made("evidence", 200)
    batch = run.data.batch(torch.arange(64))
    with torch.no_grad():
        mean, raw = run.q.nu(run.model.sites["z"], batch).unbind(-2)
        noise = torch.randn(2000, *mean.shape, generator=torch.Generator().manual_seed(1))
        z = mean + raw.exp() * noise
        log_q = (-0.5 * noise.square() - raw - 0.5 * math.log(2 * math.pi)).sum(-1)
        local = [factor.value[0] for factor in run.model.factors(batch, {"z": z[None]}) if factor.value.ndim == 3]
        log_w = sum(local, -log_q)
    gap = log_w.logsumexp(0) - math.log(len(log_w)) - log_w.mean(0)
    assert float(gap.min()) > 0
    assert float(gap.mean()) > 0.05


@cache
def eigenvalues(name: str) -> np.ndarray[Any, Any]:
    """Of the sample covariance, falling."""
    x = made(name).data.x.numpy().astype(float)
    return np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]


@scene("ppca")
def _all_eight_live() -> None:
    """Tipping & Bishop: σ² is the mean of the discarded eigenvalues, and dimension j carries ½ log(λ_j/σ²) nats."""
    found = eigenvalues("ppca")
    nats = 0.5 * np.log(found[:8] / found[8:].mean())
    assert (nats > 0.01).all()
    assert PRESETS["ppca"]["settings"]["latent_size"] == 8


@scene("collapse_threshold")
def _eigenvalues_that_exceed_sigma() -> None:
    stated = [float(number) for number in re.findall(r"\.\d\d", words("collapse_threshold").split("If σ")[0])]
    assert len(stated) == 8
    np.testing.assert_allclose(eigenvalues("collapse_threshold")[:8], stated, atol=0.006)
    square = PRESETS["collapse_threshold"]["settings"]["sigma"] ** 2
    assert square == pytest.approx(numbers("collapse_threshold", r"σ² = ([\d.]+):")[0], abs=5e-4)
    assert (np.array(stated) > square).sum() == 4
    assert "four eigenvalues exceed it" in words("collapse_threshold")


def alive(name: str, steps: int, **change: Any) -> int:
    """Dimensions whose KL from N(0, 1), written out, is above .01 nats, averaged over the data."""
    run = made(name, steps, **change)
    mean, raw = run.q.nu(run.model.sites["z"], run.data.whole()).detach().unbind(-2)
    divergence = 0.5 * (mean.square() + (2 * raw).exp() - 1) - raw
    return int((divergence.mean(0) > 0.01).sum())


# regressions and classes


@scene("regression")
def _a_curve_with_a_gap_and_a_stiff_prior() -> None:
    """There is a gap, and functions drawn from the prior vary less, and turn less often, at a smaller λ."""
    run = made("regression")
    x = np.sort(run.data.x[:, 0].numpy())
    widest = np.diff(x).argmax()
    assert np.diff(x)[widest] > 1.5 > 10 * np.median(np.diff(x))
    assert x[widest] < 0 < x[widest + 1]
    grid, unit = (
        torch.linspace(-3, 3, 101)[:, None],
        torch.randn(200, run.model.space.size, generator=torch.Generator().manual_seed(0)),
    )
    bends = [
        float((run.model.space(grid, scale * unit)[..., 0].diff(dim=-1) / scale).abs().sum(-1).mean())
        for scale in (3.0, 0.3)
    ]
    assert bends[0] > 2 * bends[1], "also when the curves are brought to one size"


@scene("map")
def _a_point_has_no_band_and_the_curvature_gives_one() -> None:
    """By hand: J (JᵀJ/σ² + I/λ²)⁻¹ Jᵀ at the point is wider in the gap than at the data; q itself has no spread."""
    run = made("map", 400)
    assert not run.model.sites["w"].family.scored
    w = run.q.nu(run.model.sites["w"], run.data.whole()).detach().reshape(-1)[: run.model.space.size].double()

    def jacobian(x: Tensor) -> Tensor:
        return torch.autograd.functional.jacobian(
            lambda each: run.model.space(x, each.float()[None])[0, :, 0].double(), w
        )

    settings = run.settings
    at = jacobian(run.data.x)
    precision = at.T @ at / settings.spread**2 + torch.eye(len(w)) / settings.prior_scale**2
    near, gap = (
        (j @ torch.linalg.solve(precision, j.T)).diagonal().sqrt()
        for j in (at, jacobian(torch.linspace(-0.5, 0.8, 20)[:, None]))
    )
    assert float(gap.median()) > 1.1 * float(near.median())


@scene("shared_weights")
def _noise_of_a_shared_draw_stays_and_that_of_own_draws_averages_out() -> None:
    """Var of ∇_μ mean_i log p(y_i | x_i, μ + s ε_i) over M data points: from 128 to 354 it stays with one ε, and falls with an ε each."""
    run = made("shared_weights", 300)
    nu = run.q.nu(run.model.sites["w"], run.data.whole()).detach().reshape(2, -1)
    phi = (1e-3 + run.model.log_spread.detach().exp()).square()

    def sums(rows: int, own: bool, draws: int = 200) -> float:
        x, y = run.data.x[:rows], run.data.y[:rows]
        generator = torch.Generator().manual_seed(rows)
        w = nu[0] + nu[1].exp() * torch.randn(draws, rows if own else 1, nu.shape[1], generator=generator)
        w.requires_grad_()
        each = (
            torch.stack([run.model.space(x[i : i + 1], w[:, i])[:, 0, 0] for i in range(rows)], -1)
            if own
            else run.model.space(x, w[:, 0])[..., 0]
        )
        fit = (-0.5 * (y - each).square() / phi).mean(-1)
        return float(torch.autograd.grad(fit.sum(), w)[0].sum(1).var(0).sum())

    shared, own = ([sums(rows, own=own) for rows in (128, 354)] for own in (False, True))
    assert shared[1] > 0.7 * shared[0], "it no longer falls"
    assert own[1] < 0.5 * own[0], "it goes on to fall as 1/M"
    assert own[1] < 0.2 * shared[1]


@scene("ridge")
def _exact_log_evidence() -> None:
    """log N(y; 0, σ²I + λ²(X Xᵀ + 1 1ᵀ))/N, the intercept being one of the weights."""
    run = made("ridge")
    x, y, settings = run.data.x.numpy().astype(float), run.data.y.numpy().astype(float), run.settings
    covariance = settings.spread**2 * np.eye(len(y)) + settings.prior_scale**2 * (x @ x.T + 1)
    exact = stats.multivariate_normal(np.zeros(len(y)), covariance).logpdf(y) / len(y)
    assert exact == pytest.approx(numbers("ridge", r"log evidence, (-[\d.]+) nats")[0], abs=5e-5)


@scene("poisson")
def _counts_whose_mean_is_an_exponential() -> None:
    """Whole numbers; against exp(1 + sin 1.5x + .3x) their Pearson statistic is that of a Poisson, against a constant it is not."""
    data = made("poisson").data
    x, y = data.x[:, 0].numpy().astype(float), data.y.numpy()
    assert (y == y.round()).all()
    assert (y >= 0).all()
    mean = np.exp(1 + np.sin(1.5 * x) + 0.3 * x)
    chi = ((y - mean) ** 2 / mean).sum()
    assert 0.001 < stats.chi2(len(y)).cdf(chi) < 0.999
    assert ((y - y.mean()) ** 2 / y.mean()).sum() > stats.chi2(len(y)).ppf(0.999)


@scene("moons")
def _classes_that_no_line_separates() -> None:
    data = made("moons").data
    x, y = data.x.numpy(), data.y.numpy()
    nearest = NearestNeighbors(n_neighbors=6).fit(x).kneighbors(x)[1][:, 1:]
    assert ((y[nearest].mean(1) > 0.5) == y).mean() > 0.95
    assert LogisticRegression().fit(x, y).score(x, y) < 0.93


@scene("outliers")
def _one_point_in_eight_is_off() -> None:
    """By a robust line: the share beyond three scales is an eighth within three standard errors, less those moved by little."""
    data = made("outliers").data
    both = np.concatenate([data.x.numpy(), data.test.x.numpy()]), np.concatenate([data.y.numpy(), data.test.y.numpy()])
    fitted = HuberRegressor().fit(*both)
    off = np.abs(both[1] - fitted.predict(both[0])) > 0.6
    moved_far = 1 / 8 * (1 - 0.6 / 4)
    assert abs(off.mean() - moved_far) < 3 * math.sqrt(moved_far * (1 - moved_far) / len(off))


@scene("visits")
def _poisson_and_negative_binomial_scores() -> None:
    """statsmodels' own regressions on the training rows, their log densities on the held-out rows."""
    import statsmodels.api as sm

    data = made("visits").data
    x, y = sm.add_constant(data.x.numpy().astype(float)), data.y.numpy().astype(float)
    other, held = sm.add_constant(data.test.x.numpy().astype(float)), data.test.y.numpy().astype(float)
    mean = sm.Poisson(y, x).fit(disp=0).predict(other)
    assert stats.poisson(mean).logpmf(held).mean() == pytest.approx(
        numbers("visits", r"gets (-[\d.]+) nats")[0], abs=0.06
    )
    fitted = sm.NegativeBinomial(y, x).fit(disp=0)
    size, m = 1 / fitted.params[-1], fitted.predict(other)
    assert stats.nbinom(size, size / (size + m)).logpmf(held).mean() > -2.65
    assert y.var() > 5 * y.mean()


@scene("prior_evidence")
def _lambda_comes_down_and_its_optimum_is_the_size_of_the_weights() -> None:
    """At fixed q, E log p(w; λ) over a grid of λ has its maximum at λ² = mean of E w²."""
    run = made("prior_evidence", 500)
    assert run.settings.prior_scale == 10
    assert float(run.model.prior.log_scale.detach().exp()) < 10
    mean, raw = run.q.nu(run.model.sites["w"], run.data.whole()).detach().reshape(2, -1).double()
    square = (mean.square() + (2 * raw).exp()).mean()
    grid = torch.linspace(0.2, 3, 2801, dtype=torch.float64) * square.sqrt()
    log_p = -len(mean) * (grid.log() + 0.5 * square / grid.square())
    assert float(grid[log_p.argmax()] / square.sqrt()) == pytest.approx(1, abs=2e-3)


@scene("relevance")
def _the_froude_number_alone_moves_the_hull() -> None:
    """A random forest's permutation importance: one of six inputs has nearly all of it."""
    data = made("relevance").data
    x, y = data.x.numpy(), data.y.numpy()
    forest = RandomForestRegressor(60, random_state=0).fit(x, y)
    found = permutation_importance(forest, x, y, n_repeats=3, random_state=0).importances_mean
    assert x.shape[1] == 6
    assert "Froude" in data.feature_names[found.argmax()]
    assert found.max() > 20 * np.sort(found)[-2]


# sequences


def text(row: Tensor, vocabulary: int) -> list[str]:
    tokens = row.reshape(-1, vocabulary)
    return [WORDS[int(token.argmax())] for token in tokens if token.sum() > 0]


@scene("attention")
def _who_is_she() -> None:
    """The label follows from grammar, not from a bag of words: owner where she is sad, else the eater."""
    data = made("attention").data
    for row, label in zip(data.x[:200], data.labels[:200].tolist(), strict=True):
        stated = text(row, len(WORDS))
        owner = stated[stated.index("'s") - 1]
        eater = stated[stated.index("ate") - 1] if "ate" in stated else stated[stated.index("and") - 1]
        assert data.label_names[label] == (owner if stated[-1] in OWNER_FEELS else eater)
    assert NOTES.split()[-1] in OWNER_FEELS
    assert NOTES.split()[NOTES.split().index("'s") - 1] == "kid"


@scene("verses")
def _words_alone() -> None:
    """scikit-learn's logistic regression on bags of words names as many held-out verses as the goal says."""
    data = made("verses").data
    positions = data.shape[0]
    model = LogisticRegression(C=0.3, max_iter=300).fit(bag(data.x, positions), data.y.numpy())
    score = model.score(bag(data.test.x, positions), data.test.y.numpy())
    assert score == pytest.approx(PRESETS["verses"]["yardstick"]["value"], abs=0.015)


@scene("motifs")
def _one_of_three_known_motifs() -> None:
    """The best window's log odds, taken over motifs, name most strings; without a motif they stay lower."""
    data = made("motifs").data
    bases = data.x[:600].unflatten(1, (60, 4))
    best = []
    for motif in known_motifs().values():
        odds = (motif / 0.25).log()
        windows = bases.unfold(1, len(odds), 1)  # (N, places, 4, width)
        best.append((windows * odds.T).sum((-1, -2)).amax(1))
    found = torch.stack(best, 1)
    labels, planted = data.labels[:600], data.labels[:600] < 3
    assert len(best) == 3
    assert float((found.argmax(1) == labels)[planted].float().mean()) > 0.85
    assert float(found.amax(1)[planted].median()) > float(found.amax(1)[~planted].quantile(0.9))


@scene("splice")
def _logistic_regression_of_bases() -> None:
    data = made("splice").data
    score = (
        LogisticRegression(C=0.1, max_iter=500)
        .fit(data.x.numpy(), data.y.numpy())
        .score(data.test.x.numpy(), data.test.y.numpy())
    )
    assert score == pytest.approx(PRESETS["splice"]["yardstick"]["value"], abs=0.012)
    assert data.test.size == numbers("splice", r"Of (\d+) unseen strings")[0]


# single cells and the arm


@scene("scvi")
def _counts_of_blood_cells() -> None:
    data = made("scvi").data
    assert [data.x.shape[1], data.size] == numbers("scvi", r"of (\d+) genes in (\d+) blood cells")
    assert bool((data.x == data.x.round()).all())
    kinds = np.array(data.label_names)[data.labels.numpy()]
    log = np.log1p(data.x.numpy() / data.x.sum(1, keepdim=True).numpy() * 1000)
    nearest = NearestNeighbors(n_neighbors=11).fit(
        log @ np.linalg.svd(log - log.mean(0), full_matrices=False)[2][:10].T
    )
    axes = np.linalg.svd(log - log.mean(0), full_matrices=False)[2][:10].T
    own = (kinds[nearest.kneighbors(log @ axes)[1][:, 1:]] == kinds[:, None]).mean(1)
    cells = {name: own[kinds == name].mean() for name in data.label_names}
    t_cells = [name for name in cells if "T" in name.split() or "CD4" in name or "CD8" in name]
    assert len(t_cells) == 5, "the question speaks of five kinds of T cells"
    assert np.mean([cells[name] for name in t_cells]) < np.mean([cells[name] for name in cells if name not in t_cells])


@scene("cell_lines")
def _lines_and_plates() -> None:
    """Five lines, three plates; by chance a neighbour is of the same plate with probability Σ p²."""
    data = made("cell_lines").data
    plates = data.covariates.mean(0).numpy()
    assert (len(data.label_names), len(plates)) == (5, 3)
    assert float((plates**2).sum()) == pytest.approx(1 / 3, abs=0.03)


def links(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The lengths of upper arm and forearm, shoulder to elbow to wrist, in mm: (N, 2)."""
    points = 100 * x.reshape(-1, 5, 3)
    return np.linalg.norm(np.diff(points[:, :3], axis=1), axis=-1)


@scene("robot_arm")
def _the_sensors_noise_on_links() -> None:
    """Two points with 5 mm of noise each: 5√2 = 7.1 mm along a link, and so it is in the data."""
    noisy = links(made("robot_arm").data.x.numpy())
    stated = numbers("robot_arm", r"link lengths wrong by (\d+) mm")[0]
    assert 5 * math.sqrt(2) == pytest.approx(stated, abs=0.5)
    np.testing.assert_allclose(noisy.std(0), 5 * math.sqrt(2), rtol=0.02)
    np.testing.assert_allclose(noisy.mean(0), [155, 135], atol=0.5)
    assert made("robot_arm").data.x.shape[1] == 15
    assert PRESETS["robot_arm"]["settings"]["latent_size"] == 5


@scene("robot_arm_prior")
def _a_turning_joint_is_a_ring() -> None:
    """The base turns nearly all the way round, so the fingers' bearing fills a circle that no line covers once."""
    x = made("robot_arm_prior").data.x.numpy().reshape(-1, 5, 3)
    bearing = np.arctan2(x[:, 3, 1], x[:, 3, 0])
    assert (np.histogram(bearing, 12, (-math.pi, math.pi))[0] > 0).all()
    assert numbers("robot_arm_prior", r"link lengths wrong by (\d+) mm")[0] == 7
    assert PRESETS["robot_arm_prior"]["settings"]["latent_size"] == 10


@scene("robot_arm_floor")
def _a_constant_feature() -> None:
    """The shoulder's height never moves; σ → σ/2 at an exact mean gains log 2 nats."""
    x = made("robot_arm_floor").data.x.numpy()
    assert x[:, 2].std() < 1e-6
    assert x[0, 2] == pytest.approx(numbers("robot_arm_floor", r"at ([\d.]+) dm")[0])
    assert stats.norm(0, 0.05).logpdf(0) - stats.norm(0, 0.1).logpdf(0) == pytest.approx(
        numbers("robot_arm_floor", r"gains another (\.\d) nats")[0], abs=0.05
    )
    assert np.delete(x.std(0), 2).min() > 0.2, "no other feature is constant"


# deep exponential families


def log_joint(run: Run, draws: int, rows: int) -> tuple[Tensor, Tensor, Tensor]:
    """f of each row, the upper layer's draws and their probabilities: (draws, rows), (draws, rows, K), (rows, K)."""
    batch = run.data.batch(torch.arange(rows))
    chances = {name: run.q.nu(site, batch).detach().squeeze(-2).sigmoid() for name, site in run.model.sites.items()}
    generator = torch.Generator().manual_seed(0)
    drawn = {name: (torch.rand(draws, *p.shape, generator=generator) < p).float() for name, p in chances.items()}
    log_q = sum(torch.distributions.Bernoulli(p).log_prob(drawn[name]).sum(-1) for name, p in chances.items())
    with torch.no_grad():
        factors = run.model.factors(batch, {name: value[None] for name, value in drawn.items()})
    f = sum(factor.value[0] for factor in factors if factor.value.ndim == 3) - log_q
    return f, drawn["z2"], chances["z2"]


@scene("belief_network")
def _a_constant_that_leave_one_out_takes_off() -> None:
    """f is some −20 nats whatever the units say, and f − f̄ has far less of the score's variance."""
    f, z, chance = log_joint(made("belief_network", 500), 2000, 16)
    assert float(f.mean()) == pytest.approx(numbers("belief_network", r"around (-\d+) nats")[0], abs=8)
    score = z - chance  # ∂ log q/∂ logit
    plain, centred = (spread(each.unsqueeze(-1) * score) for each in (f, f - f.mean(0)))
    assert plain > 3 * centred


@scene("latent_gaussian")
def _the_centred_gradient_grows_as_one_over_sigma_squared() -> None:
    """∂ log p(z₁ | z₂)/∂z₁ = −(z₁ − g)/σ² by autograd at the same z, for σ and σ/10; the uncentred one of ε does not grow."""
    sizes: dict[bool, list[float]] = {}
    for centred in (True, False):
        for scale in (0.3, 0.03):
            run = made("latent_gaussian", centred=centred, layer_scale=scale)
            batch, generator = run.data.batch(torch.arange(8)), torch.Generator().manual_seed(0)
            z = {
                name: torch.randn(1, 32, 8, *site.shape, generator=generator).requires_grad_()
                for name, site in run.model.sites.items()
            }
            above = next(each for each in run.model.factors(batch, z) if each.name.startswith("log p(z1"))
            gradient = torch.autograd.grad(above.value.sum(), z["z1"])[0]
            sizes.setdefault(centred, []).append(float(gradient.square().mean().sqrt()))
    assert sizes[True][1] / sizes[True][0] == pytest.approx(100, rel=0.05)
    assert sizes[False][1] == pytest.approx(sizes[False][0], rel=0.05)


@scene("top_down")
def _top_down_is_ahead_and_then_caught_up_with() -> None:
    """A q that contains the product over layers climbs faster; once the model has adapted to the product, that one is level or better."""
    ahead, last = [], []
    for structure in ("top_down", "product"):
        run = Run(settings_from(PRESETS["top_down"]["settings"] | {"structure": structure}))
        elbo = [step.elbo for step in run]
        ahead.append(np.mean(elbo[400:500]))
        last.append(np.mean(elbo[-100:]))
    assert ahead[0] - ahead[1] > 2
    assert last[0] - last[1] < 1
    assert "catch up" in words("top_down")


@scene("gamma_topics")
def _sparse_and_positive() -> None:
    run = made("gamma_topics")
    assert (run.data.x == run.data.x.round()).all()
    _sparse(run)


@scene("gamma_hierarchy")
def _two_sparse_layers() -> None:
    run = made("gamma_hierarchy")
    assert [name for name in run.model.sites if name.startswith("z")] == ["z2", "z1"]
    _sparse(run)


def _sparse(run: Run) -> None:
    """A Gamma of mean 1 and this shape: a third of the units, at least, is below a tenth of the mean."""
    assert stats.gamma(run.settings.layer_shape, scale=1 / run.settings.layer_shape).cdf(0.1) > 1 / 3


@scene("natural_layers")
def _products_of_rates() -> None:
    """With log rate = u the rates of two units multiply; where u sets the mean they do not."""
    one, two = torch.tensor([0.3, 1.2]), torch.tensor([-0.4, 0.7])
    for link, multiplies in (("natural", True), ("mean", False)):
        model = made("natural_layers", link=link).model
        rates = [model.plan.response.mean(u, False, model.scales) for u in (one, two, one + two)]
        assert torch.allclose(rates[0] * rates[1], rates[2], rtol=1e-4) == multiplies


@scene("poisson_layers")
def _counts_have_no_path_and_weights_take_it() -> None:
    run = made("poisson_layers")
    parts = {name: part.name for name, part in run.estimators.items()}
    assert {parts[name] for name in parts if name.startswith("z")} == {"leave_one_out"}
    assert {run.estimators[name].path for name in parts if name.startswith("w")} == {True}
    assert run.settings.rao_blackwell == "blanket"


# collapse


@scene("collapse_weight")
def _some_dimensions_go() -> None:
    assert 1 <= alive("collapse_weight", 900) <= 6
    assert PRESETS["collapse_weight"]["settings"]["beta"] == 4


@scene("collapse_cure")
def _none_goes() -> None:
    """The decoder's Jacobian has full rank at random z, whatever it has learned; and all eight dimensions live."""
    run = made("collapse_cure", 400)
    z = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    least = [torch.linalg.svdvals(torch.autograd.functional.jacobian(run.model.decode, each)).min() for each in z]
    assert min(float(each) for each in least) > 1e-3
    assert alive("collapse_cure", 400) == 8


@scene("collapse_early")
def _dimensions_die_after_some_hundred_steps() -> None:
    assert alive("collapse_early", 300) >= 6  # the fourth hundred steps are where it begins
    assert alive("collapse_early", 1200) <= 5


@scene("warm_up")
def _most_live_and_the_elbo_is_higher() -> None:
    assert alive("warm_up", 1200) >= 6
    assert climbed("warm_up", 1200) > climbed("collapse_early", 1200) + 1


# new estimators in training


@scene("score_xi")
def _a_control_variate_takes_off_part_of_the_noise() -> None:
    """With the best scalar ξ* = E f‖s‖²/E‖s‖², from draws of its own, (f − ξ) s has less variance than f s; it trains as its words say."""
    run = made("score_xi", 300)
    batch = run.data.batch(torch.arange(16))
    mean, raw = run.q.nu(run.model.sites["z"], batch).detach().unbind(-2)
    fs, _, _ = gradients(run, 16, DRAWS)
    noise = torch.randn(DRAWS, *mean.shape, generator=torch.Generator().manual_seed(0))  # the same draws
    s = torch.cat([noise / raw.exp(), noise.square() - 1], -1)
    xi = (fs * s).sum(-1).mean(0) / s.square().sum(-1).mean(0)  # (rows,)
    assert spread(fs - xi[:, None] * s) < spread(fs)


@scene("xi_bias")
def _a_coefficient_of_the_same_two_draws_takes_most_of_the_gradient() -> None:
    """ξ̂ = Σ f‖s‖²/Σ‖s‖² of the two draws themselves, written out: of the gradient more than a third is missing, and less at B = 8."""
    run = made("xi_bias", 100)
    batch = run.data.batch(torch.arange(16))
    mean, raw = run.q.nu(run.model.sites["z"], batch).detach().unbind(-2)
    fs, path, _ = gradients(run, 16, 4 * DRAWS)
    noise = torch.randn(4 * DRAWS, *mean.shape, generator=torch.Generator().manual_seed(0))
    s = torch.cat([noise / raw.exp(), noise.square() - 1], -1)
    exact = path.mean(0)
    missing = []
    for draws in (2, 8):
        each, score = fs.unflatten(0, (-1, draws)), s.unflatten(0, (-1, draws))
        xi = (each * score).sum((1, 3)) / score.square().sum((1, 3))
        found = (each - xi[:, None, :, None] * score).mean((0, 1))
        missing.append(1 - float((found * exact).sum() / exact.square().sum()))
    assert missing[0] > 1 / 3
    assert missing[1] < missing[0] - 0.1


def log_weights(run: Run, draws: int) -> Tensor:
    """log p(x, z) − log q(z) of every data point, (draws, N)."""
    batch = run.data.whole()
    with torch.no_grad():
        mean, raw = run.q.nu(run.model.sites["z"], batch).unbind(-2)
        noise = torch.randn(draws, *mean.shape, generator=torch.Generator().manual_seed(1))
        log_q = (-0.5 * noise.square() - raw - 0.5 * math.log(2 * math.pi)).sum(-1)
        factors = run.model.factors(batch, {"z": (mean + raw.exp() * noise)[None]})
    return sum((each.value[0] for each in factors if each.value.ndim == 3), -log_q)


@scene("iwae")
def _sixteen_draws_make_a_higher_bound() -> None:
    """log (1/16) Σ w against the mean log w, of the same run; and the bound is above the ELBO of the plain scene."""
    found = log_weights(made("iwae", 400), 16)
    assert float((found.logsumexp(0) - math.log(16) - found.mean(0)).mean()) > 0.05
    assert climbed("iwae", 400) > climbed("pinwheel", 400)


@scene("dreg")
def _without_the_score_term_the_noise_is_less() -> None:
    """For μ by hand: Σ w̃ (∂ log w/∂z − ∂ log q/∂μ) and Σ w̃² ∂ log w/∂z have one mean, and the second less variance."""
    run = made("dreg", 300)
    batch, draws = run.data.batch(torch.arange(16)), 16
    mean, raw = run.q.nu(run.model.sites["z"], batch).detach().unbind(-2)
    noise = torch.randn(400 * draws, *mean.shape, generator=torch.Generator().manual_seed(2))
    z = (mean + raw.exp() * noise).requires_grad_()
    log_p = sum(each.value[0] for each in run.model.factors(batch, {"z": z[None]}) if each.value.ndim == 3)
    log_q = (-0.5 * ((z - mean) / raw.exp()).square() - raw).sum(-1)
    log_w = log_p - log_q
    path = torch.autograd.grad(log_w.sum(), z)[0].unflatten(0, (-1, draws))  # ∂ log w/∂z, q's ν held
    score = (noise / raw.exp()).unflatten(0, (-1, draws))  # ∂ log q/∂μ at z held
    share = log_w.detach().unflatten(0, (-1, draws)).softmax(1).unsqueeze(-1)
    iwae, dreg = (share * (path - score)).sum(1), (share.square() * path).sum(1)
    assert spread(dreg) < spread(iwae)
    error = ((iwae.var(0) + dreg.var(0)) / len(iwae)).sqrt()
    assert float(((iwae.mean(0) - dreg.mean(0)) / error).square().mean()) < 2


@scene("natural_gradient")
def _the_exact_mean_field_optimum() -> None:
    """q = Π N(m_j, 1/P_jj), P = XᵀX/s² + I/λ² and m = P⁻¹Xᵀy/s²: its ELBO per row, by numpy; after 60 steps the run is there."""
    run = made("natural_gradient")
    x = np.c_[run.data.x.numpy().astype(float), np.ones(run.data.size)]
    y, variance = run.data.y.numpy().astype(float), run.settings.spread**2
    precision = x.T @ x / variance + np.eye(x.shape[1]) / run.settings.prior_scale**2
    mean, own = np.linalg.solve(precision, x.T @ y) / variance, 1 / np.diag(precision)
    misfit = ((y - x @ mean) ** 2).sum() + (x**2 @ own).sum()
    fit = -0.5 * len(y) * math.log(2 * math.pi * variance) - 0.5 * misfit / variance
    divergence = 0.5 * (mean @ mean + own.sum() - len(mean) - np.log(own).sum())
    exact = (fit - divergence) / len(y)
    assert exact == pytest.approx(PRESETS["natural_gradient"]["yardstick"]["value"], abs=5e-5)
    assert climbed("natural_gradient", 110) == pytest.approx(exact, abs=0.02)


# a sparse truth


def truth(name: str) -> set[int]:
    """The inputs that matter, by least squares: those whose t-ratio is beyond 4."""
    data = made(name).data
    x, y = data.x.numpy().astype(float), data.y.numpy().astype(float)
    weights, squares, *_ = np.linalg.lstsq(x, y, rcond=None)
    error = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * squares[0] / (len(y) - x.shape[1]))
    found = set(np.flatnonzero(np.abs(weights / error) > 4).tolist())
    assert len(found) == 3, "the scenes say that three matter"
    assert x.shape[1] == 12
    return found


def mean_weights(run: Run) -> dict[str, Tensor]:
    """E_q w by name."""
    nu = run.q.nu(run.model.sites["w"], run.data.batch(torch.arange(1))).detach()
    return dict(run.model.space.named(run.model.posterior.mean(nu).reshape(-1)[: run.model.space.size]))


@scene("attention_bank")
def _the_bank_opens_where_it_pays() -> None:
    run = made("attention_bank", 1200)
    own = mean_weights(run)
    attention = (run.data.x @ own["attention.scores.weight"].T + own["attention.scores.bias"]).sigmoid().mean(0)
    assert set(np.flatnonzero(attention > attention.mean()).tolist()) == truth("attention_bank")


@scene("attention_simplex")
def _the_simplex_starves_the_others() -> None:
    run = made("attention_simplex", 1200)
    own = mean_weights(run)
    attention = (run.data.x @ own["attention.scores.weight"].T + own["attention.scores.bias"]).softmax(-1)
    assert float(attention.sum(-1).sub(1).abs().max()) < 1e-5
    assert set(np.flatnonzero(attention.mean(0) > 1 / 12).tolist()) == truth("attention_simplex")


@scene("horseshoe")
def _scales_rise_where_there_is_a_signal() -> None:
    """The half-Cauchy's median is 1; q's medians of τ are above it for the three, below for the nine."""
    assert stats.halfcauchy.median() == pytest.approx(1)
    run = made("horseshoe", 1200)
    scales = run.q.nu(run.model.sites["local_scales"], run.data.batch(torch.arange(1))).detach()[0, :12].exp()
    assert set(np.flatnonzero(scales > 1).tolist()) == truth("horseshoe")


@scene("spike_slab")
def _inclusion_by_enumeration() -> None:
    """All 2¹² subsets of inputs in the slab, each with a Gaussian evidence: the exact inclusion probabilities select the three."""
    run = made("spike_slab")
    x, y, settings = run.data.x.numpy().astype(float), run.data.y.numpy().astype(float), run.settings
    gram, cross, noise = x.T @ x / 0.25, x.T @ y / 0.25, 12  # s = .5, as the data were made
    inside = (np.arange(2**noise)[:, None] >> np.arange(noise)) & 1
    prior = settings.prior_scale**2 * np.where(inside, 1.0, settings.spike**2)  # (2¹², 12)
    precision = gram + np.apply_along_axis(np.diag, 1, 1 / prior)
    solved = np.linalg.solve(precision, np.broadcast_to(cross, prior.shape)[..., None])[..., 0]
    log = 0.5 * (solved @ cross) - 0.5 * np.linalg.slogdet(precision)[1] - 0.5 * np.log(prior).sum(1)
    weight = np.exp(log - log.max())
    exact = (weight[:, None] * inside).sum(0) / weight.sum()
    assert set(np.flatnonzero(exact > 0.5).tolist()) == truth("spike_slab")


# architecture


@scene("methylation")
def _neighbours_agree() -> None:
    """scikit-learn's logistic regression on the neighbours; and two thirds of the sites are methylated."""
    data = made("methylation").data
    score = LogisticRegression(C=0.1, max_iter=1000).fit(data.x, data.y).score(data.test.x, data.test.y)
    assert score == pytest.approx(PRESETS["methylation"]["yardstick"]["value"], abs=0.015)
    assert float(data.y.mean()) == pytest.approx(2 / 3, abs=0.03)
    assert data.test.size == numbers("methylation", r"Of (\d+) unseen")[0]
    assert float(data.x.unflatten(1, data.shape)[:, 12, 0].abs().max()) == 0, "the middle one is hidden"


@scene("memory")
def _only_the_last_throw_counts() -> None:
    """The label by reading each sequence; and a table of all windows of five positions, learned and scored on held-out rows."""
    data = made("memory").data

    def read(x: Tensor) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        tokens = x.unflatten(1, (-1, 3)).argmax(-1).numpy()
        return tokens, np.array([row[row < 2][-1] for row in tokens])

    (tokens, last), (other, held) = read(data.x), read(data.test.x)
    assert (last == data.y.numpy()).all()
    assert (held == data.test.y.numpy()).all()
    windows = [tuple(row[-5:]) for row in tokens]
    votes: dict[tuple[int, ...], list[int]] = {}
    for window, label in zip(windows, last, strict=True):
        votes.setdefault(window, []).append(label)
    guess = [round(float(np.mean(votes.get(tuple(row[-5:]), [0])))) for row in other]
    best = PRESETS["memory"]["yardstick"]["value"]
    assert best == pytest.approx(1 - 0.9**5 / 2, abs=5e-4)
    assert abs((np.array(guess) == held).mean() - best) < 3 * math.sqrt(best * (1 - best) / len(held))


@scene("convolution_2d")
def _pixels_by_logistic_regression() -> None:
    data = made("convolution_2d").data
    score = LogisticRegression(C=0.1, max_iter=1000).fit(data.x, data.y).score(data.test.x, data.test.y)
    assert score == pytest.approx(PRESETS["convolution_2d"]["yardstick"]["value"], abs=0.012)
    assert data.test.size == numbers("convolution_2d", r"Of (\d+) unseen")[0]


def functions(name: str, **change: Any) -> float:
    """How far the functions of q(w) vary over the data, against how far they vary between draws of w at a data point."""
    run = made(name, 600, **change)
    mean, raw = run.q.nu(run.model.sites["w"], run.data.batch(torch.arange(1))).detach().reshape(2, -1)
    w = mean + raw.exp() * torch.randn(100, len(mean), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = run.model.space(run.data.x, w)[..., 0]  # (draws, N)
    return float(found.mean(0).var() / found.var(0).mean())


@scene("reinjection")
def _what_comes_straight_from_x_has_less_noise() -> None:
    assert functions("reinjection") > 1.5 * functions("reinjection", input_reinjection=False)
    assert climbed("reinjection", 600) > climbed("reinjection", 600, input_reinjection=False)


@scene("skips")
def _the_elbo_is_higher_with_skips() -> None:
    """The same layers with Σ Δh have about twice the weights, and a higher ELBO."""
    with_skips, without = made("skips", 1000), made("skips", 1000, dense_skip=False)
    assert 1.7 < with_skips.model.space.size / without.model.space.size < 2.5
    stated = numbers("skips", r"ELBO is (-[\d.]+) nats per yacht")[0]
    assert climbed("skips", 1000, dense_skip=False) == pytest.approx(stated, abs=0.1)
    assert climbed("skips", 1000) > stated + 0.05


@scene("no_intercept")
def _every_function_is_odd() -> None:
    """f(−x) = −f(x) at any weights, not at those of a network with intercepts; the true log mean is 1 at x = 0."""
    x = torch.linspace(-3, 3, 61)[:, None]
    for intercept, odd in ((False, True), (True, False)):
        space = made("no_intercept", intercept=intercept).model.space
        w = torch.randn(20, space.size, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(space(x, w), -space(-x, w), atol=1e-5) == odd
    stated = numbers("no_intercept", r"ends at (-[\d.]+) nats")[0]
    assert climbed("no_intercept", 1000, intercept=True) == pytest.approx(stated, abs=0.08)


# priors of z


def under_a_better_prior(name: str) -> None:
    """On the plane of the pinwheel: the learned p(z) gives E_q log p(z) more than N(0, I) does, at the same q."""
    run = made(name, 500)
    mean, raw = run.q.nu(run.model.sites["z"], run.data.whole()).detach().unbind(-2)
    z = mean + raw.exp() * torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))
    centres, table = run.model.latent_prior.components()
    own = torch.distributions.Normal(table[:, 0], table[:, 1].exp()).log_prob(z[:, None]).sum(-1)
    learned = (own + centres).logsumexp(-1).detach()
    standard = stats.norm.logpdf(z.numpy()).sum(1)
    assert float(learned.mean()) > standard.mean() + 0.2
    assert climbed(name, 500) > climbed("pinwheel", 500)


@scene("mixture_prior")
def _ten_gaussians() -> None:
    assert PRESETS["mixture_prior"]["settings"].get("components", 10) == 10
    under_a_better_prior("mixture_prior")


@scene("vamp_prior")
def _ten_pseudo_data() -> None:
    under_a_better_prior("vamp_prior")


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_a_scene_tells_the_truth(name: str) -> None:
    CHECKS[name]()


def test_every_scene_has_a_check_and_every_check_a_scene() -> None:
    assert CHECKS.keys() == PRESETS.keys()
