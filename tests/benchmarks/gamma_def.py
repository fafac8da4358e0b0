"""Sparse gamma DEFs: `python -m tests.benchmarks.gamma_def` prints perplexities on the King James chapters, and speed against Pyro.

Perplexity: a tenth of the chapters is held out; half of the tokens of each (a fair coin a token) are seen, the others predicted. The
unigram, exact coordinate ascent, Gibbs sampling and black box inference take the same split; the model is one Gamma layer of 10 units,
Gamma weights, Poisson counts. Black box inference fits the held-out chapters' own ν with its q of the weights held still.

Speed: the model of Pyro's own example (three Gamma layers of 100, 40 and 15 units, shape .1, Gamma weights of shape .1 and mean 1/3,
Poisson counts) on 320 chapters, all rows a step, one draw, log-normal q on both sides (Pyro's `AutoNormal`); CPU time of whole
training steps, interleaved, one thread.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec

import torch
from torch import Tensor

from models.data import EXPONENTIAL_DATA, Dataset
from models.deep_exponential_family_settings import Settings
from models.deep_exponential_sampling import expected
from models.gamma_poisson import GammaPoisson, Prior, gibbs, halves, perplexity
from models.inference.run import Run
from models.variational import Posterior

SIZE, SHAPE, SWEEPS, GOAL, TIMES = 10, 0.3, 200, 1.05, 10
TOPICS = Settings(
    data="king_james", response="poisson", depth=1, layer_1="gamma", width_1=SIZE, weights="gamma", layer_shape=SHAPE,
    weight_shape=SHAPE, draws=1, batch_size=128, step_size=0.03, stop_at=2500,
)  # fmt: skip
EXAMPLE = replace(
    TOPICS, depth=3, width_1=15, width_2=40, width_3=100, layer_2="gamma", layer_3="gamma", layer_shape=0.1, weight_shape=0.1,
    prior_scale=1 / 3, batch_size=320, stop_at=100_000, step_size=0.01,
)  # fmt: skip
MISSING = "The speed part compares with Pyro, which is not installed; `python lab bench gamma_def` installs it."


@dataclass(frozen=True)
class Split:
    """Chapters to learn from; of the others, tokens that are seen and tokens to predict."""

    train: Dataset
    seen: Dataset
    held_out: Tensor


def table(x: Tensor) -> Dataset:
    """Rows of counts as a data set."""
    return Dataset("king_james", x, torch.zeros(len(x), dtype=torch.int64), ("all",), (x.shape[1],))


def split(x: Tensor, seed: int = 0) -> Split:
    """A tenth of the rows is held out, half of their tokens seen."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(x), generator=generator)
    test, train = order[: len(x) // 10], order[len(x) // 10 :]
    seen, held_out = halves(x[test], generator)
    return Split(table(x[train]), table(seen), held_out)


def unigram(parts: Split) -> float:
    """Perplexity of the words' frequencies, every word counted one hundredth more."""
    return perplexity((parts.train.x.sum(0) + 0.01).expand(len(parts.held_out), -1), parts.held_out)


def coordinate_ascent(parts: Split, prior: Prior, size: int, sweeps: int = SWEEPS) -> tuple[float, float]:
    """(perplexity, ELBO per chapter)."""
    exact = GammaPoisson(parts.train.x, size, prior, torch.Generator().manual_seed(1))
    for _ in range(sweeps):
        exact.sweep()
    z = exact.fold_in(parts.seen.x)
    return perplexity(z @ exact.means()[1].T, parts.held_out), exact.elbo() / parts.train.size


def sampled(parts: Split, prior: Prior, size: int, sweeps: int = 200) -> float:
    """Perplexity of Gibbs sampling: the seen tokens join the training, the mean of z wᵀ over the second half of the sweeps predicts."""
    x = torch.cat([parts.seen.x, parts.train.x])
    mean, _, _ = gibbs(x, size, prior, sweeps, sweeps // 2, torch.Generator().manual_seed(2))
    return perplexity(mean[: parts.seen.size], parts.held_out)


def black_box(parts: Split, settings: Settings, fold_in: int = 600) -> tuple[float, float]:
    """(perplexity, ELBO per chapter over the last 100 steps), of reparameterised black box inference alone."""
    run = Run(settings, parts.train)
    steps = list(run)
    other = Run(replace(settings, stop_at=fold_in, batch_size=len(parts.held_out), step_size=0.05), parts.seen)
    held = run.q.by_site["w1"].requires_grad_(False)
    folded = Run(other.settings, parts.seen, run.model, Posterior({"z1": other.q.by_site["z1"], "w1": held}))
    for _ in folded:
        pass
    family = {name: site.family for name, site in run.model.sites.items()}
    z = expected(family["z1"], folded.q.by_site["z1"].table.detach())
    w = expected(family["w1"], held.table.detach()).unflatten(-1, (-1, settings.width_1))
    return perplexity(z @ w.T, parts.held_out), sum(step.elbo for step in steps[-100:]) / 100


def topics() -> None:
    """Print the first table."""
    parts, prior = split(EXPONENTIAL_DATA["king_james"].load().x), Prior(SHAPE, SHAPE, SHAPE, SHAPE)
    print("| King James, K = 10 | perplexity | ELBO, nats a chapter |\n|---|--:|--:|", flush=True)
    print(f"| unigram | {unigram(parts):.0f} | |", flush=True)
    exact, exact_elbo = coordinate_ascent(parts, prior, SIZE)
    print(f"| exact coordinate ascent, {SWEEPS} sweeps | {exact:.0f} | {exact_elbo:.1f} |", flush=True)
    print(f"| Gibbs sampling, 200 sweeps | {sampled(parts, prior, SIZE):.0f} | |", flush=True)
    found, elbo = black_box(parts, TOPICS)
    print(f"| black box, {TOPICS.stop_at} steps of {TOPICS.batch_size} chapters | {found:.0f} | {elbo:.1f} |")
    print(
        f"\nBlack box against exact: {found / exact:.3f}×, goal {GOAL}×: {'met' if found <= GOAL * exact else 'MISSED'}."
    )


def speed(rounds: int = 6) -> None:
    """Print the second table."""
    from tests.benchmarks._interleaved import medians
    from tests.benchmarks._pyro_gamma_def import KINDS, PyroDef

    x = EXPONENTIAL_DATA["king_james"].load().x[:320].contiguous()
    works = {}
    for family in ("log_normal", "gamma"):
        run = Run(replace(EXAMPLE, positive_family=family), table(x))
        works[f"ours, {family} q"] = lambda run=run: next(run)
    for kind in KINDS:
        works[kind] = PyroDef(kind, x).step
    spent = medians(works, rounds)
    base = spent["ours, log_normal q"]
    print("\n| Pyro's example model, 320 × 4559 counts | ms a step | ratio |\n|---|--:|--:|")
    for label, each in spent.items():
        print(f"| {label} | {each:.1f} | {each / base:.1f}× |")
    least = spent["Pyro, AutoNormal guide"] / base
    print(
        f"\nPyro's steps with the same q: {least:.1f}× as long, goal {TIMES}×: {'met' if least >= TIMES else 'MISSED'}."
    )


def main() -> None:
    """Both tables."""
    torch.set_num_threads(1)
    topics()
    if find_spec("pyro") is None:
        print(MISSING)
        sys.exit(1)
    speed()


if __name__ == "__main__":
    main()
