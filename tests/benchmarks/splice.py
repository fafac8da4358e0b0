"""Convolution on DNA: `python lab bench splice` prints test accuracy on splice junctions and how well planted motifs are recovered.

Ten folds over all 3,186 strings; every network is fitted by plain MAP with one setting, none of it chosen on these folds. The yardstick
is multinomial logistic regression on the one-hot bases (.955, known-answers.md).
"""

import time

import torch
from torch import Tensor

from elbo_room.models.data import planted_motifs, splice_junctions
from elbo_room.models.data.dna import correlation, known_motifs
from elbo_room.models.networks import Architecture
from tests.benchmarks._map import fit

FOLDS, SEED = 10, 11
LOGISTIC = Architecture(depth=0), {"scale": 0.3, "steps": 500, "step_size": 0.005}
CONVOLUTION = (
    Architecture(network="convolution", kernel=5, channels=12, depth=3, activation="relu", identity_residual=True),
    {"scale": 0.1, "steps": 500, "step_size": 0.005},
)
MOTIF_FILTERS = Architecture(network="convolution", kernel=12, channels=16, activation="relu", pooling="max")


@torch.no_grad()
def folded(kind: Architecture, how: dict[str, float]) -> tuple[Tensor, float]:
    """Which strings are classified correctly while held out, (N,), and seconds per fit."""
    data = splice_junctions()
    assert data.test is not None
    x, y = torch.cat([data.x, data.test.x]), torch.cat([data.labels, data.test.labels])
    folds = torch.randperm(len(x), generator=torch.Generator().manual_seed(SEED)).chunk(FOLDS)
    right, start = torch.zeros(len(x), dtype=torch.float64), time.perf_counter()
    for number, rows in enumerate(folds):
        rest = torch.cat([fold for fold in folds if fold is not rows])
        with torch.enable_grad():
            net = fit(x[rest], y[rest], data.shape, kind, seed=number, **how)  # type: ignore[arg-type]
        right[rows] = (net(x[rows]).argmax(-1) == y[rows]).double()
    return right, (time.perf_counter() - start) / FOLDS


def mean(values: Tensor) -> tuple[float, float]:
    """Mean and standard error."""
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


def recovered(seed: int = 0) -> dict[str, float]:
    """The best correlation of a learned filter with each planted motif's log odds."""
    data = planted_motifs()
    net = fit(data.x, data.labels, data.shape, MOTIF_FILTERS, scale=0.3, steps=1500, step_size=0.02, seed=seed)
    return {name: correlation(net.filters().detach(), motif)[0] for name, motif in known_motifs().items()}  # type: ignore[union-attr, operator]


def main() -> None:
    """Print both tables."""
    torch.set_num_threads(1)
    found = []
    for name, (kind, how) in {"logistic regression": LOGISTIC, "convolution": CONVOLUTION}.items():
        right, seconds = folded(kind, how)
        found.append(right)
        print(
            "{:20} test accuracy {:.4f} ± {:.4f}".format(name, *mean(right)),
            f"(10 folds), {seconds:.1f} s a fit",
            flush=True,
        )
    print("convolution better by {:.4f} ± {:.4f}, string by string".format(*mean(found[1] - found[0])), flush=True)
    for seed in range(5):
        found = recovered(seed)
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
