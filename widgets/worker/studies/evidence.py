"""log p(y) of a run's model against its ELBO and Laplace, and of the same run with other λ, other widths and other families of q."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elbo_room.models.diagnostics.evidence.gaps import Gap, Gaps, gap_parts
from elbo_room.models.training.run import Run
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS
from elbo_room.widgets.worker.studies.nuts import Nuts
from elbo_room.widgets.worker.studies.study import Finding

WARM_UP, DRAWS, DEEPEST = 200, 250, 7
GROUPS = ("Data", "Model", "Prior")  # of the knobs on which log p(y) depends


class EvidenceGap:
    """The gap below log p(y)."""

    def why_not(self, run: Run) -> str | None:
        """As NUTS."""
        return Nuts().why_not(run)

    def parts(self, run: Run) -> Iterator[float | Finding]:
        """This run first, then the others."""
        for found in gap_parts(run, variants(run), draws=DRAWS, warm_up=WARM_UP, deepest=DEEPEST):
            yield Measured(found.rows, run.number, identity(run), found.complete) if isinstance(found, Gaps) else found


def variants(run: Run) -> list[tuple[str, Mapping[str, Any]]]:
    """Other families of q, and λ and the width on both sides of the run's."""
    s: Any = run.settings
    others = [(part.label, {"posterior": name}) for name, part in WEIGHT_POSTERIORS.items() if name != s.posterior]
    scales = [(f"λ = {each:.3g}", {"prior_scale": each}) for each in (s.prior_scale / 4, 4 * s.prior_scale)]
    widths = [(f"width {each}", {"width": each}) for each in (s.width // 2, 2 * s.width) if s.depth > 0 and each > 0]
    return [*others, *scales, *widths]


def identity(run: Run) -> tuple[Any, ...]:
    """The data, and all settings on which log p(y) depends."""
    names = sorted(str(knob["name"]) for knob in run.knobs if knob["group"] in GROUPS)
    settings = tuple((name, getattr(run.settings, name, None)) for name in names)
    return run.data.size, float(run.data.x.double().sum()), settings


@dataclass(frozen=True)
class Measured:
    """What is known so far."""

    rows: tuple[Gap, ...]
    number: int
    of: tuple[Any, ...]
    complete: bool

    def holds(self, run: Run) -> bool:
        """Whether the run's data and settings are those."""
        return self.of == identity(run)
