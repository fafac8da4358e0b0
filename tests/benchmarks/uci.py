"""UCI regression by a Bayesian network: `python lab bench uci [yacht wine_red energy concrete] [--validate]`.

One hidden layer of 50 ReLU, mean-field q, ARD prior, learned s: the test RMSE and log density of the 20 published splits, all trained in
one run, next to probabilistic backpropagation (Hernández-Lobato & Adams 2015). One setting for all data, chosen with `--validate`, which
trains on four fifths of each training part, scores the last fifth, and never touches a test row.
"""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.conditional.settings import Settings
from elbo_room.models.data import Dataset
from elbo_room.models.data.tables import shipped, standardized
from elbo_room.models.networks import Architecture
from elbo_room.models.priors import make_prior
from elbo_room.models.responses import RESPONSES
from elbo_room.models.training.run_from import run_from
from tests.benchmarks._replicates import Replicates, build

SPLITS, DRAWS, CHUNK = 20, 500, 25  # DRAWS of the weights for a prediction, so many at a time
STAGES, FIRST = 12, 4  # the step size stays for FIRST stages and then falls along a cosine
NETWORK = Architecture(width=50, depth=1, activation="relu")
SETTINGS = Settings(
    prior="ard", prior_scale=1.0, draws=4, batch_size=256, step_size=0.01, stop_at=8000, spread=0.1, seed=0
)
PBP = {  # RMSE, its standard error, log density, its standard error
    "yacht": (1.02, 0.05, -1.63, 0.02), "wine_red": (0.64, 0.01, -0.97, 0.01),
    "energy": (1.80, 0.05, -2.04, 0.02), "concrete": (5.67, 0.09, -3.16, 0.02),
}  # fmt: skip


@dataclass(frozen=True)
class Splits:
    """All splits of a table, standardised by each one's own training part: x (N, S, D), y (N, S), and sd y (S,)."""

    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    scale: Tensor


def published(rows: int) -> list[tuple[np.ndarray, np.ndarray]]:  # type: ignore[type-arg]
    """Train and test rows of the 20 splits, as the papers made them."""
    state, last = np.random.RandomState(1), round(0.9 * rows)
    orders = [state.permutation(rows) for _ in range(SPLITS)]
    return [(order[:last], order[last:]) for order in orders]


def splits_of(name: str, *, validate: bool = False) -> Splits:
    """The splits of a shipped table; to validate, the last fifth of each training part serves as the test part."""
    x, y, _ = shipped(name)
    parts = published(len(x))
    if validate:
        last = round(0.8 * len(parts[0][0]))
        parts = [(train[:last], train[last:]) for train, _ in parts]
    inputs = [standardized(x[train], x[test]) for train, test in parts]
    responses = [standardized(y[train], y[test]) for train, test in parts]
    columns = (*zip(*inputs, strict=True), *zip(*responses, strict=True), [y[train].std() for train, _ in parts])
    x_all, x_test, y_all, y_test, scale = (torch.tensor(np.stack(each, -1).astype(np.float32)) for each in columns)
    return Splits(x_all.transpose(1, 2), y_all, x_test.transpose(1, 2), y_test, scale)


def fit(data: Splits, settings: Settings = SETTINGS) -> tuple[Replicates, Tensor]:
    """One run of all splits; the model and ν (2, S·P) of its weights."""
    _, count, inputs = data.x.shape
    model, q = build(NETWORK, inputs, RESPONSES["normal"](), make_prior(settings, point_mass=False), count, settings)
    splits = Dataset(data.x.flatten(1), data.y, name="splits")
    run = run_from(settings, splits, model=model, q=q)
    for stage in range(STAGES):
        falling = max(0.0, (stage - FIRST + 0.5) / (STAGES - FIRST))
        size = settings.step_size * (1 + math.cos(math.pi * falling)) / 2
        run.change(step_size=size, stop_at=max(1, settings.stop_at * (stage + 1) // STAGES))
        for _ in run:
            pass
    return model, q.nu(model.sites["w"], run.data.batch(torch.zeros(1, dtype=torch.int64))).detach()


@torch.no_grad()
def scores(model: Replicates, nu: Tensor, data: Splits) -> tuple[Tensor, Tensor]:
    """RMSE and mean log predictive density of every split, in the units of y: (S,) each."""
    generator = torch.Generator().manual_seed(1)
    x, y = data.x_test.transpose(0, 1), data.y_test.T  # (S, M, D), (S, M)
    density, mean = [], []
    for _ in range(DRAWS // CHUNK):
        noise = torch.randn(CHUNK, nu.shape[-1], generator=generator)
        chain = model.chain(x, (nu[0] + nu[1].exp() * noise).unflatten(-1, (model.count, -1)))  # (B, S, M)
        density.append(model.response.log_prob(y, chain).logsumexp(0))
        mean.append(chain.m.mean(0))
    log_density = torch.stack(density).logsumexp(0) - math.log(DRAWS)
    error = (torch.stack(mean).mean(0) - y).square().mean(-1).sqrt()
    return error * data.scale, log_density.mean(-1) - data.scale.log()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line per table."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(prog="python lab bench uci")
    parser.add_argument("tables", nargs="*", default=["yacht", "wine_red"], choices=list(PBP))
    parser.add_argument("--validate", action="store_true", help="score a part of the training rows instead")
    chosen = parser.parse_args(arguments)
    print(
        f"{SPLITS} splits{', validation rows of the training parts' if chosen.validate else ''}: mean ± standard error"
    )
    for name in chosen.tables:
        start, data = time.process_time(), splits_of(name, validate=chosen.validate)
        found = scores(*fit(data), data)
        (error, error_se), (density, density_se) = ((float(v.mean()), float(v.std() / len(v) ** 0.5)) for v in found)
        theirs = PBP[name]
        better = theirs[0] - error > -2 * math.hypot(error_se, theirs[1])
        denser = density - theirs[2] > -2 * math.hypot(density_se, theirs[3])
        print(
            f"{name:9} RMSE {error:.3f} ± {error_se:.3f} (PBP {theirs[0]} ± {theirs[1]}), "
            f"log density {density:.3f} ± {density_se:.3f} (PBP {theirs[2]} ± {theirs[3]}), "
            f"{'at least as good within 2 se' if better and denser else 'WORSE than PBP'}, "
            f"{time.process_time() - start:.0f} CPU s",
            flush=True,
        )


if __name__ == "__main__":
    main()
