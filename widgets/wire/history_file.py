"""The curves that are kept with a run, `history.npz`: their columns, and how files of earlier versions are read.

Until the ELBO became the bound on log p(x | θ), its column and its running mean held log p(θ)/N of point estimates too, and there was
no column of the objective. The prior's own column was there, so the bound is their difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

FILE = "history.npz"
REPLAY_FILE = "replay.npz"  # the states that replay can return to: `elbo_room.widgets.worker.states`
ELBO_COLUMNS = ("step", "elbo", "likelihood", "kl", "prior", "objective")
VARIANCE_COLUMNS = ("step", "value", "low", "high", "series")
MEAN_COLUMNS = ("step", "value")
BEFORE_OBJECTIVE = 5  # columns of a file in which the ELBO held the prior
SERIES = "series"  # in the file: the names of what the last column of the variance counts through
# What it counted through in files that do not hold these names. Never to be changed: such files exist.
UNNAMED = (
    "score", "score_xi", "leave_one_out", "reparameterization", "path_only", "analytic_entropy", "analytic_kl",
    "quadratic_miller", "quadratic_surrogate", "iwae", "dreg", "vimco", "score_xi_each", "vargrad", "nvil", "measure_valued",
    "local_expectation", "arm", "disarm", "rebar", "relax", "gumbel_softmax", "straight_through", "local_reparameterization",
    "flipout", "minibatch",
)  # fmt: skip
Table = np.ndarray[Any, Any]


def table(rows: Any, columns: tuple[str, ...] = ELBO_COLUMNS) -> Table:
    """Rows as float32, one number a column: (n, len(columns))."""
    return np.asarray(rows, np.float32).reshape(-1, len(columns))


def elbo_curve(mean: Table, elbo: Table) -> Table:
    """A run's curve, rows of step and ELBO (n, 2): its running mean; every step before the mean's first point, if that is all there is."""
    if len(mean) > 1:
        return mean
    before = elbo[: int(np.searchsorted(elbo[:, 0], mean[0, 0]))] if len(mean) else elbo
    return np.concatenate([before[:, :2], mean]) if len(before) else mean


def bounds(old: Table) -> Table:
    """ELBO rows of an earlier version as they are now; what β and free bits made of the objective was not kept: (n, 6)."""
    prior = old[:, 4]
    return np.column_stack([old[:, 0], old[:, 1] - prior, old[:, 2:5], np.full(len(old), np.nan)]).astype(np.float32)


def renumbered(rows: Table, names: Sequence[str], today: Sequence[str]) -> Table:
    """Rows of the variance whose series are places in `names`, with their places in `today`; what is no more is left out."""
    places = np.array([today.index(name) if name in today else -1 for name in names], np.float32)
    rows = rows[(rows[:, -1] >= 0) & (rows[:, -1] < len(names))]
    rows = np.column_stack([rows[:, :-1], places[rows[:, -1].astype(np.int64)]])
    return rows[rows[:, -1] >= 0].astype(np.float32)


def read(folder: Path, today: Sequence[str] = ()) -> dict[str, Table]:
    """All tables of a run's folder, in today's columns, and the series of the variance in the order of `today`.

    Raises:
        FileNotFoundError: there are none.
        ValueError: the file is damaged.
    """
    try:
        return _read(folder, today)
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile, zlib and numpy each raise different errors for a damaged file
        raise ValueError(f"The curves in {folder} cannot be read ({type(error).__name__}).") from error


def _read(folder: Path, today: Sequence[str]) -> dict[str, Table]:
    # numpy leaves a damaged file open that it has opened itself
    with (folder / FILE).open("rb") as stored, np.load(stored, allow_pickle=False) as file:
        tables = {name: np.asarray(file[name], np.float32) for name in file.files if name != SERIES}
        names = [str(name) for name in file[SERIES]] if SERIES in file.files else UNNAMED
    elbo, mean = tables["elbo"], table(tables.get("mean", []), MEAN_COLUMNS)
    if elbo.ndim == 2 and elbo.shape[1] == BEFORE_OBJECTIVE:
        if len(elbo):  # the prior has no minibatch noise, so its own mean over a window is its value
            mean = np.column_stack([mean[:, 0], mean[:, 1] - np.interp(mean[:, 0], elbo[:, 0], elbo[:, 4])])
        elbo = bounds(elbo)
    variance = renumbered(table(tables.get("variance", []), VARIANCE_COLUMNS), names, today)
    return tables | {"elbo": table(elbo), "mean": table(mean, MEAN_COLUMNS), "variance": variance}
