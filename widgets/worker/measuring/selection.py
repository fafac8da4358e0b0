"""What panel B shows of one run: estimators, view, parameter; and the variances that were measured, so that a choice is drawn at once."""

from collections.abc import Sequence

from elbo_room.models.inference.parameters import find, listed
from elbo_room.models.probing.variance import Variance
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Parameters
from elbo_room.widgets.worker.measuring import rows as evidence

KEPT = 2000  # variances of all parameters, over steps and estimators; then every second step is dropped
FIRST = (
    "score",
    "score_xi",
    "leave_one_out",
    "reparameterization",
    "path_only",
)  # shown unless a person chooses others


class Selection:
    """One run's; what is chosen for all runs (`names`, `view`) comes from the worker."""

    def __init__(self, run: Run, names: Sequence[str] = FIRST, view: str = "variance") -> None:
        self.run, self.names, self.view = run, tuple(names), view
        self.choices = listed(run.model)
        self.parameter = self.choices[0]
        self.kept: dict[tuple[int, int], list[Variance]] = {}  # (step, series) → of each choice

    def choose(self, index: int | None = None, name: str | None = None, unit: int | None = None) -> None:
        """Choose a parameter by its place in the list, or by what a drawing calls it; one that is not listed joins the list."""
        wanted = find(self.run.model, name=name, unit=unit) if index is None else self.choices[index]
        if wanted not in self.choices:
            self.choices.append(wanted)
        self.parameter = wanted

    @property
    def whole(self) -> bool:
        """Whether all of ν is shown, and no single parameter."""
        return self.parameter == self.choices[0]

    def about(self) -> Parameters:
        """The list of parameters, and which one is shown."""
        return Parameters([each.label for each in self.choices], self.choices.index(self.parameter), self.whole)

    def keep(self, found: Sequence[evidence.Kept]) -> bool:
        """Keep what was measured; returns whether it replaces an earlier measurement of the same step."""
        again = any((step, series) in self.kept for step, series, _ in found)
        self.kept |= {(step, series): each for step, series, each in found}
        if len(self.kept) > KEPT:
            steps = sorted({step for step, _ in self.kept})
            dropped = set(steps[1::2]) - {steps[-1]}
            self.kept = {key: each for key, each in self.kept.items() if key[0] not in dropped}
        return again

    def past(self) -> list[evidence.Row]:
        """Variance over the steps so far, of the chosen parameter."""
        place = self.choices.index(self.parameter)
        return [
            evidence.row(step, each[place], series)
            for (step, series), each in sorted(self.kept.items())
            if place < len(each)
        ]
