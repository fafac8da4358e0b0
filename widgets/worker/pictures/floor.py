"""What a likelihood without a floor does with a feature that is constant in the data: −log σ without end, in one sentence."""

import math
from typing import Any

import torch

from elbo_room.models.data import Dataset
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture

ENOUGH = 0.02  # with a floor above it the growth of the likelihood is not noticeable


def constant_columns(data: Dataset) -> list[int]:
    """Features that are the same in every row."""
    return [int(j) for j in (data.x.amax(0) == data.x.amin(0)).nonzero().flatten()]


class Floor:
    """Watches the σ of the first constant feature of one run."""

    def __init__(self, run: Run) -> None:
        self.run, self.columns = run, constant_columns(run.data)

    @torch.no_grad()
    def look(self) -> Picture:
        """The caption while the floor is low and there is a constant feature; otherwise nothing."""
        model: Any = self.run.model
        scales = model.scales() if self.columns and getattr(self.run.settings, "scale_floor", 1.0) <= ENOUGH else None
        if scales is None:
            return {}
        j, names = self.columns[0], self.run.data.feature_names
        scale = float(scales[j])
        name = names[j] if names else f"feature {j + 1}"
        sentence = (
            f"The data hold {name} constant, so its σ is {scale:.2g} and wants to be 0: that one number brings "
            f"{-math.log(max(scale, 1e-300)):.1f} nats, and the likelihood has no maximum. Raise the floor of σ."
        )
        return {"facts": {"sentence": sentence, "constant_scale": scale}}
