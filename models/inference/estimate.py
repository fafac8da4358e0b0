"""∇_ν ELBO, draw by draw: one backward pass of the summed surrogate leaves every draw's gradient on the expanded ν.

ELBO(ν) = E_q[log p(x, z, θ) − log q(z; ν)], here per datum: (1/N)[(N/M) Σ_i local_i + global]. Training and the variance chart
both come through `estimate`; training takes R = 1 and real parameters, a probe takes R replicates and a frozen ν.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model, Site
from elbo_room.models.estimators import Draw, Estimator, NotApplicableError
from elbo_room.models.inference.costs import factors_at
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.inference.objective import ELBO, Objective
from elbo_room.models.inference.tempered import Tempered, refused, shortfall
from elbo_room.models.inference.work import Work, refusal, weighted
from elbo_room.models.variational import Posterior


@dataclass(frozen=True)
class Estimate:
    """One gradient estimate: what each draw said about ν, and, for whoever asks, the ELBO and its terms in nats per datum."""

    draws: Mapping[str, Draw]
    batch: Batch
    count: int  # B
    summary: Callable[[], dict[str, Tensor]]

    @cached_property
    def terms(self) -> dict[str, Tensor]:
        """By name, (): they sum to the ELBO."""
        return self.summary()

    @cached_property
    def elbo(self) -> Tensor:
        """()."""
        return torch.stack(list(self.terms.values())).sum()

    def draw_gradients(self, site: Site) -> Tensor:
        """G_b of a site: of each datum's own ELBO (R, B, M, n_params, K), or, for a global site, of the whole ELBO (M = 1)."""
        size = self.batch.size if site.plate == "local" else self.batch.total
        gradient = self.draws[site.name].nu.grad
        if gradient is None:
            raise ValueError(
                f"Site {site.name!r} has no gradient: the model's factors do not depend on it. Check the factors' `on`."
            )
        return -gradient * (self.count * size)


def _tap(site: Site, nu: Tensor, replicates: int, draws: int) -> Tensor:
    """ν of a site expanded to (R, B, M or 1, n_params, K), keeping its gradient; one that hangs on a draw has that shape already."""
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
    """Every site's draws, in the model's order: a site below another one takes its ν from the other's draw."""
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
    estimators: Mapping[str, Estimator],
    batch: Batch,
    draws: int,
    generator: torch.Generator,
    *,
    replicates: int = 1,
    noise: Mapping[str, Tensor] | None = None,
    rao_blackwell: str = "plate",
    noise_kind: str = "iid",
    memory: dict[str, dict[str, Tensor]] | None = None,
    objective: Objective = ELBO,
) -> Estimate:
    """Fill the gradients of −objective per datum (of q, encoder, decoder) and keep every draw's on the taps.

    Args:
        model: the log joint as factors.
        q: the variational factors, one a site.
        estimators: one a site, by the site's name.
        batch: M rows of N.
        draws: B, at least what each estimator needs.
        generator: the run's own; noise and pilot draws come from it.
        replicates: R, independent repetitions of the whole estimate.
        noise: ε to use instead of fresh draws (common noise, quadrature nodes).
        rao_blackwell: a name in `RAO_BLACKWELL`.
        noise_kind: a name in `NOISES`.
        memory: what adaptive estimators keep from one estimate to the next; changed in place. None: they start afresh.
        objective: β and free bits; the gradients are this objective's, the ELBO and its terms stay unweighted.

    Raises:
        NotApplicableError: an estimator does not go with its site, the model, B or the kind of noise.
        ValueError: a factor has a wrong shape.
    """
    if reason := refusal(model, estimators, draws, noise_kind, q) or refused(model, estimators, objective):
        raise NotApplicableError(reason)
    free = [site for name, site in model.sites.items() if name not in q.above]
    taps = {site.name: _tap(site, q.nu(site, batch), replicates, draws) for site in free}
    dtype = next(iter(taps.values())).dtype
    if noise is None:
        noise = draw_noise(model, batch, replicates, draws, generator, dtype, noise_kind)
    held = _draw(model, q, estimators, batch, taps, noise)
    for name, part in estimators.items():
        model = part.see(model, name, held[name], generator)
    model = model if objective.beta == 1 else Tempered(model, objective.beta)
    values = {name: draw.value for name, draw in held.items()}
    work = Work(model, q, batch, held, factors_at(model, batch, values), rao_blackwell, generator, objective.beta)
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
    if objective.free_bits:
        total = total - shortfall(held, work.factors, objective.free_bits).sum()
    (-total * (objective.beta / draws)).backward()
    return Estimate(held, batch, draws, partial(_summary, work, weights is not None, draws))


def _averages(found: Mapping[str, tuple[Tensor, float]]) -> Tensor:
    """Each value's mean times its weight, (n,), those of one shape together: a dozen means of a few numbers would cost as many calls."""
    alike: dict[torch.Size, list[str]] = {}
    for name, (value, _) in found.items():
        alike.setdefault(value.shape, []).append(name)
    means: dict[str, Tensor] = {}
    for names in alike.values():
        together = torch.stack([found[name][0].detach() for name in names])
        means |= zip(names, together.flatten(1).mean(1).unbind(), strict=True)
    whole = torch.stack([means[name] for name in found])
    return whole * torch.tensor([weight for _, weight in found.values()], dtype=whole.dtype)


def _summary(work: Work, weighted: bool, draws: int) -> dict[str, Tensor]:
    def share(local: bool) -> float:
        return 1.0 if local else 1 / work.batch.total

    found = {
        factor.name: (factor.value, share(factor.value.ndim == 3) * (1 if factor.in_kl else work.beta))
        for factor in work.factors
    }
    for name, site in work.model.sites.items():
        found[f"−log q({name})"] = (work.log_q[name], -share(site.plate == "local"))
    averages = _averages(found)
    terms = dict(zip(found, averages.unbind(), strict=True))
    if weighted:
        log_w = work.log_weights()
        gain = (log_w.logsumexp(1) - math.log(draws)).mean() - log_w.mean()
        terms["gain of weighting"] = gain
    return terms
