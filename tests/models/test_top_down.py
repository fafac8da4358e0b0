"""Top-down q of layers: it contains the exact posterior of a linear Gaussian chain, which a product over layers misses by a known gap."""

import math

import pytest
import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.deep_exponential_family.build import build
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.diagnostics.evidence.held_out import held_out_bound
from elbo_room.models.estimators import (
    AnalyticKL,
    Dreg,
    LeaveOneOut,
    LocalExpectation,
    MeasureValued,
    NotApplicableError,
    PathOnly,
    Reparameterization,
    Score,
)
from elbo_room.models.exact.linear_chain import gap_of_structure
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.surrogate_context import SurrogateContext
from elbo_room.models.probing.probe import exact, probe
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from tests.models.estimators.test_random_models import check
from tests.models.random_models import Node, Recipe
from tests.models.random_models import build as random_model
from tests.models.truth import every

F64 = torch.float64
TOP, LOAD, NOISE, SCALE = 1.3, (0.9, -0.6, 0.4), 1.0, 0.7  # z1 = TOP z2 + SCALE ε, x = LOAD z1 + σ_x ε
CHAIN = Settings(
    response="normal", layer_1="normal", layer_2="normal", width_1=1, width_2=1, activation="identity", intercept=False,
    layer_scale=SCALE, prior_scale=100.0, draws=4, batch_size=64, step_size=0.02, structure="top_down",
)  # fmt: skip


def data(total: int = 64) -> Dataset:
    noise = torch.randn(total, 5, generator=torch.Generator().manual_seed(0))
    z1 = TOP * noise[:, :1] + SCALE * noise[:, 1:2]
    x = z1 @ torch.tensor([LOAD]) + NOISE * noise[:, 2:]
    return Dataset(name="chain", x=x, labels=torch.zeros(total, dtype=torch.int64), label_names=("all",), shape=(3,))


def chain(*, centred: bool, structure: str = "top_down") -> tuple:
    """The model at the parameters above, in float64, its q, and all the data as one batch."""
    from dataclasses import replace

    settings = replace(CHAIN, centred=centred, structure=structure)
    model, q = build(settings, data(), torch.Generator().manual_seed(1))
    model, q = model.double(), q.double()
    low, high = model.joins()
    with torch.no_grad():
        low.weight.copy_(torch.tensor(LOAD, dtype=F64).unsqueeze(-1))
        high.weight.copy_(torch.tensor([[TOP]], dtype=F64))
        model.raw_scale.fill_(math.log(math.expm1(NOISE - 0.05)))
    batch = data().whole()
    return model, q, Batch(batch.x.double(), batch.rows, batch.total)


def precision(centred: bool) -> tuple[Tensor, Tensor]:
    """Λ of (z2, z1) given x, or of (z2, ε), and the map from x to Λ m."""
    load, inner = torch.tensor(LOAD, dtype=F64), 1 / SCALE**2
    fit = load @ load / NOISE**2
    if centred:
        whole = torch.tensor([[1 + TOP**2 * inner, -TOP * inner], [-TOP * inner, inner + fit]], dtype=F64)
        return whole, torch.stack([0 * load, load]) / NOISE**2
    step = torch.tensor([TOP, SCALE], dtype=F64)
    return torch.eye(2, dtype=F64) + fit * torch.outer(step, step), torch.outer(step, load) / NOISE**2


def evidence(x: Tensor) -> Tensor:
    """Log p(x) of each row: x ~ N(0, (TOP² + SCALE²) ℓℓᵀ + σ²I)."""
    load = torch.tensor(LOAD, dtype=F64)
    covariance = (TOP**2 + SCALE**2) * torch.outer(load, load) + NOISE**2 * torch.eye(3, dtype=F64)
    return torch.distributions.MultivariateNormal(torch.zeros(3, dtype=F64), covariance).log_prob(x)


def set_exact(q, x: Tensor, centred: bool) -> None:
    """q at the exact posterior: z2 | x its marginal, the one below with slope −Λ₁₂/Λ₁₁."""
    whole, to = precision(centred)
    mean = torch.linalg.solve(whole, to @ x.T).T  # (N, 2)
    spread = torch.linalg.inv(whole).diagonal()
    slope = -whole[1, 0] / whole[1, 1]
    with torch.no_grad():
        q.by_site["z2"].table[:, 0, 0], q.by_site["z2"].table[:, 1, 0] = mean[:, 0], 0.5 * spread[0].log()
        low = q.by_site["z1"]
        low.base.table[:, 0, 0], low.base.table[:, 1, 0] = mean[:, 1] - slope * mean[:, 0], -0.5 * whole[1, 1].log()
        low.slope.copy_(torch.stack([slope, torch.zeros((), dtype=F64)]).unsqueeze(-1))


def at(model, q, batch: Batch, part, draws: int = 3, replicates: int = 1, **more):
    found = estimate(
        model, q, every(part, model), batch, draws, torch.Generator().manual_seed(4), replicates=replicates, **more
    )
    return found, {name: found.draw_gradients(site) for name, site in model.sites.items()}


@pytest.mark.parametrize("centred", [True, False], ids=["z", "ε"])
def test_it_holds_the_exact_posterior_of_a_linear_chain(centred: bool) -> None:
    """At it every draw's ELBO is log p(x), and path only has no gradient at all, in any ν and in A."""
    model, q, batch = chain(centred=centred)
    set_exact(q, batch.x, centred)
    prior = -0.5 * sum(w**2 for w in (*LOAD, TOP)) / 1e4 - 4 * (math.log(100) + 0.5 * math.log(2 * math.pi))
    found, taps = at(model, q, batch, PathOnly())
    assert float(found.elbo) == pytest.approx(float(evidence(batch.x).mean()), abs=1e-9)
    assert float(found.objective) == pytest.approx(float(evidence(batch.x).mean()) + prior / batch.total, abs=1e-9)
    assert max(float(each.abs().max()) for each in taps.values()) < 1e-9
    assert float(q.by_site["z1"].slope.grad.abs().max()) < 1e-9
    _, taps = at(model, q, batch, Reparameterization())
    assert float(taps["z2"].abs().max()) > 0.1, "the total derivative keeps its noise"


@pytest.mark.parametrize("centred", [True, False], ids=["z", "ε"])
def test_a_product_over_layers_misses_it_by_the_known_gap(centred: bool) -> None:
    """½ (Σ log Λ_jj − log|Λ|): the best product q has the means m and variances 1/Λ_jj."""
    model, q, batch = chain(centred=centred, structure="product")
    whole, to = precision(centred)
    mean = torch.linalg.solve(whole, to @ batch.x.T).T
    with torch.no_grad():
        for k, name in enumerate(("z2", "z1")):
            q.by_site[name].table[:, 0, 0], q.by_site[name].table[:, 1, 0] = mean[:, k], -0.5 * whole[k, k].log()
    gap = 0.5 * float(whole.diagonal().log().sum() - torch.logdet(whole))
    assert gap > 0.15
    nodes = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], dtype=F64) * math.sqrt(
        2
    )  # exact for quadratics
    noise = {name: nodes[None, :, None, k : k + 1].expand(1, 4, batch.size, 1) for k, name in enumerate(("z2", "z1"))}
    found, _ = at(model, q, batch, Reparameterization(), draws=4, noise=noise)
    assert float(found.elbo) == pytest.approx(float(evidence(batch.x).mean()) - gap, abs=1e-9)


def test_training_closes_the_gap_that_a_product_leaves() -> None:
    """The same model and the same steps: the product keeps its gap of .32 nats, a top-down q less than .02."""
    whole, _ = precision(centred=True)
    gap = 0.5 * float(whole.diagonal().log().sum() - torch.logdet(whole))
    assert gap == pytest.approx(0.317, abs=1e-3)
    assert gap_of_structure("product") == pytest.approx(gap, abs=0.02)
    assert abs(gap_of_structure("top_down")) < 0.02


def test_it_begins_as_a_product() -> None:
    """A = 0: the same draws, ELBO and gradients of ν as without it; A's own gradient is not zero."""
    model, q, batch = chain(centred=False)
    plain, alone, _ = chain(centred=False, structure="product")
    (first, hung), (second, free) = (
        at(model, q, batch, Reparameterization()),
        at(plain, alone, batch, Reparameterization()),
    )
    assert float(first.elbo) == float(second.elbo)
    for name in hung:
        torch.testing.assert_close(hung[name], free[name], rtol=1e-12, atol=1e-12)
    assert float(q.by_site["z1"].slope.grad.abs().max()) > 1e-3


LOCAL = Recipe((Node("bernoulli", 2, True, ()), Node("bernoulli", 2, True, (0,))), (1,), 3, 2, 10, chained=True)
MIXED = Recipe(
    (Node("normal", 1, True, ()), Node("categorical", 1, True, (0,)), Node("normal", 1, True, (1,))),
    (2,),
    2,
    2,
    5,
    chained=True,
)


@pytest.mark.parametrize("level", RAO_BLACKWELL)
@pytest.mark.parametrize(("recipe", "parts"), [
    (LOCAL, (Score(), Score())), (LOCAL, (LeaveOneOut(), LocalExpectation())), (MIXED, (Reparameterization(), LeaveOneOut(), PathOnly())),
    (MIXED, (LeaveOneOut(), LeaveOneOut(), MeasureValued())),
])  # fmt: skip
def test_mean_is_the_exact_gradient(recipe: Recipe, parts: tuple, level: str) -> None:
    made = random_model(recipe)
    chosen = dict(zip(made.model.sites, parts, strict=True))
    check(made, chosen, exact(made.model, made.q, made.batch), 3, level, "iid")


def test_a_blanket_that_forgets_what_q_draws_below_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """p(x | z1) has no z0 in it, yet q draws z1 given z0: the blanket of z0 must hold it."""
    made = random_model(LOCAL)
    truth = exact(made.model, made.q, made.batch)
    monkeypatch.setattr(SurrogateContext, "_moving", lambda self, site: {})
    with pytest.raises(AssertionError, match="standard errors off"):
        check(made, every(Score(), made.model), truth, 3, "blanket", "iid")


def test_estimators_that_move_one_site_alone_are_refused_where_q_follows() -> None:
    made = random_model(LOCAL)
    with pytest.raises(NotApplicableError, match=r"moves z0 and leaves the others as drawn, but q draws z1 given z0"):
        estimate(made.model, made.q, every(LocalExpectation(), made.model), made.batch, 2, torch.Generator())
    model, q, batch = chain(centred=True)
    with pytest.raises(NotApplicableError, match="needs a q that is a product over sites"):
        estimate(model, q, every(Dreg(), model), batch, 2, torch.Generator())
    with pytest.raises(SettingError, match="weighted twice"):
        Run(Settings(**{**vars(CHAIN), "estimator": "dreg"}))
    with pytest.raises(SettingError, match="There is no layer above the first"):
        Run(Settings(**{**vars(CHAIN), "depth": 1}))


@pytest.mark.parametrize(
    "layers", [("normal", "normal"), ("bernoulli", "gamma"), ("gamma", "categorical"), ("poisson", "poisson")]
)
@pytest.mark.parametrize("variational", ["table", "amortized"])
def test_layers_of_any_kind_train_and_are_measured(layers: tuple[str, str], variational: str) -> None:
    settings = Settings(layer_1=layers[0], layer_2=layers[1], width_1=6, width_2=4, variational=variational, structure="top_down",
                        rao_blackwell="blanket", draws=4, step_size=0.03, stop_at=80, batch_size=64)  # fmt: skip
    run = Run(settings)
    steps = list(run)
    assert all(math.isfinite(step.elbo) for step in steps)
    assert float(run.q.by_site["z1"].slope.detach().abs().max()) > 0.01
    found = probe(
        run.model, run.q, {"leave_one_out": LeaveOneOut()}, run.data.batch(torch.arange(8)), 4, 16, run.generator
    )
    assert found["leave_one_out"].variance > 0
    if variational == "amortized":
        assert math.isfinite(held_out_bound(run.model, run.q, run.data, run.generator, 16)[0])


def test_closed_form_kl_of_the_layers_is_unbiased_too() -> None:
    """Uncentred, p(ε) hangs on nothing: E_{z2} KL(q(ε | z2) ‖ N(0, 1)) is live in A through every draw."""
    model, q, batch = chain(centred=False)
    with torch.no_grad():
        q.by_site["z1"].slope.fill_(0.4)
    (_, kl), (_, total) = (at(model, q, batch, part, 2, 4000) for part in (AnalyticKL(), Reparameterization()))
    for name in kl:
        apart = kl[name].mean(1) - total[name].mean(1)
        assert float((apart.mean(0) / apart.std(0).clamp_min(1e-9) * 4000**0.5).abs().max()) < 4.5
