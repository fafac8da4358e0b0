"""The embedding of every row: ẑ = E_q[z | x], the scales of q, and clusters of ẑ."""

from typing import Any

import numpy as np
import torch

from elbo_room.models.diagnostics.latent import embedding as of_batch
from elbo_room.models.results.rows import Part, frame, parts
from elbo_room.models.training.run import Run

CLUSTERS = 8  # where the data have no labels
NO_LATENT = (
    "This run has no latent variable per data point, so it embeds no rows. Use a run of a deep generative model or of a deep "
    "exponential family; a conditional model has predictions()."
)


def local_sites(run: Run) -> list[str]:
    """The names of the sites with a value for each row, nearest to the data first.

    Raises:
        ValueError: there are none.
    """
    found = sorted(name for name, site in run.model.sites.items() if site.plate == "local")
    if not found:
        raise ValueError(NO_LATENT)
    return found


@torch.no_grad()
def moments(run: Run, among: list[Part], site: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """E_q[z_i] and sd_q[z_i] of all rows, (N, K) each."""
    found = [of_batch(run.model, run.q, batch, site) for each in among for batch in each.batches()]
    mean, scale = (torch.cat(each).double().numpy() for each in zip(*found, strict=True))
    return mean, scale


def cluster_count(run: Run) -> int:
    """As many clusters as the data have labels; 8 where they have none, and never more than rows."""
    kinds = len(run.data.labels[run.data.labelled].unique())
    return min(kinds if kinds > 1 else CLUSTERS, run.data.size)


def clusters(mean: np.ndarray[Any, Any], count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """K-means of the embedding (N, K) with a fixed seed: (N,) whole numbers from 0."""
    from sklearn.cluster import KMeans  # half a second

    return KMeans(count, n_init=4, random_state=seed).fit(mean).labels_


def embedding(run: Run, clusters_wanted: int | None = None) -> Any:
    """ẑ_i = E_q[z_i | x_i] and sd_q[z_i | x_i] of every row, with `cluster`, the k-means cluster of ẑ_i, and the row's label.

    Columns z_1 … z_K and z_1_sd … z_K_sd for the site z, and the same for every other site with a value for each row. Rows are in the
    order of the data; held-out rows are among them where q is amortised, and are marked.

    Raises:
        ValueError: there is no latent variable per data point, or more clusters than rows.
    """
    sites, among = local_sites(run), parts(run)
    columns: dict[str, Any] = {}
    first: np.ndarray[Any, Any] | None = None
    for site in sites:
        mean, scale = moments(run, among, site)
        first = mean if first is None else first
        columns |= {f"{site}_{k + 1}": mean[:, k] for k in range(mean.shape[1])}
        columns |= {f"{site}_{k + 1}_sd": scale[:, k] for k in range(mean.shape[1])}
    assert first is not None  # noqa: S101 - there is at least one site
    count = cluster_count(run) if clusters_wanted is None else clusters_wanted
    if not 1 <= count <= len(first):
        raise ValueError(f"{count} clusters of {len(first):,} rows were wanted; choose 1 to {len(first):,}.")
    columns["cluster"] = clusters(first, count)
    if len(run.data.label_names) > 1:
        columns["label"] = [run.data.label_names[k] for each in among for k in each.data.labels.tolist()]
    return frame(columns, among)
