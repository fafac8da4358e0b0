"""EM beside a linear Gaussian decoder's run, from the same start: its ELBO with the exact posterior is a dashed line of panel A."""

from typing import Any

import numpy as np
import torch
from torch import nn

from elbo_room.models.diagnostics.latent import unit_of
from elbo_room.models.exact.expectation_maximisation import LinearGaussianEM
from elbo_room.models.networks import FeedForward
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Columns

SERIES = 10  # the place in theme.ELBO
MOST_FEATURES = 500  # whose covariance is still multiplied in an instant
AT_ONCE = 40  # iterations of a look at most, so that training is not held up
STILL = 1e-9  # nats: then the line is level
THIN = 1.03  # the factor between the iterations that are drawn


class Maximisation:
    """One iteration for each step of the run, until nothing changes: at step t the line is at iteration t."""

    def __init__(self, run: Run) -> None:
        self.run, self.start = run, run.number
        model: Any = run.model
        weight, bias = model.decoder.out.weight.detach(), model.decoder.out.bias
        self.em = LinearGaussianEM(
            run.data.x, weight * unit_of(model), self._noise(), None if bias is not None else torch.zeros(len(weight)),
            fixed=model.fixed_scale, floor=float(model.response.floor),
        )  # fmt: skip
        self.level, self.done, self.next = self.em.log_likelihood(), False, 1.0
        self.points = [(float(self.start), self.level)]  # not drawn yet

    def _noise(self) -> torch.Tensor:
        model: Any = self.run.model
        variance: torch.Tensor = model.response.scale(model.raw_scale.detach().double()).square()
        return variance.squeeze() if variance.numel() == 1 else variance

    def look(self) -> Columns:
        """The line's next points."""
        if self.em.fixed and not torch.equal(now := self._noise().expand_as(self.em.noise), self.em.noise):
            self.em.noise, self.done = now.clone(), False  # the knob σ was moved
        self._climb(min(self.run.number - self.start, self.em.iterations + AT_ONCE))
        if self.done:
            self.points.append((float(self.run.number), self.level))
        drawn, self.points = self.points, []
        step, value = np.asarray(drawn, np.float32).reshape(-1, 2).T
        series = np.full(len(drawn), SERIES, np.float32)
        return {"step": step, "value": value, "series": series}

    def _climb(self, until: int) -> None:
        while not self.done and self.em.iterations < until:
            before, self.level = self.level, self.em.step().log_likelihood()
            self.done = abs(self.level - before) < STILL
            if self.em.iterations >= self.next or self.done:
                self.next = max(self.em.iterations + 1.0, THIN * self.em.iterations)
                self.points.append((float(self.start + self.em.iterations), self.level))

    def sentence(self) -> str | None:
        """How far it is, once it has moved."""
        if not self.em.iterations:
            return None
        state = "has converged to" if self.done else "is at"
        return f"EM, which uses the exact posterior, {state} {self.level:,.2f} nats after {self.em.iterations:,} iterations.".replace(
            "-", "−"
        )


def maximisation_of(run: Run) -> Maximisation | None:
    """EM for a decoder W z + m with Gaussian noise whose σ does not depend on z; None for any other model."""
    model: Any = run.model
    decoder, prior, raw = (getattr(model, name, None) for name in ("decoder", "latent_prior", "raw_scale"))
    linear = isinstance(decoder, FeedForward) and not decoder.hidden and isinstance(decoder.attention, nn.Identity)
    if not linear or raw is None or prior is None or prior.nu is None or len(model.sites) > 1:
        return None
    if not model.response.gaussian or run.data.x.shape[1] > MOST_FEATURES:
        return None
    return Maximisation(run)
