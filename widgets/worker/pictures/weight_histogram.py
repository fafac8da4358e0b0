"""A histogram of the weights' posterior means, and their prior's density."""

import torch

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.numbers import Numbers, columns, roomy

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
        self.top = roomy(self.top, float(torch.cat([height, density]).max()))
        size = float(mean.square().mean().sqrt())
        bins, prior = columns(x=edges[:-1], x2=edges[1:], height=height), columns(x=at, density=density)
        return {
            "replace": {self.chart: {"bins": bins, "prior": prior}},
            "params": {self.chart: {"xLow": -self.span, "xHigh": self.span, "yLow": 0, "yHigh": self.top * 1.05}},
            "facts": {"summaries": {self.chart: f"The {len(mean):,} weights have a root mean square of {size:.2g}."}},
        }
