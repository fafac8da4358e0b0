"""What a conditional model predicts of every row, with intervals, in the units of y."""

import math
from typing import Any

import numpy as np
import torch

from elbo_room.models.data import Dataset, as_dataset
from elbo_room.models.diagnostics.predictive import probabilities, weight_draws
from elbo_room.models.results.rows import Part, frame, parts
from elbo_room.models.training.run import Run

ROWS = 1024  # at a time
NO_RESPONSE = "This model explains no response y, so it predicts none. Use a run of a conditional model; a generative model has samples()."


@torch.no_grad()
def predictions(run: Run, x: object = None, *, level: float = 0.95, draws: int = 1000, seed: int = 0) -> Any:
    """p(y* | x*, data) ≈ (1/S) Σ_s p(y* | x*, w_s), w_s ~ q(w): its mean, standard deviation and central interval, in y's units.

    `low` and `high` are the (1 ± level)/2 quantiles of S draws y_s ~ p(y | x, w_s), so the interval is one for a new y, not for its mean;
    `mean_low` and `mean_high` are those of E[y | x, w_s], what is uncertain about the mean alone. For classes there are `predicted` and
    the probability of each. Where y is known, `y` and `log_density` = log (1/S) Σ_s p(y | x, w_s), in nats, follow.

    Args:
        run: of a conditional model.
        x: new rows (N, D) in the units of the data; None: the run's own, held-out rows marked.
        level: the share of new y that the interval is to hold.
        draws: S.
        seed: of the draws, whose random stream is their own.

    Raises:
        ValueError: the model has no response, x has other features, or the level or the draws are not allowed.
    """
    model: Any = run.model
    if not hasattr(model, "chain") or not hasattr(model, "space"):
        raise ValueError(NO_RESPONSE)
    if not 0 < level < 1 or draws < 100:
        raise ValueError(
            f"Level {level:g} and {draws:,} draws were wanted; the level must be between 0 and 1, and at least 100 draws are needed."
        )
    among = parts(run, new_rows=False) if x is None else [_new(run, x)]
    weights = weight_draws(model, run.q, draws, seed)
    generator = torch.Generator().manual_seed(seed)
    columns: dict[str, list[np.ndarray[Any, Any]]] = {}
    for each in among:
        for batch in each.batches(max(1, min(ROWS, 4_000_000 // draws))):
            for name, values in _columns(run, batch.x, batch.y, weights, level, generator).items():
                columns.setdefault(name, []).append(values)
    return frame({name: np.concatenate(values) for name, values in columns.items()}, among)


def _new(run: Run, x: object) -> Part:
    """New rows, standardised as the run's were."""
    data: Dataset = as_dataset(x)
    known = run.data.x.shape[1]
    if data.x.shape[1] != known:
        raise ValueError(
            f"x has {data.x.shape[1]} features; the run was trained on {known}. Pass the same columns in the same order."
        )
    if run.data.center is not None and run.data.scale is not None:
        data = Dataset((data.x - run.data.center) / run.data.scale, data.y, row_names=data.row_names)
    return Part(data, torch.arange(data.size), held_out=False)


def _columns(
    run: Run, x: torch.Tensor, y: torch.Tensor | None, weights: torch.Tensor, level: float, generator: torch.Generator
) -> dict[str, np.ndarray[Any, Any]]:
    model: Any = run.model
    response, chain = model.response, model.chain(x, weights)
    found: dict[str, np.ndarray[Any, Any]] = {}
    if response.classes > 1 or response.two_classes:
        shares = probabilities(chain)  # (M, K)
        names = run.data.label_names if len(run.data.label_names) == shares.shape[1] else range(shares.shape[1])
        words = np.array([str(name) for name in names])
        found["predicted"] = words[shares.argmax(-1).numpy()]
        found |= {f"p({name})": shares[:, k].double().numpy() for k, name in enumerate(words)}
    else:
        drawn, tail = response.sample(chain, generator).numpy(), (1 - level) / 2
        ends = (tail, 1 - tail)
        mean = chain.m.double().numpy()
        spread = np.sqrt(mean.var(0) + response.spread(chain).double().mean(0).numpy())
        found |= {"mean": mean.mean(0), "sd": spread}
        found |= {name: np.quantile(drawn, end, axis=0) for name, end in zip(("low", "high"), ends, strict=True)}
        found |= {
            f"mean_{name}": np.quantile(mean, end, axis=0) for name, end in zip(("low", "high"), ends, strict=True)
        }
    if y is not None:
        density = response.log_prob(y, chain).logsumexp(0) - math.log(len(weights))
        found |= {"y": y.double().numpy(), "log_density": density.double().numpy()}
    return found
