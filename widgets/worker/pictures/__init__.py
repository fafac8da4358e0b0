"""What panels C and D show of a running model: one subclass of `Pictures` a family of models."""

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
    return PICTURES[run.settings.model](run)


__all__ = ["PICTURES", "ExponentialPictures", "LatentPictures", "Pictures", "pictures_of"]
