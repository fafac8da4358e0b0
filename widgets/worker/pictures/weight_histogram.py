"""A histogram of the weights' posterior means, and their prior's density."""

import torch

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.numbers import Numbers, columns, roomy
from elbo_room.widgets.worker.pictures.posterior import truth_of

BINS = 30


class WeightHistogram(Numbers[ConditionalPictures]):
    """Axes grow in steps with the largest weight and the highest density."""

    def __init__(self, chart: str, run: Run, pictures: ConditionalPictures) -> None:
        super().__init__(chart, run, pictures)
        self.span, self.top = 0.5, 0.5

    def look(self) -> Picture:
        """Bins of equal width, and the density of a weight drawn at random."""
        mean, model = self.pictures.weights.mean(), self.pictures.model
        self.span = roomy(self.span, 1.02 * float(mean.abs().max()))
        edges = torch.linspace(-self.span, self.span, BINS + 1)
        height = torch.histc(mean, BINS, -self.span, self.span) / len(mean) / (2 * self.span / BINS)
        at = torch.linspace(-self.span, self.span, 101)
        parts = zip(model.space.sizes, model.space.shapes, strict=True)
        density = torch.stack([size * model.prior.density(at, name) for size, name in parts]).sum(0) / len(mean)
        truth = truth_of(self.pictures)
        exact = torch.zeros(0) if truth is None else truth.weights.mean(0).float()
        outline = torch.histc(exact, BINS, -self.span, self.span) / max(1, len(exact)) / (2 * self.span / BINS)
        self.top = roomy(self.top, float(torch.cat([height, density, outline]).max()))
        size = float(mean.square().mean().sqrt())
        among = slice(0, BINS if truth is not None else 0)
        nuts = columns(x=edges[:-1][among], x2=edges[1:][among], height=outline[among])
        bins, prior = columns(x=edges[:-1], x2=edges[1:], height=height), columns(x=at, density=density)
        return {
            "replace": {self.chart: {"bins": bins, "prior": prior, "truth": nuts}},
            "params": {self.chart: {"xLow": -self.span, "xHigh": self.span, "yLow": 0, "yHigh": self.top * 1.05}},
            "facts": {"summaries": {self.chart: f"The {len(mean):,} weights have a root mean square of {size:.2g}."}},
        }
