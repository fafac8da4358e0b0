"""Relevances λ_j of the inputs, as columns of the chart `relevance`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.numbers import Numbers

RELEVANT = 0.1  # of the largest λ_j


@torch.no_grad()
def relevances(prior: Any, nu: Tensor | None = None, inputs: Sequence[str] = ()) -> Picture:
    """`replace` of the chart `relevance` and a sentence, from an ARD prior and, where λ_j is latent, ν (2, P) of its q.

    `inputs` are their names; without any they are x1, x2, ….

    Raises:
        ValueError: the prior has no relevances.
    """
    if not hasattr(prior, "log_relevances"):
        raise ValueError(f"{prior.label} has no relevances. Choose a prior with automatic relevance determination.")
    middle = prior.log_relevances({}) if nu is None else nu[0]
    wide = torch.zeros_like(middle) if nu is None else 1.96 * nu[1].exp()
    value = middle.exp()  # the median of λ_j
    state = (value >= RELEVANT * value.max()).float()
    bars = {
        "dimension": torch.arange(len(value)),
        "value": value,
        "low": (middle - wide).exp(),
        "high": (middle + wide).exp(),
        "state": state,
    }
    columns = {name: column.detach().numpy().astype(np.float32) for name, column in bars.items()}
    names = list(inputs) or [f"x{j + 1}" for j in range(len(value))]
    words = f"{int(state.sum())} of {len(value)} inputs are relevant: their λ is at least a tenth of the largest."
    return {
        "replace": {"relevance": {"bars": columns}},
        "names": {"relevance": names},
        "facts": {"summaries": {"relevance": words}, "relevant": int(state.sum())},
    }


class Relevance(Numbers[ConditionalPictures]):
    """For a prior with automatic relevance determination."""

    always = True  # the number of relevant inputs is a fact

    @classmethod
    def applies(cls, run: Run, pictures: ConditionalPictures) -> bool:
        """Whether the prior has relevances."""
        del run
        return hasattr(pictures.model.prior, "log_relevances")

    def look(self) -> Picture:
        """λ_j of every input."""
        model, weights = self.pictures.model, self.pictures.weights
        site = model.sites.get("relevance")
        nu = None if site is None else self.run.q.nu(site, weights.batch).detach()
        return relevances(model.prior, nu, self.run.data.feature_names)
