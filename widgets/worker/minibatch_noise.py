"""Panel B of a model whose q is a point: nothing is drawn, and ĝ varies with the rows of the minibatch alone."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from models.estimators import ESTIMATORS
from models.inference.minibatch import NAME, minibatch_report
from models.inference.parameters import Parameter, listed
from models.inference.report import Report
from models.inference.run import Run
from widgets.worker import evidence

REPLICATES, FINE_REPLICATES = 24, 64
SERIES = len(ESTIMATORS)  # drawn after all estimators
LADDER = (4, 8, 16, 32, 64, 128, 256)
MOST = 0.25  # of the data, so that a ladder shows 1/M and not the (1 − M/N) of drawing without replacement
NOISELESS: dict[str, Any] = {
    "kind": "evidence",
    "facts": {"noiseless": True},
}  # every step sees all data: rounding is no variance
OTHER = (
    "q is a point: nothing is drawn, so this view has nothing to show. Choose 'against step' or 'against M': "
    "ĝ varies with the rows it sees."
)
Message = dict[str, Any]
Measured = list[tuple[int, int, list[tuple[float, float]]]]


class MinibatchNoise:
    """What a probe of one run's minibatches says, view by view; `kept` takes what the curve against the step is redrawn from."""

    def __init__(self, run: Run, kept: Measured) -> None:
        self.run, self.kept = run, kept
        self.choices = listed(run.model)

    def work(self, view: str, parameter: Parameter, *, fine: bool) -> Iterator[Message | None]:
        """The slices of one probe; a view that needs draws gets the reason instead."""
        views: dict[str, Callable[[Parameter, bool], Iterator[Message | None]]] = {
            "variance": self._against_step,
            "variance_against_rows": self._against_rows,
        }
        size, seen = self.run.data.size, self.run.settings.batch_size
        if view not in views:
            return iter([_reason(view, OTHER)])
        if view == "variance" and seen >= size:
            return iter([NOISELESS])
        return views[view](parameter, fine)

    def _report(self, rows: int, replicates: int, parameter: Parameter, seed: int) -> Iterator[Report | None]:
        run = self.run
        return minibatch_report(
            run.model, run.q, run.data, rows, replicates, torch.Generator().manual_seed(seed), site=parameter.site,
            objective=run.objective,
        )  # fmt: skip

    def _against_step(self, parameter: Parameter, fine: bool) -> Iterator[Message | None]:
        run, found = self.run, None
        for found in self._report(
            run.settings.batch_size, FINE_REPLICATES if fine else REPLICATES, parameter, 2 * run.number
        ):
            if found is None:
                yield None
        if found is None:
            return
        self.kept.append((run.number, SERIES, evidence.variances(found, self.choices)))
        whole = next(each for each in self.choices if each.site == parameter.site)
        rows = {
            key: [evidence.row(run.number, *evidence.variance_of(found, what), SERIES)]
            for key, what in (("rows", parameter), ("whole", whole))
        }
        yield {"kind": "variance", **rows}

    def _against_rows(self, parameter: Parameter, fine: bool) -> Iterator[Message | None]:
        table: list[tuple[float, float, float, float, float]] = []
        for rows in (each for each in LADDER if each <= MOST * self.run.data.size):
            found = None
            for found in self._report(
                rows, FINE_REPLICATES if fine else REPLICATES, parameter, 2 * self.run.number + 1
            ):
                if found is None:
                    yield None
            if found is None:
                continue
            table.append(evidence.row(rows, *evidence.variance_of(found, parameter), SERIES))
            yield {"kind": "against", "view": "variance_against_rows", "rows": table[-1:], "steeper": None}
        yield evidence.slopes(table, [*ESTIMATORS, NAME], "variance_against_rows")


def _reason(view: str, words: str) -> Message:
    return {"kind": "evidence", "evidence": {"view": view, "reason": words}}
