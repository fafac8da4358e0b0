"""Convolution on DNA: `python lab bench splice` prints test accuracy on splice junctions and how well planted motifs are recovered.

Ten folds over all 3,186 strings; every network is fitted by plain MAP with one setting, none of it chosen on these folds. The yardstick
is multinomial logistic regression on the one-hot bases (.955, known-answers.md).
"""

import time

import torch

from models.data import planted_motifs, splice_junctions
from models.data.dna import correlation, known_motifs
from models.networks import Architecture
from tests.benchmarks._map import fit, right

FOLDS, SEED = 10, 11
LOGISTIC = Architecture(depth=0), {"scale": 0.3, "steps": 500, "step_size": 0.005}
CONVOLUTION = (
    Architecture(network="convolution", kernel=5, channels=12, depth=3, activation="relu", identity_residual=True),
    {"scale": 0.1, "steps": 500, "step_size": 0.005},
)
MOTIF_FILTERS = Architecture(network="convolution", kernel=12, channels=16, activation="relu", pooling="max")


def folded(kind: Architecture, how: dict[str, float]) -> tuple[float, float, float]:
    """Test accuracy over ten folds, its standard error, seconds a fit."""
    data = splice_junctions()
    assert data.test is not None
    x, y = torch.cat([data.x, data.test.x]), torch.cat([data.labels, data.test.labels])
    folds = torch.randperm(len(x), generator=torch.Generator().manual_seed(SEED)).chunk(FOLDS)
    count, start = 0, time.perf_counter()
    for number, rows in enumerate(folds):
        rest = torch.cat([fold for fold in folds if fold is not rows])
        net = fit(x[rest], y[rest], data.shape, kind, seed=number, **how)  # type: ignore[arg-type]
        count += right(net, x[rows], y[rows])
    accuracy = count / len(x)
    return accuracy, (accuracy * (1 - accuracy) / len(x)) ** 0.5, (time.perf_counter() - start) / FOLDS


def recovered(seed: int = 0) -> dict[str, float]:
    """The best correlation of a learned filter with each planted motif's log odds."""
    data = planted_motifs()
    net = fit(data.x, data.labels, data.shape, MOTIF_FILTERS, scale=0.3, steps=1500, step_size=0.02, seed=seed)
    return {name: correlation(net.filters().detach(), motif)[0] for name, motif in known_motifs().items()}  # type: ignore[union-attr, operator]


def main() -> None:
    """Print both tables."""
    torch.set_num_threads(1)
    for name, (kind, how) in {"logistic regression": LOGISTIC, "convolution": CONVOLUTION}.items():
        accuracy, error, seconds = folded(kind, how)
        print(f"{name:20} test accuracy {accuracy:.4f} ± {error:.4f} (10 folds), {seconds:.1f} s a fit", flush=True)
    for seed in range(5):
        found = recovered(seed)
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
