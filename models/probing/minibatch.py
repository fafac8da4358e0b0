"""Minibatch noise: how much ĝ varies with the rows that a step happens to see. Where q is a point mass this is the only noise.

With g_i the gradient of the whole ELBO as estimated from data point i alone, a minibatch of M of N data points without replacement has
E ĝ = ḡ, the gradient on all data, and Var ĝ = (1 − M/N) S²/M with S² the sample variance of the g_i (Cochran 1977, ch. 2).
"""

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from elbo_room.models.core import Model
from elbo_room.models.data import Dataset
from elbo_room.models.estimators import Reparameterization
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.objective import ELBO, Objective
from elbo_room.models.probing.probe import frozen
from elbo_room.models.probing.report import Report, moments
from elbo_room.models.variational import Posterior

MINIBATCH = "minibatch"  # the name of the reports


def deterministic(model: Model) -> bool:
    """Whether q is a point mass at every site: then only rows are drawn."""
    return not any(site.family.scored for site in model.sites.values())


def minibatch_gradients(
    model: Model, q: Posterior, data: Dataset, rows: int, generator: torch.Generator, *, objective: Objective = ELBO
) -> Iterator[dict[str, Tensor]]:
    """ĝ of every site for successive minibatches, drawn as in a step: (n_params, K) each, of the whole ELBO, in nats per unit of ν.

    Args:
        model: the log joint; `deterministic`.
        q: the point masses; nothing in them changes.
        data: all N rows.
        rows: M, from 1 to N.
        generator: the probe's own generator.
        objective: the objective whose gradients these are.

    Raises:
        ValueError: a site is drawn, so its noise would mix with the minibatch's, or M is not between 1 and N.
    """
    if not deterministic(model):
        noisy = ", ".join(repr(name) for name, site in model.sites.items() if site.family.scored)
        raise ValueError(
            f"Sites {noisy} are drawn, so ĝ varies with the draws too. Use `probe`, or make every q a point mass."
        )
    if not 1 <= rows <= data.size:
        raise ValueError(f"The minibatch was {rows} rows of {data.size}. Choose a number from 1 to {data.size}.")
    parts = dict.fromkeys(model.sites, Reparameterization())
    while True:
        batch = data.batch(torch.randperm(data.size, generator=generator)[:rows])
        with frozen(model, q):
            found = estimate(model, q, parts, batch, 1, generator, objective=objective)
            gradients = {
                name: found.draw_gradients(site)[0, 0] for name, site in model.sites.items()
            }  # (1, n_params, K)
        yield {name: each[0] for name, each in gradients.items()}


def minibatch_report(
    model: Model,
    q: Posterior,
    data: Dataset,
    rows: int,
    replicates: int,
    generator: torch.Generator,
    *,
    site: str,
    objective: Objective = ELBO,
    least: int = 2,
    seconds: float = math.inf,
) -> Iterator[Report | None]:
    """Yields None after each of R minibatches, so that the caller can interleave other work, and finally the report of them all.

    `replicates` minibatches are drawn, or fewer, but at least `least`, where they take longer than `seconds` of CPU.

    Raises:
        ValueError: as `minibatch_gradients`.
    """
    source = minibatch_gradients(model, q, data, rows, generator, objective=objective)
    found, spent = list[dict[str, Tensor]](), 0.0
    while len(found) < replicates and (len(found) < least or spent < seconds):
        begin = time.thread_time()
        found.append(next(source))
        spent += time.thread_time() - begin
        yield None
    by_site = {name: moments(torch.stack([each[name] for each in found])[:, None, None]) for name in model.sites}
    count = len(found)
    yield Report(MINIBATCH, 1, count, site, by_site, dict.fromkeys(model.sites, 1.0), 1, spent / count)
