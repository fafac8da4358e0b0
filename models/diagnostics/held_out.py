"""log p(x) of rows that were not trained on, bounded: E log (1/S) Σ_s p(x, z_s)/q(z_s; x), which rises to log p(x) with S (Burda 2016).

q must be amortised, for a table has no ν of a new row; weights must be a point mass, for a global site is not one datum's.
"""

import math

import torch
from torch import Tensor

from models.core import Model
from models.data import Dataset
from models.inference.noise import draw_noise
from models.variational import Posterior, Table

CHUNK = 16  # draws at a time


@torch.no_grad()
def held_out_scores(model: Model, q: Posterior, data: Dataset, generator: torch.Generator, draws: int = 256) -> Tensor:
    """The bound of every row, in nats: (N,). Two models' scores of the same rows are best compared row by row.

    Raises:
        ValueError: q is a table, or a site is global.
    """
    if any(isinstance(part, Table) for part in q.by_site.values()):
        raise ValueError("q is a table, which has no ν for new rows. Train with an amortised q to score held-out data.")
    if any(site.plate == "global" for site in model.sites.values()):
        raise ValueError(
            "A global site has a q of its own; this score is of one datum at a time. Use point-mass weights."
        )
    batch, found = data.whole(), []
    for _ in range(math.ceil(draws / CHUNK)):
        noise = draw_noise(model, batch, 1, CHUNK, generator, data.x.dtype, "iid")
        values, log_w = {}, torch.zeros(())
        for name, site in model.sites.items():
            nu = q.nu(site, batch).expand(1, CHUNK, -1, -1, -1)
            values[name] = site.family.transform(noise[name], nu)
            log_w = log_w - site.family.log_prob(values[name], nu).sum(-1)
        log_w = log_w + sum((f.value for f in model.factors(batch, values) if f.value.ndim == 3), torch.zeros(()))
        found.append(log_w[0])
    every = torch.cat(found)  # (S, N)
    score: Tensor = every.logsumexp(0) - math.log(len(every))
    return score
