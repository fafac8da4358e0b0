"""The evidence of a run, estimated in slices on copies of its parameters, so that training continues; only while the view is visible."""

import copy
import time
from collections.abc import Iterator

import torch
from torch import nn

from elbo_room.models.diagnostics.evidence.overview import Effort, Evidence, evidence_parts
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.evidence import CHART, picture

SHARE = 0.1  # of the worker's time while it trains; a paused run has no such limit
EVERY = 5.0  # seconds from the end of one estimate to the next


class EvidenceJob:
    """The evidence of one run, part by part."""

    def __init__(self, run: Run, effort: Effort | None = None) -> None:
        self.run, self.effort = run, effort
        self.able = all(site.plate == "local" for site in run.model.sites.values())  # one per data point
        self.work: Iterator[Evidence | None] | None = None
        self.number = -1  # the step that was weighed last
        self.spent, self.began, self.ended = 0.0, 0.0, time.perf_counter()  # the first steps are not worth estimating

    def due(self, watched: frozenset[str], now: float, *, running: bool) -> bool:
        """Whether to start again: the view is visible and there is a new step; during training, only now and then."""
        if not self.able or CHART not in watched or self.work is not None or self.number == self.run.number:
            return False
        return not running or now - self.ended > EVERY

    def start(self) -> None:
        """Begin with the present parameters."""
        self.work = self._weigh(torch.Generator().manual_seed(self.run.number))
        self.number, self.spent, self.began = self.run.number, 0.0, time.perf_counter()

    def _weigh(self, generator: torch.Generator) -> Iterator[Evidence | None]:
        model, q = copy.deepcopy((self.run.model, self.run.q))  # together: a prior may share q's encoder
        for module in (model, q):
            if isinstance(module, nn.Module):
                module.requires_grad_(requires_grad=False)
        yield from evidence_parts(model, q, self.run.data, generator, self.effort)

    def stop(self) -> None:
        """The view is no longer visible."""
        self.work, self.number = None, -1

    def stale(self, *, running: bool) -> bool:
        """Whether the current estimate is no longer wanted: the run rests at another step."""
        return self.work is not None and not running and self.number != self.run.number

    def may(self, now: float, *, running: bool) -> bool:
        """Whether a slice may be done now."""
        return self.work is not None and (not running or self.spent <= SHARE * (now - self.began))

    def slice(self) -> Picture | None:
        """One slice; a picture when there is something new to show."""
        if self.work is None:
            return None
        begin = time.perf_counter()
        try:
            found = next(self.work, False)
        except (
            ValueError,
            RuntimeError,
            NotImplementedError,
            TypeError,
        ) as error:  # a user's own model may raise anything
            self.work, self.ended = None, begin
            return {"facts": {"weighed": f"The evidence of this model cannot be weighed: {error}."}}
        finally:
            self.spent += time.perf_counter() - begin
        if found is False:
            self.work, self.ended = None, time.perf_counter()
            return None
        if not isinstance(found, Evidence) or found.curve is None:
            return None
        return picture(found, self.number)
