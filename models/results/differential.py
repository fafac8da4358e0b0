"""Differential expression between two selections of rows, from posterior draws, with its expected false discovery rate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.results.decoded import counted, decoder, draw_z, feature_names, natural
from elbo_room.models.results.rows import Part, parts
from elbo_room.models.training.run import Run

PAIRS_AT_A_TIME = 500
DRAWS = 5000  # pairs; 5,000 × D numbers are kept
MOST = 200_000_000  # pairs × features
SMALL = 1e-6  # added to a share before its logarithm is taken


@torch.no_grad()
def differential(
    run: Run,
    first: Sequence[int],
    second: Sequence[int],
    *,
    delta: float | None = None,
    rate: float = 0.05,
    draws: int = DRAWS,
    seed: int = 0,
) -> Any:
    """β_g = log₂(ρ_g(z_a) + ε) − log₂(ρ_g(z_b) + ε), z_a ~ q(z | x_i) of a random row i of `first`, z_b the same of `second`.

    ρ(z) are the shares of the expected counts, at the average batch. A feature differs if |β_g| ≥ δ, with probability p_g = P(|β_g| ≥ δ)
    over the pairs. With the features in falling order of p, calling the first k different has the expected false discovery rate
    (1/k) Σ_{g ≤ k} (1 − p_g); `different` marks the most whose rate is at most `rate` (Lopez et al. 2018; Boyeau et al. 2019, 2023).
    For data that are no counts β is the difference of E[x_g | z] in the data's units.

    Args:
        run: of a model with a decoder.
        first: numbers of rows in the data as they came; `er.Explorer.selection` holds such.
        second: those that they are compared with.
        delta: δ > 0; 1 by default, a factor of two, and a quarter of a feature's standard deviation where x are no counts.
        rate: the largest expected false discovery rate of what is marked.
        draws: pairs (z_a, z_b).
        seed: of the draws, whose random stream is their own.

    Returns:
        A data frame by feature, the most probable differences first: `mean_first` and `mean_second` (E ρ, or E[x_g]), `difference` (E β),
        `low` and `high` (95 % of β), `probability`, `expected_fdr`, `different`.

    Raises:
        ValueError: a selection is empty, overlaps the other or has rows that do not exist; the model has no decoder; δ or the rate is
            not allowed; the draws are too many.
    """
    import pandas as pd

    decode = decoder(run)
    chosen = [_rows(run, each, name) for each, name in ((first, "first"), (second, "second"))]
    _check(chosen, rate, draws, draws * run.data.x.shape[1])
    bound = _delta(run, delta)
    generator = torch.Generator().manual_seed(seed)
    differences, sums = [], [torch.zeros(()), torch.zeros(())]
    for start in range(0, draws, PAIRS_AT_A_TIME):
        count = min(PAIRS_AT_A_TIME, draws - start)
        both = [natural(run, decode(_drawn(run, rows, count, generator))) for rows in chosen]  # (pairs, D) each
        sums = [total + each.double().sum(0) for total, each in zip(sums, both, strict=True)]
        a, b = ((each + SMALL).log2() for each in both) if counted(run) else both
        differences.append(a - b)
    beta = torch.cat(differences)  # (S, D)
    probability = (beta.abs() >= bound).double().mean(0)
    order = probability.argsort(descending=True, stable=True)
    low, high = (np.quantile(beta.numpy(), share, axis=0) for share in (0.025, 0.975))
    table = pd.DataFrame(
        {
            "mean_first": (sums[0] / draws).numpy(), "mean_second": (sums[1] / draws).numpy(), "difference": beta.double().mean(0).numpy(),
            "low": low, "high": high, "probability": probability.numpy(),
        },
        index=pd.Index(feature_names(run), name="feature"),
    ).iloc[order.tolist()]  # fmt: skip
    table["expected_fdr"] = expected_rate(table["probability"].to_numpy())
    table["different"] = table["expected_fdr"] <= rate
    return table


def expected_rate(probability: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(1/k) Σ_{g ≤ k} (1 − p_g) for every k, p in falling order: it never falls."""
    return np.cumsum(1 - probability) / np.arange(1, len(probability) + 1)


def _delta(run: Run, delta: float | None) -> Tensor:
    if delta is not None and not delta > 0:
        raise ValueError(
            f"δ was {delta:g}; it must be above 0: a feature differs if its difference is at least δ. Write delta=1."
        )
    if delta is not None:
        return torch.tensor(float(delta))
    return torch.tensor(1.0) if counted(run) else run.data.raw().std(0, correction=0).clamp_min(1e-12) / 4


def _check(chosen: list[list[tuple[Part, Tensor]]], rate: float, draws: int, numbers: int) -> None:
    shared = set.intersection(*({int(each.places[k]) for each, rows in some for k in rows} for some in chosen))
    if shared:
        raise ValueError(f"Row {min(shared):,} is in both selections; each row belongs to one of them. Select again.")
    if not 0 < rate < 1:
        raise ValueError(f"The false discovery rate was {rate:g}; it must be between 0 and 1. 0.05 is usual.")
    if draws < 100 or numbers > MOST:
        raise ValueError(
            f"{draws:,} draws were wanted; choose from 100 to {MOST // max(1, numbers // draws):,} for these features."
        )


def _rows(run: Run, wanted: Sequence[int], name: str) -> list[tuple[Part, Tensor]]:
    """The wanted rows by part."""
    numbers = torch.tensor(sorted({int(row) for row in wanted}), dtype=torch.int64)
    if not len(numbers):
        raise ValueError(f"The {name} selection is empty. Select at least one row.")
    found = [(each, torch.isin(each.places, numbers).nonzero()[:, 0]) for each in parts(run)]
    known = sum(len(rows) for _, rows in found)
    if known < len(numbers):
        raise ValueError(
            f"The {name} selection has {len(numbers) - known:,} rows that this run has no q for; its data have "
            f"{sum(each.data.size for each, _ in found):,} rows, counted from 0. Select among those."
        )
    return [(each, rows) for each, rows in found if len(rows)]


def _drawn(run: Run, chosen: list[tuple[Part, Tensor]], count: int, generator: torch.Generator) -> Tensor:
    """One draw of z from q of each of `count` random rows: (count, K)."""
    sizes = torch.tensor([len(rows) for _, rows in chosen])
    places = torch.randint(int(sizes.sum()), (count,), generator=generator)
    found, start = [], 0
    for (part, rows), size in zip(chosen, sizes.tolist(), strict=True):
        mine = places[(places >= start) & (places < start + size)] - start
        if len(mine):
            found.append(draw_z(run, part.data.batch(rows[mine]), generator))
        start += size
    z = torch.cat(found)
    return z[torch.randperm(len(z), generator=generator)]  # pairs are independent
