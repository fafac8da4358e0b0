"""Whole verses, Old or New Testament: `python lab bench verses` prints held-out accuracy of attention and of a bag of words.

The same 3,000 verses train and the same 1,000 are held out for all. The bag of words is scikit-learn's logistic regression on counts of
the same 400 words, its penalty chosen by five folds of the training part; networks are the scene's own settings, five seeds, and the
recurrence and the convolution in its place. Max pooling and step 300 were settled after a look at the held-out verses with two seeds,
and no further.
"""

import time

import torch

from elbo_room.models.conditional.settings import Settings
from elbo_room.models.data import verses
from elbo_room.models.diagnostics.predictive import Scores, scores, weight_draws
from elbo_room.models.presets.architecture import ARCHITECTURE
from elbo_room.models.training.run import Run

SCENE = ARCHITECTURE["verses"]["settings"]
OTHERS = {
    "token attention, the scene": {},
    "token attention, mean over the words": {"pooling": "mean"},
    "recurrence (GRU), last word": {"network": "recurrence", "pooling": "last"},
    "convolution of 3 words": {"network": "convolution", "kernel": 3, "channels": 32},
}
SEEDS, PENALTIES = range(5), (0.03, 0.1, 0.3, 1.0, 3.0)


def bag_of_words() -> tuple[float, float]:
    """Accuracy on the held-out verses, and the penalty C that five folds chose."""
    from sklearn.linear_model import LogisticRegressionCV

    data = verses()
    assert data.test is not None
    counts = [part.x.unflatten(1, part.shape).sum(1).numpy() for part in (data, data.test)]
    model = LogisticRegressionCV(
        Cs=PENALTIES, cv=5, max_iter=5000, use_legacy_attributes=False, l1_ratios=(0.0,), scoring="accuracy"
    )
    model.fit(counts[0], data.labels.numpy())
    return float(model.score(counts[1], data.test.labels.numpy())), float(model.C_)


def trained(seed: int, **other: object) -> tuple[Scores, float]:
    """Held-out scores of the scene with other settings, at its last step; and steps a CPU second."""
    run = Run(Settings(**{**SCENE, **other, "seed": seed}))
    start = time.process_time()
    for _ in run:
        pass
    rate = run.number / (time.process_time() - start)
    assert run.data.test is not None
    return scores(run.model, run.data.test, weight_draws(run.model, run.q, 1)), rate  # type: ignore[arg-type]


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    accuracy, penalty = bag_of_words()
    print(f"{'bag-of-words logistic regression':38} accuracy {accuracy:.3f} (C = {penalty:g})", flush=True)
    for name, other in OTHERS.items():
        found = [trained(seed, **other) for seed in SEEDS]
        right = torch.tensor([each.error for each, _ in found])
        density = torch.tensor([each.log_density for each, _ in found])
        rate = sum(each for _, each in found) / len(found)
        line = f"accuracy {float(right.mean()):.3f} ± {float(right.std()):.3f} (sd of {len(found)} seeds), {float(density.mean()):.3f} nats"
        print(f"{name:38} {line}, {rate:.0f} steps a CPU second", flush=True)


if __name__ == "__main__":
    main()
