"""(1/kM) Σ_i Σ_{j ∈ kNN(i)} 1[g_j = g_i]: of the k nearest neighbours of a data point's ẑ, the share in its own group.

By chance it would be Σ_g p_g² (groups as frequent as they are). High for labels and at chance for batches is what an embedding should be;
unlike a clustering it needs no number of clusters (compare kBET and LISI: Büttner et al. 2019, Korsunsky et al. 2019).
"""

import torch
from torch import Tensor

NEAREST = 10
ROWS = 300  # data points whose neighbours are looked up among all


@torch.no_grad()
def own_neighbours(z: Tensor, groups: Tensor, nearest: int = NEAREST) -> tuple[float, float]:
    """(share, chance) for the means z (N, K) and the group (N,) of each data point, from about 300 evenly spaced ones."""
    some = torch.linspace(0, len(z) - 1, min(ROWS, len(z))).long()
    distance = torch.cdist(z[some], z)
    distance[torch.arange(len(some)), some] = torch.inf  # exclude the point itself
    found = distance.topk(min(nearest, len(z) - 1), largest=False).indices  # (rows, k)
    share = (groups[found] == groups[some].unsqueeze(1)).float().mean()
    frequency = torch.bincount(groups).float() / len(groups)
    return float(share), float(frequency.square().sum())
