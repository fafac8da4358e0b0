"""The notes' questions about deep exponential families, as experiments that run: against a deep network, and mean against natural.

Each returns held-out scores, (nats per datum, standard error), of models trained in the same way on the same rows. The third, conjugate
pairs, is `models.gamma_poisson` beside a run: exact coordinate ascent and Gibbs sampling.
"""

import math
from dataclasses import replace

import torch

from models.data import Dataset, as_dataset, digits, docstrings
from models.deep_exponential_build import ENCODER, build
from models.deep_exponential_family_settings import Settings
from models.deep_generative import build as build_generative
from models.deep_generative_settings import Settings as GenerativeSettings
from models.diagnostics.held_out import held_out_bound
from models.inference.run import Run
from models.layers.response import SCALE_FLOOR
from models.variational import Amortized, Posterior

Scores = dict[str, tuple[float, float]]
TOP, HIDDEN = 4, 16
GAUSSIAN = Settings(
    response="normal", layer_1="normal", layer_2="normal", width_1=HIDDEN, width_2=TOP, variational="amortized", draws=4,
    step_size=0.005,
)  # fmt: skip
COUNTS = Settings(
    data="docstrings", response="poisson", layer_1="poisson", layer_2="poisson", width_1=12, width_2=4,
    variational="amortized", estimator="leave_one_out", rao_blackwell="blanket", draws=8, step_size=0.01,
)  # fmt: skip


def parted(data: Dataset, share: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
    """(train, held out): the same rows every time."""
    order = torch.randperm(data.size, generator=torch.Generator().manual_seed(seed))
    cut = int(share * data.size)
    rows = (order[cut:], order[:cut])
    first, second = (replace(data, x=data.x[each].contiguous(), labels=data.labels[each]) for each in rows)
    return first, second


def _score(run: Run, test: Dataset) -> tuple[float, float]:
    for _ in run:
        pass
    return held_out_bound(run.model, run.q, test, torch.Generator().manual_seed(1))


def against_network(steps: int = 2000, scales: tuple[float, ...] = (0.3, 0.03)) -> Scores:
    """A deep latent Gaussian model at each σ, against the network with its very units: z_2 (4) → 16 tanh units → digits, one σ_x."""
    train, test = parted(digits())
    found = {}
    for scale in scales:
        settings = replace(GAUSSIAN, layer_scale=scale, stop_at=steps)
        found[f"deep latent Gaussian, σ = {scale:g}"] = _score(Run(settings, train), test)
    plain = GenerativeSettings(latent_size=TOP, width=HIDDEN, depth=1, draws=4, step_size=0.005, stop_at=steps)
    generator = torch.Generator().manual_seed(plain.seed)
    model, _ = build_generative(plain, train, generator)
    encoder = Amortized(model.sites["z"], train.x.shape[1], train.size, ENCODER, generator)
    network = Run(plain, train, model, Posterior({"z": encoder}))
    return found | {"deep network of the same size": _score(network, test)}


def mean_against_natural(steps: int = 1000) -> Scores:
    """A Poisson DEF of the docstrings whose u sets the mean, softplus u, and one whose u is the natural parameter, the log rate."""
    train, test = parted(docstrings())
    return {link: _score(Run(replace(COUNTS, link=link, stop_at=steps), train), test) for link in ("mean", "natural")}


SLOPE, LOADINGS = 1.3, torch.tensor([[0.9, -0.6, 0.4]])  # w and ℓ
CHAIN = Settings(
    response="normal", layer_1="normal", layer_2="normal", width_1=1, width_2=1, activation="identity", intercept=False,
    centred=True, layer_scale=0.7, prior_scale=100.0, estimator="path_only", draws=4, batch_size=64, step_size=0.02,
)  # fmt: skip


@torch.no_grad()
def _chain(structure: str, x: torch.Tensor) -> Run:
    """A run of q alone: the chain's parameters stand still at those that made the data."""
    settings, data = replace(CHAIN, structure=structure), as_dataset(x)
    model, q = build(settings, data, torch.Generator().manual_seed(1))
    low, high = model.joins()
    low.weight.copy_(LOADINGS.T)
    high.weight.fill_(SLOPE)
    if model.raw_scale is not None:
        model.raw_scale.fill_(math.log(math.expm1(1 - SCALE_FLOOR)))  # σ_x = 1
    return Run(settings, data, model.requires_grad_(requires_grad=False), q)


def gap_of_structure(structure: str, steps: int = 600, rows: int = 64) -> float:
    """Log p(x) − ELBO, nats per datum, of a linear Gaussian chain z₂ → z₁ → x with this structure of q.

    The evidence is exact: x ~ N(0, (w² + σ²) ℓℓᵀ + I). A product over layers keeps a gap, as z₁ and z₂ are correlated given x;
    q(z₂ | x) q(z₁ | z₂, x) holds the posterior itself. The model's own parameters are given: learned ones would bend to close the gap.
    """
    noise = torch.randn(rows, 5, generator=torch.Generator().manual_seed(0))
    x = (SLOPE * noise[:, :1] + CHAIN.layer_scale * noise[:, 1:2]) @ LOADINGS + noise[:, 2:]
    run = _chain(structure, x)
    run.change(stop_at=steps)
    last = list(run)[-steps // 10 :]
    bound = sum(step.elbo - step.terms["log p(θ)"] for step in last) / len(last)
    covariance = (SLOPE**2 + CHAIN.layer_scale**2) * LOADINGS.T @ LOADINGS + torch.eye(3)
    exact = torch.distributions.MultivariateNormal(torch.zeros(3), covariance).log_prob(x).mean()
    return float(exact) - bound
