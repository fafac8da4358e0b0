"""Panel B of a model whose q is a point: nothing is drawn, and ĝ varies with the rows of the minibatch alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.inference.parameters import Parameter
from elbo_room.models.probing.minibatch import MINIBATCH, minibatch_report
from elbo_room.models.probing.report import Report
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.measuring import rows as evidence
from elbo_room.widgets.worker.measuring.effort import LADDER_BUDGET, LEAST

REPLICATES, FINE_REPLICATES = 24, 64  # at most: during training, and while the run rests
OF_MINIBATCHES = len(ESTIMATORS)  # the series after those of all estimators
LADDER = (4, 8, 16, 32, 64, 128, 256)
MOST = 0.25  # of the data, so that a ladder shows 1/M and not the (1 − M/N) of drawing without replacement
# of a run whose every step sees all data: rounding is no variance
NOISELESS: dict[str, Any] = {"kind": "evidence", "facts": {"noiseless": True}}
OTHER = (
    "q is a point: nothing is drawn, so this view has nothing to show. Choose 'against step' or 'against M': "
    "ĝ varies with the rows it sees."
)
Message = dict[str, Any]


class MinibatchNoise:
    """What a probe of one run's minibatches says, view by view; `kept` makes the curve against the step of reports."""

    def __init__(self, run: Run, kept: Callable[[Sequence[Report]], Message]) -> None:
        self.run, self.kept = run, kept
        self.replicates = REPLICATES

    def work(self, view: str, parameter: Parameter, *, fine: bool, budget: float) -> Iterator[Message | None]:
        """The slices of one probe that takes about `budget` seconds, a ladder longer; a view that needs draws gets the reason instead."""
        self.replicates = FINE_REPLICATES if fine else REPLICATES
        if view == "variance_against_rows":
            return self._against_rows(parameter, LADDER_BUDGET * budget)
        if view != "variance":
            return iter([{"kind": "evidence", "evidence": {"view": view, "reason": OTHER}}])
        whole = self.run.settings.batch_size >= self.run.data.size
        return iter([NOISELESS]) if whole else self._against_step(parameter, budget)

    def _measured(self, rows: int, parameter: Parameter, budget: float, seed: int) -> Iterator[Report | None]:
        run, generator = self.run, torch.Generator().manual_seed(seed)
        return minibatch_report(
            run.model, run.q, run.data, rows, self.replicates, generator, site=parameter.site, objective=run.objective,
            least=LEAST, seconds=budget,
        )  # fmt: skip

    def _against_step(self, parameter: Parameter, budget: float) -> Iterator[Message | None]:
        for found in self._measured(self.run.settings.batch_size, parameter, budget, 2 * self.run.number):
            yield self.kept([found]) | {"complete": True} if found else None

    def _against_rows(self, parameter: Parameter, budget: float) -> Iterator[Message | None]:
        table: list[evidence.Row] = []
        ladder = [each for each in LADDER if each <= MOST * self.run.data.size]
        for rows in ladder:
            for found in self._measured(rows, parameter, budget * rows / sum(ladder), 2 * self.run.number + 1):
                if found:
                    table.append(evidence.row(rows, evidence.variance_of(found, parameter), OF_MINIBATCHES))
                yield (
                    {"kind": "against", "view": "variance_against_rows", "rows": table[-1:], "steeper": None}
                    if found
                    else None
                )
        yield evidence.slopes(table, [*ESTIMATORS, MINIBATCH], "variance_against_rows")
