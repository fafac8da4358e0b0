"""The variance ladder of one site: the same gradient with less noise on each rung, at the running model's own parameters."""

import math
import time
from typing import Any

import numpy as np
import torch

from elbo_room.models.estimators import ESTIMATORS, NotApplicableError
from elbo_room.models.inference.surrogate_context import numbers_of_evaluation
from elbo_room.models.probing.probe import probe
from elbo_room.models.probing.variance import OPEN, Variance
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Columns, Datasets, Params, Picture
from elbo_room.widgets.worker.measuring.probing import EVALUATED
from elbo_room.widgets.worker.pictures.numbers import Numbers
from elbo_room.widgets.worker.pictures.overflow import OF_GRADIENT
from elbo_room.widgets.worker.pictures.protocol import Pictures

# (estimator, level of Rao-Blackwellisation), from the loudest to the quietest
RUNGS = (
    ("score", "none"),
    ("score", "plate"),
    ("score", "blanket"),
    ("leave_one_out", "blanket"),
    ("reparameterization", "plate"),
)
RUNG_NAMES = ("whole batch", "plate", "Markov blanket", "leave-one-out", "path")
REPLICATES, ROWS, CELLS = 24, 16, 60_000  # data a probe looks at: fewer where a data point is wide
FEWEST = 8  # replicates
MOST_EVALUATED, IN_ALL = 2**22, 2**25  # numbers of one replicate's evaluations, some 350 MB; and of all of a rung's
TOO_LARGE = "A rung of this ladder would hold {count:,} numbers at a time, more than a picture may. Lower B, or make the layers smaller."
SITES = ("z1", "z2", "z3", "w1", "w2", "w3")
SITE_NAMES = ("of z₁", "of z₂", "of z₃", "of the weights w₁", "of the weights w₂", "of the weights w₃")
LEAST = 1e-12  # nats², below which a bar is not drawn longer
PAUSE = 12.0  # times a round's own seconds, until the next: at most a twelfth of the worker's time


class Ladder(Numbers[Pictures]):
    """Measures all rungs whenever they are due; a global site has no separate rung for the whole batch."""

    def __init__(self, chart: str, run: Run, pictures: Pictures) -> None:
        super().__init__(chart, run, pictures)
        sites: dict[str, Any] = dict(run.model.sites)
        local = [name for name, site in sites.items() if site.plate == "local"]
        weights = [name for name in sites if name not in local]
        self.site = max(weights or local)  # the farthest from the data: its blanket leaves the likelihood out
        whole = sites[self.site].plate == "global"
        self.rungs = list(range(1 if whole else 0, len(RUNGS)))
        self.scale = 1 / run.data.size**2 if whole else 1.0  # of a global site the probe sees the ELBO of all data
        self.found: dict[int, Variance] = {}
        self.due = 0.0

    @property
    def draws(self) -> int:
        """B, which may change; at least two, for leave-one-out."""
        return max(2, self.run.settings.draws)

    @property
    def rows(self) -> int:
        """Fewer where a data point is wide."""
        return max(2, min(ROWS, CELLS // (self.run.data.x.shape[1] * self.draws)))

    @property
    def evaluated(self) -> int:
        """Numbers that one replicate's evaluations hold."""
        return self.draws * numbers_of_evaluation(self.run.model, self.run.data.x.shape[1:], self.rows)

    def for_replay(self) -> None:
        """Its measurements take seconds: those of the newest step stay."""
        self.due = math.inf

    def about(self) -> About:
        """What the sites are called."""
        return {"labels": {self.chart: list(SITE_NAMES)}}

    def look(self) -> Picture:
        """The bars, with a sentence for the caption."""
        if self.evaluated > MOST_EVALUATED:
            reason = TOO_LARGE.format(count=self.evaluated)
            return {"facts": {"sentence": reason, "summaries": {self.chart: reason}}}
        bars, sentence = self._measured(), self._sentence()
        return {
            "replace": {self.chart: bars} if bars else {},
            "params": {self.chart: self._axis()},
            "facts": {"sentence": sentence, "summaries": {self.chart: sentence}},
        }

    def _measured(self) -> Datasets:
        """The bars with every rung measured at the current parameters, when they are due."""
        now = time.perf_counter()
        if now < self.due:
            return {}
        for place in self.rungs:
            self._measure(place)
        self.due = time.perf_counter() + PAUSE * (time.perf_counter() - now)
        which = np.full(1, SITES.index(self.site), np.float32)
        return {"bars": self._bars(), "site": {"index": which}}

    def _measure(self, place: int) -> None:
        name, level = RUNGS[place]
        run = self.run
        batch = run.data.batch(torch.randperm(run.data.size, generator=torch.Generator().manual_seed(0))[: self.rows])
        try:
            reports = probe(
                run.model, run.q, {name: ESTIMATORS[name]()}, batch, self.draws,
                max(FEWEST, min(REPLICATES, IN_ALL // self.evaluated)), torch.Generator().manual_seed(2 * run.number),
                site=self.site, rao_blackwell=level, chunk=max(1, EVALUATED // self.evaluated),
            )  # fmt: skip
        except NotApplicableError:
            return
        found = reports[name].of_site.summary.times(self.scale)
        self.found.pop(place, None)
        if math.isfinite(found.value):  # not after an overflow
            self.found[place] = found

    def _bars(self) -> Columns:
        rows = []
        for place, found in sorted(self.found.items()):
            value = max(found.value, LEAST)
            rows.append((place, value, self._low(), max(found.low, value / 20), min(max(found.high, value), OPEN)))
        table = np.asarray(rows, np.float32).reshape(-1, 5)
        return dict(zip(("rung", "value", "floor", "low", "high"), table.T, strict=True))

    def _sentence(self) -> str:
        """Every rung and what it measured."""
        if not self.found:
            return OF_GRADIENT
        steps = (
            f"{RUNG_NAMES[place]} {found.value:.2g}"
            if math.isfinite(found.high)
            else f"{RUNG_NAMES[place]} at least {found.low:.2g}"
            for place, found in sorted(self.found.items())
        )
        return f"The variance of one gradient, {SITE_NAMES[SITES.index(self.site)]}: {' → '.join(steps)} nats²."

    def _low(self) -> float:
        least = min((max(each.value, LEAST) for each in self.found.values()), default=0.1)
        return float(10 ** np.floor(np.log10(least) - 0.3))

    def _axis(self) -> Params:
        """The axis: whole powers of ten."""
        most = max((each.high if math.isfinite(each.high) else each.value for each in self.found.values()), default=1.0)
        return {"xLow": self._low(), "xHigh": float(10 ** np.ceil(np.log10(max(most, LEAST)) + 0.1))}
