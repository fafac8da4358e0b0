"""log p(x) of every row by importance sampling, with its standard error."""

import math
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.diagnostics.evidence.log_weights import log_mean, log_weights, refuse_global
from elbo_room.models.results.embedding import local_sites
from elbo_room.models.results.rows import frame, parts
from elbo_room.models.training.run import Run

ROWS = 256  # at a time


def estimate_of(log_w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """log (1/S) Σ_s w_s, its standard error sd(w)/(w̄ √S), and (Σ w)²/Σ w², the effective number of draws: (S, M) → (M,) each."""
    draws = len(log_w)
    share = (log_w - log_w.max(0).values).exp()
    effective = share.sum(0).square() / share.square().sum(0)
    error = share.std(0) / share.mean(0) / math.sqrt(draws) if draws > 1 else torch.full_like(effective, torch.nan)
    return log_mean(log_w), error, effective


@torch.no_grad()
def log_evidence(run: Run, draws: int = 1000, seed: int = 0) -> Any:
    """log p̂(x_i) = log (1/S) Σ_s p(x_i, z_s)/q(z_s | x_i), z_s ~ q (Burda, Grosse & Salakhutdinov 2016), in nats.

    `standard_error` is the delta method's, sd(w)/(w̄ √S); `effective_draws` is (Σ w)²/Σ w² of S. The estimate is below log p(x_i | θ) on
    average; where few draws are effective by much, and its error is too small then. Held-out rows are marked.

    Raises:
        ValueError: a site is global, there is no latent variable per data point, or fewer than two draws were wanted.
    """
    if draws < 2:
        raise ValueError(f"{draws} draws were wanted; a standard error needs at least 2. 1000 are usual.")
    local_sites(run)
    refuse_global(run.model)
    generator = torch.Generator().manual_seed(seed)
    among = parts(run)
    found = [
        estimate_of(log_weights(run.model, run.q, batch, draws, generator))
        for each in among
        for batch in each.batches(ROWS)
    ]
    value, error, effective = (torch.cat(each).double().numpy() for each in zip(*found, strict=True))
    return frame({"log_p": value, "standard_error": error, "effective_draws": effective}, among)
