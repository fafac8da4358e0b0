"""The bands that Laplace's approximation gives a point mass, for the charts of a conditional model; they hardly slow training."""

import time

from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.diagnostics.laplace import Laplace, laplace, why_not
from elbo_room.models.diagnostics.predictive import weight_draws
from elbo_room.models.priors.fan_in import FanInPrior
from elbo_room.models.priors.normal import NormalPrior
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.pace import Pace

RATE, SHARE = 6.0, 0.02  # times a second, share of the worker's time; at rest it is always the newest
FEW = 500  # weights, of which all eigenvalues are looked at
NONE, LAPLACE = "none", "laplace"


class Curvature:
    """What a run's charts draw weights from: q itself, or N(ŵ, Λ⁻¹) around its point with the tangent as model."""

    def __init__(self, run: Run, model: Conditional) -> None:
        self.run, self.model, self.chosen = run, model, NONE
        self.why = why_not(model)
        self.pace = Pace(RATE, SHARE)
        self.found: Laplace | None = None
        self.number = -1  # the step that it is of

    def choices(self) -> dict[str, list[tuple[str, str]]]:
        """What the list in panel C offers a point mass; nothing for a q that has its own bands."""
        if self.model.posterior.scored:
            return {}
        return {"bands": [("point", NONE), ("Laplace" if self.why is None else "no Laplace", LAPLACE)]}

    @property
    def used(self) -> bool:
        """Whether the bands are chosen and can be computed."""
        return self.chosen == LAPLACE and self.why is None

    def ready(self, *, resting: bool) -> bool:
        """Whether this step can be drawn: where bands are chosen that are dear, the charts stay as they were at an earlier one."""
        if not self.used or self.number == self.run.number:
            return True
        if not resting and not self.pace.due(time.perf_counter()):
            return False
        with self.pace.spending():
            self.found, self.number = laplace(self.model, self.run.q, self.run.data), self.run.number
        return True

    def draws(self, count: int) -> tuple[Conditional, Tensor]:
        """The model to predict with, and its weights (S, P)."""
        if not self.used or self.found is None:
            return self.model, weight_draws(self.model, self.run.q, count)
        return self.found.model, self.found.draws(count)

    def words(self) -> str:
        """The evidence, and which λ it asks for; why there are no bands where they were wanted; nothing otherwise."""
        if self.chosen == LAPLACE and self.why:
            return f"No bands by Laplace. {self.why.rstrip('.')}"
        if not self.used or self.found is None:
            return ""
        each = f"{self.found.log_evidence / self.run.data.size:.2f}".replace("-", "−")
        evidence = f"Laplace's log p(y) {each} per data point"
        if len(self.found.mean) > FEW or type(self.model.prior) not in (NormalPrior, FanInPrior):
            return evidence
        now, factor = self.model.prior.scale, self.found.best_factor
        rises = "largest at about this λ" if 0.95 < factor < 1.05 else f"larger at λ = {factor * now:.2g}"
        return f"{evidence}, {rises}"
