"""What the model expects of x: E[x | ẑ] of every row in the data's units, or the shares of counts."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.results.embedding import NO_LATENT
from elbo_room.models.results.rows import Part, parts
from elbo_room.models.training.run import Run

TOTAL = 10_000  # of the expected counts of a row: what scanpy's normalize_total is usually called with
MOST = 200_000_000  # numbers of a table that is made
NO_DECODER = "This model has no method decode(z), so E[x | z] is not known. Use a deep generative model, or add decode."


def decoder(run: Run) -> Any:
    """The model's E[x | z].

    Raises:
        ValueError: it has none.
    """
    if not any(site.plate == "local" for site in run.model.sites.values()):
        raise ValueError(NO_LATENT)
    decode = getattr(run.model, "decode", None)
    if decode is None or "z" not in run.model.sites:
        raise ValueError(NO_DECODER)
    return decode


def counted(run: Run) -> bool:
    """Whether x are counts under the model, whose expectations are given as shares of a row."""
    return bool(getattr(getattr(run.model, "response", None), "counts", False))


def natural(run: Run, mean: Tensor) -> Tensor:
    """Decoded means (…, D) as the screen and the tables have them: counts as shares that sum to 1, all else in the data's units."""
    if counted(run):
        return mean / mean.sum(-1, keepdim=True).clamp_min(1e-30)
    data = run.data
    return mean if data.scale is None or data.center is None else mean * data.scale + data.center


def draw_z(run: Run, batch: Batch, generator: torch.Generator) -> Tensor:
    """One z_i ~ q(z | x_i) of each row: (M, K)."""
    site = run.model.sites["z"]
    nu = run.q.nu(site, batch)
    noise = draw_noise(run.model, batch, 1, 1, generator, nu.dtype, "iid")["z"]
    return site.family.transform(noise, nu.expand(1, 1, *nu.shape))[0, 0]


@torch.no_grad()
def denoised(run: Run, total: float = TOTAL) -> Any:
    """E[x_i | ẑ_i], ẑ_i = E_q[z_i | x_i]: one row for each row of the data, one column for each feature.

    Counts are normalised: ρ_ig · `total`, ρ_i = E[x_i | ẑ_i]/Σ_g E[x_ig | ẑ_i], so that rows of any library size compare, at the average
    batch where the decoder knows the batch (scVI's normalised expression, Lopez et al. 2018). Other data are in their own units.

    Raises:
        ValueError: the model has no decoder, or the table would be too large.
    """
    decode, among = decoder(run), parts(run)
    size = sum(each.data.size for each in among) * run.data.x.shape[1]
    if size > MOST:
        raise ValueError(
            f"The denoised table would have {size:,} numbers; at most {MOST:,} are made. Use fewer rows or features."
        )
    site = run.model.sites["z"]
    scale = total if counted(run) else 1.0
    found = [
        (scale * natural(run, decode(site.family.mean(run.q.nu(site, batch))))).float().numpy()
        for each in among
        for batch in each.batches()
    ]
    return table_of(np.concatenate(found), run, among)


def feature_names(run: Run) -> list[str]:
    """The features' names, x_1, x_2, … where they have none."""
    return list(run.data.feature_names) or [f"x_{k + 1}" for k in range(run.data.x.shape[1])]


def table_of(values: np.ndarray[Any, Any], run: Run, among: list[Part]) -> Any:
    """Values (N, D) of all rows as a data frame with the features' names, in the order in which the rows came."""
    import pandas as pd

    order = torch.cat([each.places for each in among]).argsort().numpy()
    names = [name for each in among for name in each.names]
    index = pd.Index([names[place] for place in order], name="row")
    return pd.DataFrame(values[order], index=index, columns=feature_names(run))
