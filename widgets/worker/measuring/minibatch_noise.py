"""Panel B of a model whose q is a point mass: nothing is drawn, and ĝ varies with the rows of the minibatch alone."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch

from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.inference.parameters import Parameter
from elbo_room.models.probing.minibatch import MINIBATCH, minibatch_report
from elbo_room.models.probing.report import Report
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Against, Evidence, Found
from elbo_room.widgets.wire.history_file import VARIANCE_COLUMNS, table
from elbo_room.widgets.worker.measuring import rows as evidence
from elbo_room.widgets.worker.measuring.effort import LADDER_BUDGET, LEAST
from elbo_room.widgets.worker.measuring.rows import Measured, Probed
from elbo_room.widgets.worker.pictures.overflow import OF_GRADIENT

REPLICATES, FINE_REPLICATES = 24, 64  # at most: during training, and while the run rests
OF_MINIBATCHES = len(ESTIMATORS)  # the series after those of all estimators
LADDER = (4, 8, 16, 32, 64, 128, 256)
MOST = 0.25  # of the data, so that a ladder shows 1/M and not the (1 − M/N) of drawing without replacement
OTHER = (
    "q is a point mass: nothing is drawn, so this view has nothing to show. Choose 'over the steps' or 'against data M': "
    "the gradient estimate varies with the rows it sees."
)


class MinibatchNoise:
    """The results of probing one run's minibatches, view by view; `kept` turns reports into the curve over the steps."""

    def __init__(self, run: Run, kept: Callable[[Sequence[Report]], Probed]) -> None:
        self.run, self.kept = run, kept
        self.replicates = REPLICATES

    def work(self, view: str, parameter: Parameter, *, fine: bool, budget: float) -> Iterator[Measured | None]:
        """The slices of one probe that takes about `budget` seconds, a ladder longer; a view that needs draws gets the reason instead."""
        self.replicates = FINE_REPLICATES if fine else REPLICATES
        if view == "variance_against_rows":
            return self._against_rows(parameter, LADDER_BUDGET * budget)
        if view != "variance":
            return iter([self._evidence({"view": view, "reason": OTHER})])
        if self.run.settings.batch_size >= self.run.data.size:  # every step sees all data: rounding is no variance
            return iter([Evidence(number=self.run.number, picture={"facts": {"noiseless": True}})])
        return self._against_step(parameter, budget)

    def _evidence(self, found: Found) -> Evidence:
        found["step"] = self.run.number
        return Evidence(number=self.run.number, found=found)

    def _measured(self, rows: int, parameter: Parameter, budget: float, seed: int) -> Iterator[Report | None]:
        run, generator = self.run, torch.Generator().manual_seed(seed)
        return minibatch_report(
            run.model, run.q, run.data, rows, self.replicates, generator, site=parameter.site, objective=run.objective,
            least=LEAST, seconds=budget,
        )  # fmt: skip

    def _against_step(self, parameter: Parameter, budget: float) -> Iterator[Measured | None]:
        for found in self._measured(self.run.settings.batch_size, parameter, budget, 2 * self.run.number):
            yield replace(self.kept([found]), complete=True) if found else None

    def _against_rows(self, parameter: Parameter, budget: float) -> Iterator[Measured | None]:
        view, measured = "variance_against_rows", list[evidence.Row]()
        ladder = [each for each in LADDER if each <= MOST * self.run.data.size]
        for rows in ladder:
            for found in self._measured(rows, parameter, budget * rows / sum(ladder), 2 * self.run.number + 1):
                if found is None:
                    yield None
                    continue
                variance = evidence.variance_of(found, parameter)
                if not math.isfinite(variance.value):
                    yield self._evidence({"view": view, "reason": OF_GRADIENT})
                    return
                measured.append(evidence.row(rows, variance, OF_MINIBATCHES))
                yield Against(number=self.run.number, view=view, rows=table(measured[-1:], VARIANCE_COLUMNS))
        yield self._evidence(evidence.slopes(measured, [*ESTIMATORS, MINIBATCH], view))
