"""Weights against their prior, and relevances of inputs, as columns of the charts `weights` and `relevance`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.priors import Prior

BINS, POINTS = 40, 161
RELEVANT = 0.1  # of the largest λ_j


@torch.no_grad()
def weights_against_prior(prior: Prior, weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """`replace` and `params` of the chart `weights`, from one value of every parameter (a point mass, or the means of q)."""
    flat = torch.cat([weights[name].detach().reshape(-1) for name in prior.shapes]).double()
    reach = float(flat.abs().quantile(0.995)) * 1.3 + 1e-6
    counts = torch.histc(flat, BINS, -reach, reach)
    edges = torch.linspace(-reach, reach, BINS + 1)
    height = counts / (len(flat) * 2 * reach / BINS)
    x = (
        torch.linspace(-reach, reach, POINTS + 1, dtype=torch.float64)[1:] - reach / POINTS
    )  # not 0: a density may have a pole
    share = {name: weights[name].numel() / len(flat) for name in prior.shapes}
    density = sum(share[name] * prior.density(x, name) for name in prior.shapes)
    assert isinstance(density, Tensor)  # noqa: S101 - a prior has parameters
    top = 1.1 * max(float(height.max()), float(density.quantile(0.97)))
    bins = {"low": edges[:-1], "high": edges[1:], "zero": torch.zeros(BINS), "value": height}
    return {
        "replace": {"weights": {"bins": _columns(bins), "prior": _columns({"x": x, "y": density})}},
        "params": {"weights": {"xLow": -reach, "xHigh": reach, "yLow": 0.0, "yHigh": top}},
    }


@torch.no_grad()
def relevances(prior: Any, nu: Tensor | None = None) -> dict[str, Any]:
    """`replace` of the chart `relevance` and a sentence, from an ARD prior and, where λ_j is latent, ν (2, P) of its q.

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
    words = f"{int(state.sum())} of {len(value)} inputs are relevant: their λ is at least a tenth of the largest."
    return {"replace": {"relevance": {"bars": _columns(bars)}}, "facts": {"summaries": {"relevance": words}}}


def _columns(table: Mapping[str, Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    return {name: column.detach().numpy().astype(np.float32) for name, column in table.items()}
