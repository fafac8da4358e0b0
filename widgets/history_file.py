"""The curves that are kept with a run, `history.npz`: their columns, and how files of earlier versions are read.

Until the ELBO became the bound on log p(x | θ), its column and its running mean held log p(θ)/N of point estimates too, and there was
no column of the objective. The prior's own column was there, so the bound is their difference.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = "history.npz"
ELBO_COLUMNS = ("step", "elbo", "likelihood", "kl", "prior", "objective")
VARIANCE_COLUMNS = ("step", "value", "low", "high", "series")
MEAN_COLUMNS = ("step", "value")
BEFORE_OBJECTIVE = 5  # columns of a file in which the ELBO held the prior
Table = np.ndarray[Any, Any]


def table(rows: Any, columns: tuple[str, ...] = ELBO_COLUMNS) -> Table:
    """Rows as float32, one number a column: (n, len(columns))."""
    return np.asarray(rows, np.float32).reshape(-1, len(columns))


def bounds(old: Table) -> Table:
    """ELBO rows of an earlier version as they are now; what β and free bits made of the objective was not kept: (n, 6)."""
    prior = old[:, 4]
    return np.column_stack([old[:, 0], old[:, 1] - prior, old[:, 2:5], np.full(len(old), np.nan)]).astype(np.float32)


def read(folder: Path) -> dict[str, Table]:
    """All tables of a run's folder, in today's columns.

    Raises:
        OSError, ValueError, KeyError, EOFError: the file is missing, or is no such file.
    """
    with np.load(folder / FILE, allow_pickle=False) as file:
        tables = {name: np.asarray(file[name], np.float32) for name in file.files}
    elbo, mean = tables["elbo"], table(tables.get("mean", []), MEAN_COLUMNS)
    if elbo.ndim == 2 and elbo.shape[1] == BEFORE_OBJECTIVE:
        if len(elbo):  # the prior has no minibatch noise, so its own mean over a window is its value
            mean = np.column_stack([mean[:, 0], mean[:, 1] - np.interp(mean[:, 0], elbo[:, 0], elbo[:, 4])])
        elbo = bounds(elbo)
    return tables | {"elbo": table(elbo), "mean": table(mean, MEAN_COLUMNS)}
