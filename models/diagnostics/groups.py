"""How well an embedding separates known groups: k-means with as many clusters as groups, and three scores."""

import warnings
from dataclasses import dataclass

import numpy as np
from torch import Tensor

SILHOUETTE_ROWS = 800  # pairs grow with the square


@dataclass(frozen=True)
class Grouping:
    """ARI and NMI of the clusters against the labels, and the silhouette of the labels themselves.

    - adjusted Rand index: pairs of data points on which clusters and labels agree, 0 for chance, 1 for identity (Hubert & Arabie 1985);
    - normalised mutual information, 0 to 1 (Strehl & Ghosh 2002);
    - silhouette: (b − a)/max(a, b) with a the mean distance within the label, b to the nearest other, −1 to 1 (Rousseeuw 1987).
    """

    ari: float
    nmi: float
    silhouette: float


def grouping(mean: Tensor, labels: Tensor, seed: int = 0) -> Grouping:
    """Scores of posterior means (M, K) against labels (M,) by scikit-learn, with a fixed seed.

    Raises:
        ValueError: there are fewer than two labels, or no more data points than labels.
    """
    from sklearn.cluster import KMeans  # half a second to import; most runs do not need it
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score

    points, truth = np.asarray(mean, np.float64), np.asarray(labels)
    groups = len(np.unique(truth))
    if not 2 <= groups < len(points):
        raise ValueError(
            f"There are {groups} labels for {len(points)} data points; an embedding is scored against at least 2 labels, and fewer than "
            "data points. Pass such labels, or skip the scores."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a collapsed map has fewer places than labels
        found = KMeans(groups, n_init=4, random_state=seed).fit(points).labels_
    some = {"sample_size": SILHOUETTE_ROWS, "random_state": seed} if len(points) > SILHOUETTE_ROWS else {}
    return Grouping(
        float(adjusted_rand_score(truth, found)),
        float(normalized_mutual_info_score(truth, found)),
        float(silhouette_score(points, truth, **some)),
    )
