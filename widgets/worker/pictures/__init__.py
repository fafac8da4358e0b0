"""What panels C and D need of a running model, one class a family of models.

A class has `about()` (said once: `static` columns by chart and dataset, class `labels` by chart, `shape` of a datum, and
`views` by panel where a run cannot fill all charts of its family), `look()` (what a
frame carries: `replace` and `append` columns by chart and dataset, `params` by chart, `facts`), and `grid()` and `decode(x, y, row)`,
None where there is none. One with a map of a latent space also has `explore(…)`, `walk()` and
`scores()`. Of the facts, `sentence` is the caption's and `summaries` go to screen readers by chart.
"""

from typing import Any

from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.exponential import ExponentialPictures
from elbo_room.widgets.worker.pictures.latent import LatentPictures

PICTURES: dict[str, type[Any]] = {
    "deep_generative": LatentPictures,
    "conditional": ConditionalPictures,
    "deep_exponential_family": ExponentialPictures,
}


def pictures_of(run: Run) -> Any:
    """The pictures that go with this run's family of models."""
    return PICTURES[run.settings.model](run)


__all__ = ["PICTURES", "ExponentialPictures", "LatentPictures", "pictures_of"]
