"""Panel C's view "one step": one data point's q, the noise, the draws, the gradient of each draw and what the step changed, as numbers."""

from typing import Any

import numpy as np
import torch

from elbo_room.models.inference.next_step import Anatomy, anatomy, log_joint, peek_next_step
from elbo_room.models.inference.parameters import own_names
from elbo_room.models.inference.surrogate_context import numbers_of_evaluation
from elbo_room.models.mathml import latex_of, mathml
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.painting.views import ONE_STEP

SECONDS = 4.8  # a step takes in slow speed, so that its four stages can be followed
GRID = 25  # places a side at which log p(x, z) is asked
MOST_EVALUATED = 2**28  # numbers of all these evaluations: some seconds
NO_DENSITY = "p(w | x) is not drawn: {places} evaluations of this network are too many. Choose a smaller minibatch M or a smaller network."


def drawable(run: Run, site: str) -> bool:
    """Whether a step of this run can be drawn in the plane: q of the site must be Gaussian, of two dimensions at least."""
    found = run.model.sites.get(site)
    return found is not None and found.family.gaussian and found.shape[0] >= 2


class OneStep:
    """Breaks steps of one run down, always for the data point of the minibatch that is nearest to the previous one."""

    def __init__(self, run: Run, site: str, symbol: str | None = None) -> None:
        self.run, self.site, self.symbol = run, site, symbol  # what its coordinates are called, where that is not z
        self.drawn = False
        self.last = torch.zeros(run.model.sites[site].shape[0])

    def peek_next_step(self) -> Anatomy:
        """The step that comes next."""
        found = peek_next_step(self.run)
        means = found.draws[self.site].nu[0, 0, :, 0].detach()  # (M or 1, K)
        one = anatomy(found, self.run, self.site, int((means - self.last).square().sum(-1).argmin()))
        self.last = one.nu[0]
        return one

    @torch.no_grad()
    def show(self, one: Anatomy, axes: tuple[int, int], *, seconds: float = 0.0, made: bool = False) -> Picture:
        """What the chart draws; `made`: the step was made, so q has moved. `seconds`: the duration of showing it stage by stage."""
        self.drawn = True
        plane, family = list(axes), self.run.model.sites[self.site].family
        site = self.run.model.sites[self.site]
        moved = self.run.q.nu(site, one.batch) if made else one.nu
        after = moved[0] if made and site.plate == "local" else moved
        scale, scale_after = (family.scale(nu[1]) for nu in (one.nu, after))
        mean = one.nu[0][plane]
        reach = 1.15 * float(torch.stack([(one.value[:, plane] - mean).abs().max(), 3.0 * scale[plane].max()]).max())
        draws = {
            "ex": one.noise[:, plane[0]], "ey": one.noise[:, plane[1]], "x": one.value[:, plane[0]], "y": one.value[:, plane[1]],
            "gx": one.gradient[:, 0, plane[0]], "gy": one.gradient[:, 0, plane[1]], "weight": one.weights,
        }  # fmt: skip
        q = {
            "x": mean[:1], "y": mean[1:], "sx": scale[plane[0]], "sy": scale[plane[1]],
            "x2": after[0][plane[0]], "y2": after[0][plane[1]], "sx2": scale_after[plane[0]], "sy2": scale_after[plane[1]],
            "gx": one.mean[0][plane[0]], "gy": one.mean[0][plane[1]],
        }  # fmt: skip
        about = {
            "seconds": seconds, "number": self.run.number + (not made), "reach": reach, "made": float(made),
            "step_size": self.run.settings.step_size_at(self.run.number - made),
            "first": plane[0] + 1, "second": plane[1] + 1, "row": one.row, "weighted": float(not self.part.path),
        }  # fmt: skip
        tables = {"draws": draws, "q": q, "about": about, "density": {"value": self._density(one, axes, reach)}}
        replace = {name: {key: _column(value) for key, value in columns.items()} for name, columns in tables.items()}
        return {
            "replace": {ONE_STEP: replace},
            "names": {ONE_STEP: [mathml(latex_of(self.part.symbol)), self.part.label, *self._axis_names(axes)]},
            "facts": {
                "one_step": f"{self._sentence(one)}{' ' + NO_DENSITY.format(places=GRID**2) if self._dear(one) else ''}"
            },
        }

    def _axis_names(self, axes: tuple[int, int]) -> list[str]:
        """What the model calls the two coordinates that are shown; nothing where they are z's."""
        if self.symbol:
            return [f"{self.symbol}, unit {axis + 1}" for axis in axes]
        names = own_names(self.run.model, self.site)
        return [names[axis] for axis in axes] if names else []

    @property
    def part(self) -> Any:
        """The estimator of this site."""
        return self.run.estimators[self.site]

    def _density(self, one: Anatomy, axes: tuple[int, int], reach: float) -> torch.Tensor:
        """p(z | x) of this data point over the picture, scaled to a maximum of 1; nothing where it is too costly or needs other sites."""
        if len(self.run.model.sites) > 1 or self._dear(one):
            return torch.zeros(0)
        center = one.nu[0][list(axes)]
        value = log_joint(self.run, self.site, one, axes, center - reach, center + reach, GRID)
        return (value - value.max()).exp()

    def _dear(self, one: Anatomy) -> bool:
        """Whether the density needs more evaluations of a network than a picture may make."""
        numbers = numbers_of_evaluation(self.run.model, one.batch.x.shape[1:], 1 if one.row >= 0 else one.batch.size)
        return len(self.run.model.sites) == 1 and GRID**2 * numbers > MOST_EVALUATED

    def _sentence(self, one: Anatomy) -> str:
        """How much the draws agree: for μ's gradient, the length of their mean against the spread of one draw."""
        count, gradient = len(one.gradient), one.gradient[:, 0]
        mean = float(one.mean[0].norm())
        if count < 2:
            return f"One draw is the whole gradient of μ: {mean:.3g} nats per unit, right only on average."
        whose = "one data point" if one.row >= 0 else "the weights"
        spread = float(gradient.var(0).sum().sqrt())
        words = f"{count} draws of {whose}: their gradients of μ spread by {spread:.3g} nats per unit about a mean of {mean:.3g}"
        verdict = (
            "the mean is little more than noise"
            if mean < 2 * spread / count**0.5
            else "the mean stands out of the noise"
        )
        return f"{words}; {verdict}."


def _column(value: Any) -> np.ndarray[Any, Any]:
    return np.atleast_1d(np.asarray(value, np.float32)).reshape(-1)[: GRID * GRID]
