"""∇_ν ELBO, draw by draw: one backward pass of the summed surrogate leaves every draw's gradient on the expanded ν.

ELBO(ν) = E_q[log p(x, z, θ) − log q(z; ν)], here per data point: (1/N)[(N/M) Σ_i local_i + global]. Training and the variance chart
both come through `estimate`; training takes R = 1 and real parameters, a probe takes R replicates and a frozen ν.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model, Site
from elbo_room.models.data.dataset import as_batch
from elbo_room.models.estimators import Draw, Estimator, NotApplicableError
from elbo_room.models.inference.boundary import (
    check_call,
    check_generator,
    check_model,
    check_nu,
    check_objective,
    check_posterior,
)
from elbo_room.models.inference.costs import factors_at
from elbo_room.models.inference.make_estimator import BySite, Chosen, site_estimators
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.inference.objective import ELBO, Objective
from elbo_room.models.inference.surrogate_context import SurrogateContext, refusal, weighted
from elbo_room.models.inference.tempered import Tempered, refused, shortfall
from elbo_room.models.variational import Posterior


@dataclass(frozen=True)
class Estimate:
    """One gradient estimate: every draw's gradient in ν, and, when asked for, the ELBO and its terms in nats per data point."""

    draws: Mapping[str, Draw]
    batch: Batch
    count: int  # B
    summarise: Callable[[], "Summary"]

    @cached_property
    def summary(self) -> "Summary":
        """The ELBO with its terms, log p(θ)/N and the objective."""
        return self.summarise()

    @property
    def terms(self) -> dict[str, Tensor]:
        """The ELBO's terms by name, each (); they sum to the ELBO."""
        return self.summary.terms

    @property
    def elbo(self) -> Tensor:
        """The bound on log p(x | θ), (); where all weights are random, on log p(x)."""
        return self.summary.elbo

    @property
    def log_prior(self) -> Tensor:
        """log p(θ)/N of a point estimate θ, (); 0 without one."""
        return self.summary.log_prior

    @property
    def objective(self) -> Tensor:
        """The objective that the gradients ascend, ()."""
        return self.summary.objective

    def draw_gradients(self, site: Site) -> Tensor:
        """G_b of a site: of each data point's own ELBO (R, B, M, n_params, K) or, for a global site, of the whole ELBO (M = 1)."""
        size = self.batch.size if site.plate == "local" else self.batch.total
        gradient = self.draws[site.name].nu.grad
        if gradient is None:
            raise ValueError(
                f"Site {site.name!r} has no gradient: the model's factors do not depend on it. Check the factors' `on`."
            )
        return -gradient * (self.count * size)


def _tap(site: Site, nu: Tensor, replicates: int, draws: int) -> Tensor:
    """ν of a site expanded to (R, B, M or 1, n_params, K), keeping its gradient; one that depends on a draw has that shape already."""
    nu = nu if nu.requires_grad else nu.detach().requires_grad_()
    if nu.ndim < 4:
        nu = nu if site.plate == "local" else nu.unsqueeze(0)
        alone = replicates == draws == 1  # then a view, whose gradient need not be summed
        nu = nu[None, None] if alone else nu.expand(replicates, draws, *nu.shape)
    nu.retain_grad()
    return nu


def _draw(
    model: Model,
    q: Posterior,
    estimators: Mapping[str, Estimator],
    batch: Batch,
    taps: Mapping[str, Tensor],
    noise: Mapping[str, Tensor],
) -> dict[str, Draw]:
    """Every site's draws, in the model's order: a site below another takes its ν from that site's draw."""
    held: dict[str, Draw] = {}
    values: dict[str, Tensor] = {}
    for name, site in model.sites.items():
        part, still = estimators[name], None
        if name in q.above:
            replicates, draws = noise[name].shape[:2]
            tap = _tap(site, q.nu(site, batch, values), replicates, draws)
            still = q.nu(site, batch, values, still=True)
        else:
            tap = taps[name]
        values[name] = part.value(site.family, noise[name], tap)
        held[name] = Draw(site.family, tap, values[name], noise[name], still)
    return held


def estimate(
    model: Model,
    q: Posterior,
    estimators: Chosen | BySite,
    batch: Batch | object,
    draws: int = 4,
    generator: torch.Generator | None = None,
    *,
    replicates: int = 1,
    noise: Mapping[str, Tensor] | None = None,
    rao_blackwell: str = "plate",
    noise_kind: str = "iid",
    memory: dict[str, dict[str, Tensor]] | None = None,
    objective: Objective = ELBO,
) -> Estimate:
    """Fill the gradients of −objective per data point (of q, encoder, decoder) and keep every draw's on the taps.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel"})
    >>> found = er.estimate(run.model, run.q, "leave_one_out", run.data, draws=8)
    >>> found.draw_gradients(run.model.sites["z"]).shape  # (R, B, M, n_params, K)
    torch.Size([1, 8, 500, 2, 2])

    Args:
        model: the log joint as factors.
        q: the variational factors, one per site.
        estimators: one for all sites, as a name, a class or an instance, or a dict with one per site.
        batch: M of N rows; a data set or an array means all of its rows.
        draws: B, at least as many as each estimator needs.
        generator: the run's generator, the source of noise and pilot draws. None: one with seed 0.
        replicates: R, independent repetitions of the whole estimate.
        noise: ε to use instead of fresh draws (common noise, quadrature nodes).
        rao_blackwell: a name in `RAO_BLACKWELL`.
        noise_kind: a name in `NOISES`.
        memory: what adaptive estimators keep from one estimate to the next; changed in place. None: they start from scratch.
        objective: β and free bits; the gradients are this objective's, the ELBO and its terms stay unweighted.

    Raises:
        NotApplicableError: an estimator does not apply to its site, the model, B or the kind of noise.
        ValueError: the model, q, a factor or another argument is invalid (`boundary`).
    """
    check_model(model)
    check_posterior(model, q)
    batch = as_batch(batch)
    check_call(batch, draws, replicates, rao_blackwell, noise_kind)
    check_objective(objective)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    check_generator(generator)
    estimators = site_estimators(model, estimators, draws)
    if reason := refusal(model, estimators, draws, noise_kind, q) or refused(model, estimators, objective):
        raise NotApplicableError(reason)
    free = [site for name, site in model.sites.items() if name not in q.above]
    nus = {site.name: q.nu(site, batch) for site in free}
    for site in free:
        check_nu(site, nus[site.name], batch.size)
    taps = {site.name: _tap(site, nus[site.name], replicates, draws) for site in free}
    dtype = next(iter(taps.values())).dtype
    if noise is None:
        noise = draw_noise(model, batch, replicates, draws, generator, dtype, noise_kind)
    held = _draw(model, q, estimators, batch, taps, noise)
    for name, part in estimators.items():
        model = part.wrap_model(model, name, held[name], generator)
    model = model if objective.beta == 1 else Tempered(model, objective.beta)
    values = {name: draw.value for name, draw in held.items()}
    work = SurrogateContext(
        model, q, batch, held, factors_at(model, batch, values), rao_blackwell, generator, objective.beta
    )
    weights = work.weights() if weighted(estimators) else None
    total = torch.zeros((), dtype=dtype)
    for factor in work.factors:
        local = factor.value.ndim == 3
        value = factor.value * weights if local and weights is not None else factor.value
        total = total + value.sum() / (batch.size if local else batch.total)
    for name, site in model.sites.items():
        kept = {} if memory is None else memory.setdefault(f"{estimators[name].name}/{name}", {})
        surrogate = estimators[name].surrogate(held[name], work.context(site, estimators[name], weights, kept))
        total = total + surrogate.sum() / (batch.size if site.plate == "local" else batch.total)
    missing = shortfall(held, work.factors, objective.free_bits) if objective.free_bits else None
    if missing is not None:
        total = total - missing.sum()
    (-total * (objective.beta / draws)).backward()
    return Estimate(held, batch, draws, partial(_summary, work, weights is not None, missing))


def _averages(found: Mapping[str, tuple[Tensor, float]]) -> Tensor:
    """Each value's mean times its weight, (n,); values of one shape are averaged together, since each separate mean is another call."""
    alike: dict[torch.Size, list[str]] = {}
    for name, (value, _) in found.items():
        alike.setdefault(value.shape, []).append(name)
    means: dict[str, Tensor] = {}
    for names in alike.values():
        together = torch.stack([found[name][0].detach() for name in names])
        means |= zip(names, together.flatten(1).mean(1).unbind(), strict=True)
    whole = torch.stack([means[name] for name in found])
    return whole * torch.tensor([weight for _, weight in found.values()], dtype=whole.dtype)


@dataclass(frozen=True)
class Summary:
    """The numbers of one estimate in nats per data point, each ()."""

    terms: dict[str, Tensor]
    elbo: Tensor  # Σ terms
    log_prior: Tensor  # log p(θ)/N of a point estimate
    objective: Tensor  # what is maximised

    @property
    def whole(self) -> Tensor:
        """ELBO, objective, log prior and the terms, (3 + n,)."""
        return torch.stack([self.elbo, self.objective, self.log_prior, *self.terms.values()])


def _summary(work: SurrogateContext, weighted: bool, missing: Tensor | None) -> Summary:
    """The terms of the unweighted bound, and the objective: its KL times β, minus β times the shortfall of free bits, plus log p(θ)/N."""

    def share(local: bool) -> float:
        return 1.0 if local else 1 / work.batch.total

    found = {
        factor.name: (factor.value, share(factor.value.ndim == 3) * (1 if factor.in_kl else work.beta))
        for factor in work.factors
    }
    for name, site in work.model.sites.items():
        found[f"−log q({name})"] = (work.log_q[name], -share(site.plate == "local"))
    averages = dict(zip(found, _averages(found).unbind(), strict=True))
    of_parameters = [factor.name for factor in work.factors if factor.of_parameters]
    terms = {name: value for name, value in averages.items() if name not in of_parameters}
    if weighted:
        log_w = work.log_weights()
        terms["gain of weighting"] = (log_w.logsumexp(1) - math.log(work.count)).mean() - log_w.mean()
    elbo = torch.stack(list(terms.values())).sum()
    log_prior = (
        torch.stack([averages[name] for name in of_parameters]).sum() if of_parameters else torch.zeros_like(elbo)
    )
    objective = elbo + log_prior
    if work.beta != 1:
        outside = {factor.name for factor in work.factors if not factor.in_kl}
        objective = objective + (work.beta - 1) * torch.stack([v for n, v in terms.items() if n not in outside]).sum()
    if missing is not None:
        objective = objective - work.beta * missing.detach().mean()
    return Summary(terms, elbo, log_prior, objective)
