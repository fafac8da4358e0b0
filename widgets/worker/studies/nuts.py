"""The posterior of a run's unknowns by NUTS: of all weights of a small network, or of z of some data points, with θ as it is now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.diagnostics.against_nuts import Comparison, chance, comparison, draws_of_q
from elbo_room.models.diagnostics.evidence.marginal import log_ratios
from elbo_room.models.diagnostics.nuts import MOST_UNKNOWNS, Samples, Target, nuts_parts
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.studies.study import Finding

CHAINS, WARM_UP, DRAWS, DEEPEST = 4, 300, 300, 8
OF_Q = 400  # draws of q at a look
CLOSE = 1e-4  # relative difference of two log joints that are the same


def unknowns(model: Model) -> tuple[int, int]:
    """How many unknowns all data share, and how many each data point has."""
    sizes = {name: math.prod(site.shape) for name, site in model.sites.items()}
    shared = sum(size for name, size in sizes.items() if model.sites[name].plate == "global")
    return shared, sum(sizes.values()) - shared


def rows_of(run: Run) -> Tensor:
    """The data points that are looked at: all, or of a model with unknowns of their own as many as NUTS takes, evenly spread."""
    shared, own = unknowns(run.model)
    size = run.data.size
    count = size if own == 0 or shared else min(size, MOST_UNKNOWNS // own)
    return torch.linspace(0, size - 1, count).round().long()


def batch_of(run: Run) -> Batch:
    """Those data points; the whole data where it is all of them."""
    rows = rows_of(run)
    return run.data.whole() if len(rows) == run.data.size else run.data.batch(rows)


class Nuts:
    """p(z | x) beside q(z)."""

    def why_not(self, run: Run) -> str | None:
        """None, or that there are too many unknowns, or unknowns without a gradient."""
        shared, own = unknowns(run.model)
        count = shared + own * (run.data.size if shared else 1)
        if count > MOST_UNKNOWNS:
            where = "weights" if not own else "unknowns" if shared else "unknowns for each data point"
            remedy = (
                "Lower the width or the depth, or choose data with fewer columns." if shared else "Lower the size of z."
            )
            return f"This model has {count:,} {where}; NUTS is for at most {MOST_UNKNOWNS}. {remedy}"
        try:
            Target(run.model, batch_of(run))
        except ValueError as refusal:
            return str(refusal)
        return None

    def parts(self, run: Run) -> Iterator[float | Finding]:
        """Warm-up and draws of the chains."""
        generator = torch.Generator().manual_seed(run.settings.seed)
        steps = nuts_parts(
            run.model, batch_of(run), draws=DRAWS, warm_up=WARM_UP, chains=CHAINS, generator=generator, deepest=DEEPEST
        )
        for found in steps:
            if isinstance(found, Samples):
                yield Truth(found, run.number, rows_of(run), log_joint(run, found.flat[:, -1]))
            else:
                yield found


@torch.no_grad()
def log_joint(run: Run, z: Tensor) -> Tensor:
    """log p(x, z) of the run's present model at these values (C, D): (C,)."""
    return Target(run.model, batch_of(run)).log_joint(z)


@dataclass(frozen=True)
class Truth:
    """The draws of NUTS for a run at one step."""

    samples: Samples
    number: int
    rows: Tensor  # the data points, where each has unknowns
    joint: Tensor  # log p(x, z) at the chains' last draws: that of another model, or of other data, differs

    @property
    def complete(self) -> bool:
        """All draws are there."""
        return True

    def holds(self, run: Run) -> bool:
        """Whether the run's log joint, with its data, settings and θ, is still the one that was drawn from."""
        shared, own = unknowns(run.model)
        if shared + own * len(rows_of(run)) != self.samples.flat.shape[-1]:
            return False
        try:
            now = log_joint(run, self.samples.flat[:, -1])
        except (ValueError, RuntimeError):  # another model of the same size
            return False
        return bool(torch.allclose(now, self.joint, rtol=CLOSE, atol=CLOSE))

    @cached_property
    def floor(self) -> float:
        """W₂ that chance makes of nothing."""
        return chance(self.samples)

    @cached_property
    def r_hat(self) -> list[float]:
        """Of each unknown."""
        return self.samples.r_hat

    @cached_property
    def size(self) -> list[float]:
        """The effective sample size of each unknown: the smaller of bulk and tail."""
        return [min(pair) for pair in zip(self.samples.bulk, self.samples.tail, strict=True)]

    @property
    def weights(self) -> Tensor:
        """Draws of the weights, of all chains and evenly thinned: (S, P)."""
        return self.samples.draws["w"][:, ::3].flatten(0, 1)


def weighted_draws(run: Run) -> tuple[Tensor, Tensor | None]:
    """Draws of q at those data points, with the same noise at every look (S, D), and log p(x, z) − log q(z) of each (S,).

    There are no weights where q has no density, nor where each data point has unknowns of its own, and so weights of its own.
    """
    generator, sites = torch.Generator().manual_seed(0), run.model.sites.values()
    if any(site.plate == "local" or not site.family.scored for site in sites):
        return draws_of_q(run.model, run.q, batch_of(run), OF_Q, generator), None
    log_w, drawn = log_ratios(run.model, run.q, batch_of(run), OF_Q, generator)
    return drawn, log_w


def compared(truth: Truth, drawn: Tensor) -> Comparison:
    """q as it is now beside the draws of NUTS."""
    return comparison(truth.samples, drawn, truth.floor)
