"""The knobs of a shared mean: its data; inference's are the shared ones."""

from dataclasses import dataclass

from elbo_room.models.settings import setting
from elbo_room.models.training.settings import InferenceSettings, model_setting


@dataclass(frozen=True)
class Settings(InferenceSettings):
    """A shared mean and its inference."""

    model: str = model_setting("shared_mean")
    data: str = setting("iris", label="Data", group="Data", choices="data", help="Whose mean is asked for.")
