"""Coverage of a variance's interval: `python -m tests.benchmarks.coverage` prints a Markdown table; arguments choose problems.

400 probes of R = 32 replicates with independent noise, of each estimator at fixed parameters. Truth: the closed form, or a run so long that
its own relative error is below a twentieth of the interval's width. *Coverage* is how often low ≤ truth ≤ high (an interval that is open
upwards counts where its lower end holds), *too low* how often high < truth, *too high* how often low > truth, *open* the share of
intervals without an upper end, *width* the median of log(high/low) of the others, and the last column what value ± 2 standard errors
would cover. A coverage of .95 counted over 400 probes has a standard error of .011.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from elbo_room.models.core import Batch, Model
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import Estimator, LeaveOneOut, PathOnly, Reparameterization, Score, ScoreXi
from elbo_room.models.estimators.disarm import DisArm
from elbo_room.models.exact import toys
from elbo_room.models.probing.probe import probe
from elbo_room.models.probing.report import Report
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Posterior
from tests.benchmarks._belief_network import binary_digits, trained

PROBES, REPLICATES, STEPS, ROWS = 400, 32, 600, 16
LONG, CHUNK = 60_000, 500  # replicates of a long run, and how many of them are made at once
GOAL = (0.92, 0.98)
DELTA = S = 0.8


@dataclass(frozen=True)
class Case:
    """Estimators of one problem at one B, and what is known about their variances."""

    label: str
    model: Model
    q: Posterior
    batch: Batch
    draws: int
    estimators: Mapping[str, Estimator]
    known: Mapping[str, float]  # closed forms
    site: str | None = None
    rao_blackwell: str = "plate"
    long: int = LONG

    def probed(self, replicates: int, count: int, seed: int) -> Iterator[dict[str, Report]]:
        """So many probes, one after the other."""
        generator = torch.Generator().manual_seed(seed)
        for _ in range(count):
            yield probe(
                self.model, self.q, self.estimators, self.batch, self.draws, replicates, generator, site=self.site,
                rao_blackwell=self.rao_blackwell,
            )  # fmt: skip


def quadratic() -> Iterator[Case]:
    """f(z) = (z − k)², q = N(μ, s²), δ = s = .8, in (μ, log s): score δ⁴/s² + 14δ² + 15s² and s² (2δ⁴/s² + 60δ² + 74s²) a draw."""
    d, v = DELTA**2, S**2
    score = d**2 / v + 14 * d + 15 * v + v * (2 * d**2 / v + 60 * d + 74 * v)
    path = 4 * v + v * (4 * d + 8 * v)
    for draws in (1, 4):
        parts: dict[str, Estimator] = {"score": Score(), "path": PathOnly()}
        if draws > 1:
            parts |= {"score_xi": ScoreXi(), "leave_one_out": LeaveOneOut()}
        known = {"score": score / draws, "path": path / draws}
        yield Case("(z − k)²", *toys.quadratic(DELTA, S, 0.0, 1), draws, parts, known, long=16 * LONG)


def digits() -> Iterator[Case]:
    """The first scene, trained."""
    run = Run(Settings(stop_at=STEPS))
    for _ in run:
        pass
    parts = (Score(), ScoreXi(), LeaveOneOut(), Reparameterization(), PathOnly())
    yield Case("digits", run.model, run.q, run.data.batch(rows(run)), 4, {part.name: part for part in parts}, {})


def belief() -> Iterator[Case]:
    """A sigmoid belief network, 16 → 32 → 64 units, trained for 300 steps."""
    run = trained(binary_digits(), 300)
    parts: dict[str, Estimator] = {part.name: part for part in (Score(), LeaveOneOut(), DisArm())}
    for site in ("top", "low"):
        yield Case(
            f"belief network, {site}", run.model, run.q, run.data.batch(rows(run)), 8, parts, {}, site, "blanket",
            long=LONG // 4,
        )  # fmt: skip


def rows(run: Run) -> torch.Tensor:
    """The data that panel B looks at."""
    return torch.randperm(run.data.size, generator=torch.Generator().manual_seed(0))[:ROWS]


PROBLEMS: dict[str, Callable[[], Iterator[Case]]] = {"quadratic": quadratic, "digits": digits, "belief": belief}


def truths(case: Case) -> dict[str, float]:
    """The closed form, else the mean of the variances of all chunks, which are unbiased and independent."""
    if set(case.known) >= set(case.estimators):
        return dict(case.known)
    total = dict.fromkeys(case.estimators, 0.0)
    count = case.long // CHUNK
    for found in case.probed(CHUNK, count, 1):
        for name, report in found.items():
            total[name] += report.variance / count
    return total | dict(case.known)


def row(case: Case, name: str, found: Sequence[Report], truth: float) -> tuple[str, float]:
    """One line of the table, and the coverage."""
    share = lambda test: sum(test(each) for each in found) / len(found)  # noqa: E731
    covered = share(lambda each: each.low <= truth <= each.high)
    widths = sorted(math.log(each.high / each.low) for each in found if math.isfinite(each.high))
    width = f"{widths[len(widths) // 2]:.2f}" if widths else "–"
    cells = [
        f"{case.label} | {name} | {case.draws} | {covered:.3f}",
        f"{share(lambda each: each.high < truth):.3f} | {share(lambda each: each.low > truth):.3f}",
        f"{share(lambda each: math.isinf(each.high)):.3f} | {width}",
        f"{share(lambda each: abs(each.variance - truth) <= 2 * each.error):.3f}",
    ]
    return f"| {' | '.join(cells)} |", covered


def main() -> None:
    """Print the table and whether every coverage reaches the goal."""
    torch.set_num_threads(1)
    print("| problem | estimator | B | coverage | too low | too high | open | width | ±2 s.e. |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    missed = []
    for problem in sys.argv[1:] or PROBLEMS:
        for case in PROBLEMS[problem]():
            truth, found = truths(case), list(case.probed(REPLICATES, PROBES, 2))
            for name in case.estimators:
                line, covered = row(case, name, [each[name] for each in found], truth[name])
                print(line, flush=True)
                missed += [] if GOAL[0] <= covered <= GOAL[1] else [f"{case.label}, {name}, B = {case.draws}"]
    print(f"\nGoal: coverage from {GOAL[0]} to {GOAL[1]}: {'met' if not missed else 'MISSED by ' + '; '.join(missed)}.")


if __name__ == "__main__":
    main()
