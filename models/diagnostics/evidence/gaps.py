"""log p(y) − ELBO = KL(q ‖ p(w | y)) of a run and of the same run with other settings: against λ, against the width, against q's family."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.diagnostics.evidence.marginal import Marginal, estimates
from elbo_room.models.diagnostics.nuts import Samples, Target, nuts_parts
from elbo_room.models.probing.table import html_table, text_table
from elbo_room.models.registry import MODELS, family_of
from elbo_room.models.settings import SettingError
from elbo_room.models.training.guard import DivergenceError
from elbo_room.models.training.run import Parts, Run

FEWEST, MOST = 300, 2000  # steps that another run trains
SAME = 1e-6  # relative difference of two log joints that are the same
HEADER = ("settings", "log p(y)", "ELBO", "gap", "Laplace", "k̂ of q")


@dataclass(frozen=True)
class Gap:
    """The estimates of one run."""

    label: str
    found: Marginal


@dataclass(frozen=True, repr=False)
class Gaps:
    """The estimates of several runs, in nats for all data; prints as a table."""

    rows: tuple[Gap, ...]
    complete: bool

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(HEADER, self._cells())])

    def _repr_html_(self) -> str:
        return html_table(self._title(), HEADER, self._cells(), [])

    def _title(self) -> str:
        return "log p(y) against the ELBO, nats for all data"

    def _cells(self) -> list[list[str]]:
        def words(value: float | None) -> str:
            return "–" if value is None else f"{value:.2f}"

        return [
            [
                row.label, words(row.found.bridge.value), words(None if row.found.elbo is None else row.found.elbo.value),
                words(row.found.gap), words(row.found.laplace), words(row.found.k),
            ]
            for row in self.rows
        ]  # fmt: skip


def like(run: Run, changes: Mapping[str, Any]) -> Run:
    """A run of the same data and seed with some other settings.

    Raises:
        SettingError: they do not go together.
        ValueError: the model would have more unknowns than NUTS takes.
    """
    settings: Any = settings_from({**vars(run.settings), **changes})
    generator = torch.Generator().manual_seed(settings.seed)
    model, q = MODELS[family_of(settings).name].build(settings, run.data, generator)
    Target(model, run.data.whole())  # refused before it is trained
    return Run.of(Parts(settings, run.knobs, run.data, model, q, generator))


def gap_parts(
    run: Run,
    variants: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    draws: int,
    warm_up: int,
    chains: int = 4,
    deepest: int = 10,
) -> Iterator[float | Gaps]:
    """The share that is done, and after each run what is known so far: first the run as it is, then the others, which are trained.

    Raises:
        ValueError: the run itself has unknowns that NUTS cannot draw, or too many.
    """
    Target(run.model, run.data.whole())
    rows: list[Gap] = []
    drawn: list[tuple[Samples, torch.Tensor]] = []  # of each model so far, and its log joint there
    for place, (label, changes) in enumerate([("this run", {}), *variants]):
        count = len(variants) + 1
        other = run
        if changes:
            try:
                other = like(run, {**changes, "stop_at": min(MOST, max(FEWEST, run.number))})
                for step in other:
                    if step.number % 50 == 0:
                        yield place / count
            except (SettingError, ValueError, DivergenceError):  # such a run does not exist, or does not train
                continue
        generator = torch.Generator().manual_seed(run.settings.seed)
        batch = other.data.whole()
        target = Target(other.model, batch)
        found = next((each for each, joint in drawn if _is_of(each, joint, target)), None)
        if found is None:
            steps = nuts_parts(
                other.model, batch, draws=draws, warm_up=warm_up, chains=chains, generator=generator, deepest=deepest
            )
            for part in steps:
                if isinstance(part, Samples):
                    found = part
                else:
                    yield (place + part) / count
            assert found is not None  # noqa: S101 - `nuts_parts` ends with the draws
            with torch.no_grad():
                drawn.append((found, target.log_joint(found.flat[:, -1])))
        generator = torch.Generator().manual_seed(run.settings.seed + 1)  # the same log p(y) for every q of one model
        rows.append(Gap(label, estimates(other.model, other.q, batch, found, generator)))
        yield Gaps(tuple(rows), complete=False)
    yield Gaps(tuple(rows), complete=True)


@torch.no_grad()
def _is_of(found: Samples, joint: torch.Tensor, target: Target) -> bool:
    """Whether these draws are of this log joint: q's family may differ, the posterior does not."""
    last = found.flat[:, -1]
    return last.shape[1] == target.unknowns and torch.allclose(target.log_joint(last), joint, rtol=SAME, atol=SAME)


def evidence_gaps(run: Run, knob: str, values: Sequence[Any], *, draws: int = 500, warm_up: int = 500) -> Gaps:
    """log p(y), ELBO and Laplace of a trained run, and of runs with other values of one knob, such as "prior_scale", "width", "posterior".

    >>> import elbo_room as er
    >>> run = er.run_from(er.ConditionalSettings(depth=0, stop_at=20))
    >>> _ = list(run)
    >>> [row.label for row in er.evidence_gaps(run, "posterior", ["full_rank"], draws=50, warm_up=50).rows]
    ['this run', 'posterior = full_rank']

    Args:
        run: with at most 200 unknowns.
        knob: the setting that differs.
        values: its other values; a run that cannot be made with one is left out.
        draws: of each chain of NUTS.
        warm_up: of each chain.

    Raises:
        ValueError: NUTS cannot draw the unknowns of `run`, or they are too many; or there is no such knob.
    """
    if knob not in vars(run.settings):
        raise ValueError(f"The knob was {knob!r}; choose one of: {', '.join(vars(run.settings))}.")
    variants = [(f"{knob} = {value}", {knob: value}) for value in values]
    *_, found = gap_parts(run, variants, draws=draws, warm_up=warm_up)
    assert isinstance(found, Gaps)  # noqa: S101 - the last part
    return found
