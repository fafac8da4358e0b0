"""New data points drawn from the model, in the data's units."""

from typing import Any

import torch

from elbo_room.models.results.decoded import feature_names
from elbo_room.models.training.run import Run

MOST = 50_000_000  # numbers
NO_SAMPLES = (
    "This model cannot draw x: it explains y at a given x. Use a run of a generative model; this one has predictions()."
)


@torch.no_grad()
def samples(run: Run, count: int = 1000, seed: int = 0) -> Any:
    """x ~ p(x) = ∫ p(x | z) p(z) dz: `count` independent draws, a column for each feature, in the data's units.

    Counts have a typical row's library size, at the average batch. Weights of a deep exponential family are at the centre of their q;
    a decoder's weights that have a q are drawn from it for each x, or once for several where that would be too many numbers.

    Raises:
        ValueError: the model cannot draw x, or too many draws were wanted.
    """
    import pandas as pd

    draw = getattr(run.model, "draw_data", None)
    if draw is None:
        raise ValueError(NO_SAMPLES)
    most = MOST // run.data.x.shape[1]
    if not 1 <= count <= most:
        raise ValueError(f"{count:,} draws of {run.data.x.shape[1]:,} features were wanted; choose 1 to {most:,}.")
    x = draw(run.q, count, torch.Generator().manual_seed(seed))
    if run.data.scale is not None and run.data.center is not None:
        x = x * run.data.scale + run.data.center
    return pd.DataFrame(x.numpy(), columns=feature_names(run))
