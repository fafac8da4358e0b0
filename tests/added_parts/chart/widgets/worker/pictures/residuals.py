"""What the predictions of held-out data leave over."""

from elbo_room.models.diagnostics.predictive import bands, observed
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures, Predictions
from elbo_room.widgets.worker.pictures.numbers import columns


class Residuals(Predictions):
    """For numbers: y − E[y | x], a point a held-out data point."""

    subject = "Residuals"

    @classmethod
    def applies(cls, run: Run, pictures: ConditionalPictures) -> bool:
        """Whether y is a number."""
        del run
        return not pictures.classes

    def predicted(self) -> tuple[Picture, str]:
        """The points, and their root mean square."""
        mean, _, _ = bands(self.pictures.seen, self.pictures.chain)
        residual = observed(self.pictures.test) - mean
        low, high = self.pictures.axis
        reach = float(residual.abs().max())
        return {
            "replace": {self.chart: {"points": columns(predicted=mean, residual=residual)}},
            "params": {self.chart: {"xLow": low, "xHigh": high, "yLow": -reach, "yHigh": reach}},
        }, f"their root mean square is {float(residual.square().mean().sqrt()):.2g}"
