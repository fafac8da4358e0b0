"""What panels C and D show of a running model, chart by chart.

A chart's `VIEW` names the class here that computes its numbers. What the charts of a family of models have in common, such as a draw
from q, is in its subclass of `Pictures`; a family without one has its charts' numbers alone.
"""

from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.exponential import ExponentialPictures
from elbo_room.widgets.worker.pictures.latent import LatentPictures
from elbo_room.widgets.worker.pictures.protocol import Pictures

PICTURES: dict[str, type[Pictures]] = {
    "deep_generative": LatentPictures,
    "conditional": ConditionalPictures,
    "deep_exponential_family": ExponentialPictures,
}


def pictures_of(run: Run) -> Pictures:
    """The pictures that go with this run's family of models."""
    return PICTURES.get(run.settings.model, Pictures)(run)


__all__ = ["PICTURES", "ExponentialPictures", "LatentPictures", "Pictures", "pictures_of"]
