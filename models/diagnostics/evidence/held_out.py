"""A bound on log p(x) of held-out rows: E log (1/S) Σ_s p(x, z_s)/q(z_s; x), which rises to log p(x) with S (Burda 2016).

q must be amortised, because a table has no ν for a new row; weights must be a point mass, because a global site belongs to no single data
point.
"""

import torch
from torch import Tensor

from elbo_room.models.core import Model
from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics.evidence.log_weights import log_mean, log_weights
from elbo_room.models.variational import Posterior, Table


def no_new_rows(q: Posterior) -> str | None:
    """None, or why this q does not apply to rows that it was not trained on."""
    if any(isinstance(getattr(part, "base", part), Table) for part in q.by_site.values()):
        return "q is a table, which has no ν for new rows. Train with an amortised q to score held-out data."
    return None


def held_out_bound(
    model: Model, q: Posterior, data: Dataset, generator: torch.Generator, draws: int = 256
) -> tuple[float, float]:
    """(mean, standard error over the rows) of `held_out_scores`, nats per data point; with one draw it is the ELBO."""
    score = held_out_scores(model, q, data, generator, draws)
    return float(score.mean()), float(score.std()) / len(score) ** 0.5


@torch.no_grad()
def held_out_scores(model: Model, q: Posterior, data: Dataset, generator: torch.Generator, draws: int = 256) -> Tensor:
    """The bound of every row, in nats: (N,). Two models' scores of the same rows are best compared row by row.

    Raises:
        ValueError: q is a table, or a site is global.
    """
    if reason := no_new_rows(q):
        raise ValueError(reason)
    return log_mean(log_weights(model, q, data.whole(), draws, generator))
