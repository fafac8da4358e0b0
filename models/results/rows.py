"""The rows of a run's data, training and held out, under the names or the numbers that they had where they came from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.data.dataset import held_out_rows
from elbo_room.models.diagnostics.evidence.held_out import no_new_rows
from elbo_room.models.training.run import Run

AT_A_TIME = 4096  # rows


@dataclass(frozen=True)
class Part:
    """Some rows of the data a run was made of."""

    data: Dataset
    places: Tensor  # (N,) their numbers in the data as they came
    held_out: bool

    def batches(self, size: int = AT_A_TIME) -> Iterator[Batch]:
        """All rows, a few thousand at a time."""
        for rows in torch.arange(self.data.size).split(size):
            yield self.data.batch(rows)

    @property
    def names(self) -> list[Any]:
        """The rows' names, or their numbers from 0."""
        return list(self.data.row_names) or self.places.tolist()


def parts(run: Run, *, new_rows: bool = True) -> list[Part]:
    """The training rows and, where q applies to rows that it has not seen, the held-out ones."""
    train, test = run.data, run.data.test
    if test is None or (new_rows and no_new_rows(run.q)):
        places = torch.arange(train.size) if test is None else _split(run)[0]
        return [Part(train, places, held_out=False)]
    first, second = _split(run)
    return [Part(train, first, held_out=False), Part(test, second, held_out=True)]


def _split(run: Run) -> tuple[Tensor, Tensor]:
    """The numbers of the training rows and the held-out ones; data that come with held-out rows have those last."""
    held = 0 if run.data.test is None else run.data.test.size
    share = vars(run.settings).get("held_out", 0.0)
    whole = run.data.size + held
    if share and held == len(held_out_rows(whole, share)[1]):
        return held_out_rows(whole, share)
    return torch.arange(run.data.size), torch.arange(run.data.size, whole)


def frame(columns: dict[str, Any], among: list[Part]) -> Any:
    """A data frame of these columns, one row for each row of the data, in the order in which they came.

    It has `held_out` where some rows were, and the rows' names as its index.
    """
    import pandas as pd  # half a second; most runs need no table

    if any(each.held_out for each in among):
        columns = columns | {"held_out": [each.held_out for each in among for _ in range(each.data.size)]}
    found = pd.DataFrame(columns, index=pd.Index([name for each in among for name in each.names], name="row"))
    return found.iloc[torch.cat([each.places for each in among]).argsort().tolist()]
