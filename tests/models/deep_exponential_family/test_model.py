"""Deep exponential families against what is known exactly: enumeration, a covariance, slopes, and the wiring of the factors."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.data import from_array
from elbo_room.models.deep_exponential_family.build import build
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.families import Beta, Gamma
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.surrogate_context import estimators_by_site, refusal
from elbo_room.models.layers import LAYERED_RESPONSES, LAYERS, LINKS, WEIGHTS
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.variational import VARIATIONAL

SMALL = Settings(depth=2, width_1=3, width_2=2, draws=2, variational="table", seed=3)
X = torch.tensor([[1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]])


def made(settings: Settings, x: Tensor = X, spread: float = 0.0):
    """A model and q on a few rows in float64, with every parameter moved off its start."""
    data = from_array(x)
    model, q = build(settings, data, torch.Generator().manual_seed(settings.seed))
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for parameter in (*model.parameters(), *q.parameters()):
            parameter.add_(spread * torch.randn(parameter.shape, generator=generator))
    return model.double(), q.double(), Batch(x.double(), torch.arange(len(x)), len(x))


def states(model) -> dict[str, Tensor]:
    """Every joint state of the binary layers: {site: (1, P, 1, K)}."""
    sizes = {name: site.shape[0] for name, site in model.sites.items()}
    table = torch.tensor(list(itertools.product((0.0, 1.0), repeat=sum(sizes.values()))), dtype=torch.float64)
    parts = table.split(list(sizes.values()), -1)
    return {name: part[None, :, None] for name, part in zip(sizes, parts, strict=True)}


def enumerated(model, q, batch: Batch) -> tuple[Tensor, Tensor]:
    """Log p(x) of each datum (M,), and the exact ELBO of each as a live function of ν."""
    z = {name: value.expand(-1, -1, batch.size, -1) for name, value in states(model).items()}
    log_joint = sum(f.value[0] for f in model.factors(batch, z) if f.value.ndim == 3)  # (P, M)
    log_q = sum(site.family.log_prob(z[name][0], q.nu(site, batch)).sum(-1) for name, site in model.sites.items())
    return log_joint.logsumexp(0), (log_q.exp() * (log_joint - log_q)).sum(0)


def test_the_elbo_of_a_belief_network_is_below_the_enumerated_evidence_and_reached_by_the_estimate() -> None:
    model, q, batch = made(SMALL, spread=0.7)
    evidence, exact = enumerated(model, q, batch)
    assert (exact < evidence).all()
    parts = estimators_by_site(model, ESTIMATORS["leave_one_out"](), 64)
    found = [estimate(model, q, parts, batch, 64, torch.Generator().manual_seed(seed)) for seed in range(40)]
    samples = torch.stack([each.elbo for each in found])
    assert abs(float(samples.mean() - exact.detach().mean())) < 4 * float(samples.std()) / 40**0.5


BINARY = [
    name for name, part in ESTIMATORS.items()
    if part.unbiased and part.bound == "elbo" and part().supports(LAYERS["bernoulli"].density, 4) is None
]  # fmt: skip


@pytest.mark.parametrize("level", ["plate", "blanket"])
@pytest.mark.parametrize("name", BINARY)
def test_every_estimator_for_binary_layers_has_the_enumerated_gradient(name: str, level: str) -> None:
    """4 standard errors, every ν of both layers; the Markov blankets are those of the factors' `on`."""
    model, q, batch = made(SMALL, spread=0.7)
    _, exact = enumerated(model, q, batch)
    tables = [q.by_site[site].table for site in model.sites]
    truth = torch.autograd.grad(exact.sum(), tables)
    q.zero_grad()
    part, memory, generator = ESTIMATORS[name](), {}, torch.Generator().manual_seed(1)
    for _ in range(part.warm_up):
        estimate(model, q, estimators_by_site(model, part, 4), batch, 4, generator, rao_blackwell=level, memory=memory)
    found = estimate(
        model,
        q,
        estimators_by_site(model, part, 4),
        batch,
        4,
        generator,
        replicates=4000,
        rao_blackwell=level,
        memory=memory,
    )
    for site, right in zip(model.sites.values(), truth, strict=True):
        samples = found.draw_gradients(site).mean(1)
        error = samples.std(0) / len(samples) ** 0.5
        assert ((samples.mean(0) - right).abs() < 4 * error + 1e-12).all()


ALL_LAYERS = list(LAYERS)
STACKS = [(below, above) for below in ALL_LAYERS for above in ALL_LAYERS]


@pytest.mark.parametrize(("below", "above"), STACKS)
def test_layers_stack_freely_and_each_factor_changes_with_its_own_sites_only(below: str, above: str) -> None:
    """A factor moves when a site of its `on` moves, and not one bit when another does: a wrong `on` fails here."""
    for weights, link, centred in (("point", "mean", True), ("normal", "natural", False), ("gamma", "mean", False)):
        settings = replace(
            SMALL, layer_1=below, layer_2=above, weights=weights, link=link, centred=centred, layer_shape=1.0
        )
        model, q, batch = made(settings, spread=0.3)
        generator = torch.Generator().manual_seed(2)

        def values(q=q, model=model, batch=batch, generator=generator) -> dict[str, Tensor]:
            found = {}
            for name, site in model.sites.items():
                nu = q.nu(site, batch)[None, None]
                noise = site.family.noise(site.family.noise_shape((*nu.shape[:-2], nu.shape[-1])), generator, nu.dtype)
                found[name] = site.family.transform(noise, nu).detach()
            return found

        first = values()
        before = {factor.name: factor for factor in model.factors(batch, first)}
        assert all(factor.value.isfinite().all() for factor in before.values())
        for name in model.sites:
            moved = first | {name: values()[name]}
            while torch.equal(moved[name], first[name]):
                moved = first | {name: values()[name]}
            for factor in model.factors(batch, moved):
                same = torch.equal(factor.value, before[factor.name].value)
                flat = factor.on == {"z2"}  # every state of a top layer may be as likely
                assert same == (name not in factor.on) or (flat and name == "z2"), (name, factor.name, factor.on)


EVERY = list(itertools.product(LAYERS, LAYERED_RESPONSES))


def values_of(response: str) -> Tensor:
    """Counts, or what else this response takes: (20, 6)."""
    counts = torch.poisson(torch.full((20, 6), 1.5), generator=torch.Generator().manual_seed(0))
    some = (counts, counts + 0.5, (counts + 0.5) / (counts.max() + 1))
    return next(each for each in some if LAYERED_RESPONSES[response].data.refuses(each, "") is None)


@pytest.mark.parametrize(("layer", "response"), EVERY)
def test_any_layer_works_with_any_response_weights_q_and_link_or_gives_a_reason(layer: str, response: str) -> None:
    """A few steps are finite; the only refusal is that of positive weights in the natural DEF. All layers take turns above."""
    rows = values_of(response)
    above = itertools.cycle(LAYERS)
    for weights, variational, link in itertools.product(WEIGHTS, VARIATIONAL, LINKS):
        settings = replace(
            SMALL, data="docstrings", response=response, layer_1=layer, layer_2=next(above), weights=weights, link=link,
            variational=variational, batch_size=10, stop_at=3,
        )  # fmt: skip
        if weights == "gamma" and link == "natural":
            with pytest.raises(SettingError, match="Positive weights hold log rates above 0"):
                Run(settings, from_array(rows))
            continue
        steps = list(Run(settings, from_array(rows)))
        assert len(steps) == 3
        assert all(math.isfinite(value) for step in steps for value in (step.elbo, *step.terms.values()))


def test_own_counts_with_words_are_data_of_every_response_that_takes_counts() -> None:
    for response, part in LAYERED_RESPONSES.items():
        if part.data.refuses(torch.tensor([[3.0, 0.0], [1.0, 2.0]]), "") is not None:
            continue
        run = Run(replace(SMALL, response=response, stop_at=2), from_array([[3, 0], [1, 2]], words=["sea", "hill"]))
        assert run.settings.data == "own"
        assert len(list(run)) == 2


def test_counts_are_asked_for() -> None:
    settings = replace(SMALL, data="docstrings", response="poisson")
    with pytest.raises(SettingError, match="Counts must be whole numbers ≥ 0; row 0, column 0 is -1"):
        Run(settings, from_array(torch.full((4, 3), -1.0)))


def test_the_other_estimator_takes_the_layers_that_the_chosen_one_cannot() -> None:
    settings = replace(SMALL, layer_2="gamma", second_estimator="disarm")
    run = Run(settings)
    assert {name: part.name for name, part in run.estimators.items()} == {"z2": "reparameterization", "z1": "disarm"}
    weighted = Run(replace(settings, estimator="iwae"))
    assert {name: part.name for name, part in weighted.estimators.items()} == {"z2": "iwae", "z1": "vimco"}
    single = Run(replace(SMALL, draws=1))  # leave-one-out needs two draws
    assert {part.name for part in single.estimators.values()} == {"score"}
    assert refusal(run.model, run.estimators, 2) is None
    with pytest.raises(SettingError, match="importance-weighted bound weights the draws of each data point"):
        Run(replace(settings, estimator="iwae", weights="normal"))


def test_the_sparse_sum_of_a_poisson_response_is_the_plain_one() -> None:
    counts = torch.poisson(torch.full((8, 30), 0.1), generator=torch.Generator().manual_seed(0))
    settings = replace(SMALL, data="docstrings", response="poisson", layer_1="gamma", depth=1, weights="gamma")
    model, _, batch = made(settings, counts)
    assert model.plan.sparse
    latents = {"z1": torch.randn(2, 3, 8, 3, dtype=torch.float64), "w1": torch.randn(2, 3, 90, dtype=torch.float64)}
    fast = model.factors(batch, latents)[1].value
    rate = torch.einsum("rbmk,rbdk->rbmd", latents["z1"].exp(), latents["w1"].reshape(2, 3, 30, 3).exp()) + 1e-6
    plain = torch.distributions.Poisson(rate).log_prob(batch.x).sum(-1)
    torch.testing.assert_close(fast, plain)


def test_means_of_layers_are_those_of_their_draws() -> None:
    for kind in LAYERS.values():
        from elbo_room.models.layers import Scales

        scales = Scales(scale=0.5, shape=0.4)
        u = torch.linspace(-1, 1, 2 * kind.per_unit)
        nu = kind.parameters(u, False, scales)
        noise = kind.density.noise(kind.density.noise_shape((100_000, 2)), torch.Generator().manual_seed(1))
        signal = kind.signal(kind.density.transform(noise, nu.expand(100_000, *nu.shape)))
        error = signal.std(0) / len(signal) ** 0.5
        assert ((signal.mean(0) - kind.expected_signal(nu)).abs() < 5 * error + 1e-6).all(), kind.name


@pytest.mark.parametrize("shape", [0.1, 0.03])
def test_gamma_gradients_of_a_sparse_layer_are_right_in_float32(shape: float) -> None:
    """Path and score gradients of the ELBO of a Gamma layer at shape ≤ .1 agree with quadrature in u, within 4 errors."""
    family, prior = Gamma(), torch.tensor([[0.0], [math.log(0.1)]])
    nu = torch.tensor([[math.log(0.7)], [math.log(shape)]]).requires_grad_()
    rate = torch.tensor(2.0)

    def log_joint(y: Tensor) -> Tensor:
        mean = y.exp() + 1e-6
        return family.log_prob(y, prior.to(y.dtype)).sum(-1) + rate.to(y.dtype) * mean[..., 0].log() - mean[..., 0]

    fine = nu.detach().double().requires_grad_()
    grid = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    y = family.transform(grid[:, None], fine.expand(200_000, 2, 1))
    truth = torch.autograd.grad((log_joint(y) - family.log_prob(y, fine)[..., 0]).mean(), fine)[0]
    noise = family.noise((60_000, 1), torch.Generator().manual_seed(2))
    tap = nu.detach().expand(60_000, 2, 1).clone().requires_grad_()
    drawn = family.transform(noise, tap)
    path = torch.autograd.grad((log_joint(drawn) - family.log_prob(drawn, tap)[..., 0]).sum(), tap)[0]
    assert path.dtype == torch.float32
    error = path.std(0) / len(path) ** 0.5
    assert ((path.mean(0) - truth).abs() < 4 * error + 2e-3 * truth.abs()).all(), (path.mean(0), truth, error)


def test_beta_layers_hand_down_probabilities() -> None:
    assert isinstance(LAYERS["beta"].density, Beta)
    assert float(LAYERS["beta"].signal(torch.tensor(0.0))) == 0.5
