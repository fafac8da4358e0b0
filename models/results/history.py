"""A run step by step: ELBO, its terms, its running mean, and what was measured on the way."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from elbo_room.models.training.run import Run

FEWEST, MOST = (
    20,
    200,
)  # steps of a window, as in panel A: draws are noisy, and a mean over very many reflects the distant past


def window(size: int, batch_size: int) -> int:
    """W = ⌈N/M⌉, one pass through N rows in minibatches of M, within `FEWEST` and `MOST`."""
    return min(MOST, max(FEWEST, -(-size // min(batch_size, size))))


def running_mean(elbo: np.ndarray[Any, Any], steps: int) -> np.ndarray[Any, Any]:
    """(1/W) Σ of the last W values, (n,); not a number before there are so many."""
    found = np.full(len(elbo), np.nan)
    if len(elbo) >= steps:
        total = np.cumsum(np.concatenate([[0.0], elbo]))
        found[steps - 1 :] = (total[steps:] - total[:-steps]) / steps
    return found


def history(run: Run, measured: Iterable[tuple[int, Mapping[str, float]]] = ()) -> Any:
    """One row a step, by `step`: ELBO = Σ terms, objective, log p(θ)/N, all in nats per data point, before the step's update.

    `running mean` is the mean ELBO of the last W = ⌈N/M⌉ steps, within 20 and 200. What was `measured` on the way, (step, {name: value}),
    has a column for each name and is empty at other steps; a step that is not in the log has a row with that alone.

    Returns:
        A pandas data frame; it has `to_csv` and `to_parquet`.
    """
    import pandas as pd

    log = run.log.table()
    table = pd.DataFrame(log, columns=list(run.log.columns)).astype({"step": np.int64}).set_index("step")
    table.insert(1, "running mean", running_mean(log[:, 1], window(run.data.size, run.settings.batch_size)))
    found: dict[int, dict[str, float]] = {}
    for step, values in measured:
        found.setdefault(int(step), {}).update(values)
    if not found:
        return table
    also = pd.DataFrame.from_dict(found, orient="index")
    also.index.name = "step"
    return table.join(also, how="outer").sort_index()
