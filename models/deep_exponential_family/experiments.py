"""The lecture notes' three questions about deep exponential families, as runnable experiments: deep nets, mean or natural, conjugate pairs.

The first two return held-out scores in nats, one per row, of models trained in the same way; `compared` compares them. The third
compares black box inference with exact coordinate ascent and Gibbs sampling for the same Gamma–Poisson model.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elbo_room.models.data import Dataset, digits, docstrings, from_array
from elbo_room.models.deep_exponential_family.build import ENCODER
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.deep_generative.model import build as build_generative
from elbo_room.models.deep_generative.settings import Settings as GenerativeSettings
from elbo_room.models.diagnostics.evidence.held_out import held_out_scores
from elbo_room.models.exact.gamma_poisson import GammaPoisson, Prior, gibbs, halves, perplexity
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from elbo_room.models.variational import Amortized, Posterior

Scores = dict[str, Tensor]  # held-out rows' scores (N,), by model
TOP, HIDDEN = 4, 16
GAUSSIAN = Settings(
    response="normal", layer_1="normal", layer_2="normal", width_1=HIDDEN, width_2=TOP, variational="amortized", draws=4,
    step_size=0.005,
)  # fmt: skip
COUNTS = Settings(
    data="docstrings", response="poisson", layer_1="poisson", layer_2="poisson", width_1=12, width_2=4,
    variational="amortized", estimator="leave_one_out", rao_blackwell="blanket", draws=4, step_size=0.01,
)  # fmt: skip
TOPICS = Settings(
    data="king_james", response="poisson", depth=1, layer_1="gamma", width_1=10, weights="gamma", layer_shape=0.3, weight_shape=0.3,
    draws=1, batch_size=128, step_size=0.03, stop_at=2500,
)  # fmt: skip


def parted(data: Dataset, share: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
    """(train, held out): the same rows every time."""
    order = torch.randperm(data.size, generator=torch.Generator().manual_seed(seed))
    cut = int(share * data.size)
    rows = (order[cut:], order[:cut])
    first, second = (replace(data, x=data.x[each].contiguous(), labels=data.labels[each]) for each in rows)
    return first, second


def compared(scores: Scores) -> dict[str, tuple[float, float, float]]:
    """(mean, difference from the first model's, its standard error): rows differ more than models, so pairs are compared."""
    first = next(iter(scores.values()))
    found = {}
    for name, each in scores.items():
        above = each - first
        found[name] = (float(each.mean()), float(above.mean()), float(above.std()) / len(above) ** 0.5)
    return found


def _score(run: Run, test: Dataset) -> Tensor:
    for _ in run:
        pass
    return held_out_scores(run.model, run.q, test, torch.Generator().manual_seed(1))


def against_network(steps: int = 2000, scales: tuple[float, ...] = (0.3, 0.03)) -> Scores:
    """A deep latent Gaussian model at each σ, against the network with the same units: z_2 (4) → 16 tanh units → digits, one σ_x."""
    train, test = parted(digits())
    found: Scores = {}
    for scale in scales:
        settings = replace(GAUSSIAN, layer_scale=scale, stop_at=steps)
        found[f"deep latent Gaussian, σ = {scale:g}"] = _score(Run(settings, train), test)
    plain = GenerativeSettings(latent_size=TOP, width=HIDDEN, depth=1, draws=4, step_size=0.005, stop_at=steps)
    generator = torch.Generator().manual_seed(plain.seed)
    model, _ = build_generative(plain, train, generator)
    encoder = Amortized(model.sites["z"], train.x.shape[1], train.size, ENCODER, generator)
    network = run_from(plain, train, model=model, q=Posterior({"z": encoder}))
    return found | {"deep network of the same size": _score(network, test)}


def mean_against_natural(steps: int = 1000) -> Scores:
    """A Poisson DEF of the docstrings whose u sets the mean, softplus u, and one whose u is the natural parameter, the log rate."""
    train, test = parted(docstrings())
    return {link: _score(Run(replace(COUNTS, link=link, stop_at=steps), train), test) for link in ("mean", "natural")}


@dataclass(frozen=True)
class Split:
    """Training documents; for the others, observed tokens and tokens to predict."""

    train: Dataset
    seen: Dataset
    held_out: Tensor


def split(x: Tensor, seed: int = 0) -> Split:
    """A tenth of the rows is held out, half of their tokens seen."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(x), generator=generator)
    test, train = order[: len(x) // 10], order[len(x) // 10 :]
    seen, held_out = halves(x[test], generator)
    return Split(from_array(x[train]), from_array(seen), held_out)


def unigram(parts: Split) -> float:
    """Perplexity of the word frequencies, with one hundredth added to every count."""
    return perplexity((parts.train.x.sum(0) + 0.01).expand(len(parts.held_out), -1), parts.held_out)


def coordinate_ascent(parts: Split, prior: Prior, size: int, sweeps: int = 200) -> tuple[float, float]:
    """(perplexity, ELBO per document) of exact coordinate ascent."""
    exact = GammaPoisson(parts.train.x, size, prior, torch.Generator().manual_seed(1))
    for _ in range(sweeps):
        exact.sweep()
    z = exact.fold_in(parts.seen.x)
    return perplexity(z @ exact.means()[1].T, parts.held_out), exact.elbo() / parts.train.size


def sampled(parts: Split, prior: Prior, size: int, sweeps: int = 200) -> float:
    """Perplexity of Gibbs sampling: the observed tokens join the training, the mean of z wᵀ over the second half of the sweeps predicts."""
    x = torch.cat([parts.seen.x, parts.train.x])
    mean, _, _ = gibbs(x, size, prior, sweeps, sweeps // 2, torch.Generator().manual_seed(2))
    return perplexity(mean[: parts.seen.size], parts.held_out)


def black_box(parts: Split, settings: Settings, fold_in: int = 600) -> tuple[float, float]:
    """(perplexity, ELBO per document over the last 100 steps); held-out documents get their own ν with q of the weights fixed."""
    run = Run(settings, parts.train)
    steps = list(run)
    other = Run(replace(settings, stop_at=fold_in, batch_size=len(parts.held_out), step_size=0.05), parts.seen)
    held = run.q.by_site["w1"].requires_grad_(False)
    folded = run_from(
        other.settings, parts.seen, model=run.model, q=Posterior({"z1": other.q.by_site["z1"], "w1": held})
    )
    for _ in folded:
        pass
    sites, whole = run.model.sites, parts.seen.whole()
    z = sites["z1"].family.expectation(folded.q.nu(sites["z1"], whole).detach())
    w = sites["w1"].family.expectation(folded.q.nu(sites["w1"], whole).detach()).unflatten(-1, (-1, settings.width_1))
    last = steps[-100:]
    return perplexity(z @ w.T, parts.held_out), sum(step.elbo for step in last) / len(last)


def conjugate_pair(x: Tensor, size: int = 8, steps: int = 1500, sweeps: int = 100) -> dict[str, tuple[float, float]]:
    """(perplexity of held-out tokens, ELBO per document or nan): what black box inference approaches without using the conditionals."""
    parts, shape = split(x), TOPICS.layer_shape
    prior = Prior(shape, shape, shape, shape)
    return {
        "unigram": (unigram(parts), float("nan")),
        "exact coordinate ascent": coordinate_ascent(parts, prior, size, sweeps),
        "Gibbs sampling": (sampled(parts, prior, size, sweeps), float("nan")),
        "black box": black_box(parts, replace(TOPICS, width_1=size, stop_at=steps)),
    }
