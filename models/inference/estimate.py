"""∇_ν ELBO, draw by draw: one backward pass of the summed surrogate leaves every draw's gradient on the expanded ν.

ELBO(ν) = E_q[log p(x, z, θ) − log q(z; ν)], here per datum: (1/N)[(N/M) Σ_i local_i + global]. Training and the variance chart
both come through `estimate`; training takes R = 1 and real parameters, a probe takes R replicates and a frozen ν.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.core import Batch, Factor, Model, Site, check_factors
from models.estimators import Draw, Estimator
from models.variational import Posterior


@dataclass(frozen=True)
class Level:
    """How far a site's f is Rao-Blackwellised."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


RAO_BLACKWELL: dict[str, Level] = {
    each.name: each
    for each in (
        Level(
            "none",
            "none",
            "Σ_i f_i",
            "Each datum's score multiplies the whole batch's f: unbiased, and the variance grows with M.",
        ),
        Level("plate", "per datum", "f_i", "Each datum's score multiplies its own terms only."),
        Level(
            "blanket",
            "Markov blanket",
            "f_i^{(k)}",
            "Each site's score multiplies only the factors that contain the site.",
        ),
    )
}


@dataclass(frozen=True)
class Estimate:
    """One gradient estimate: the ELBO and its terms in nats per datum, and what each draw said about ν."""

    elbo: Tensor  # ()
    terms: dict[str, Tensor]  # name → (), they sum to elbo
    draws: dict[str, Draw]
    batch: Batch
    count: int  # B

    def draw_gradients(self, site: Site) -> Tensor:
        """G_b of a site: of each datum's own ELBO (R, B, M, n_params, K), or, for a global site, of the whole ELBO (M = 1)."""
        size = self.batch.size if site.plate == "local" else self.batch.total
        gradient = self.draws[site.name].nu.grad
        if gradient is None:
            raise ValueError(
                f"Site {site.name!r} has no gradient: the model's factors do not depend on it. Check the factors' `on`."
            )
        return -gradient * (self.count * size)


def _taps(model: Model, q: Posterior, batch: Batch, replicates: int, draws: int) -> dict[str, Tensor]:
    """ν of each site expanded to (R, B, M or 1, n_params, K), keeping its gradient."""
    taps = {}
    for name, site in model.sites.items():
        nu = q.nu(site, batch)
        nu = nu if nu.requires_grad else nu.detach().requires_grad_()
        nu = nu if site.plate == "local" else nu.unsqueeze(0)
        tap = nu.expand(replicates, draws, *nu.shape)  # (R, B, M, n_params, K)
        tap.retain_grad()
        taps[name] = tap
    return taps


def _values(
    model: Model, noise: Mapping[str, Tensor], taps: Mapping[str, Tensor], live: frozenset[str]
) -> dict[str, Tensor]:
    """Z = t(ε, ν): differentiable for the sites in `live`, detached for the others."""
    values = {}
    for name, site in model.sites.items():
        value = site.family.transform(noise[name], taps[name] if name in live else taps[name].detach())
        values[name] = value if name in live else value.detach()
    return values


def _factors(model: Model, batch: Batch, values: Mapping[str, Tensor]) -> list[Factor]:
    latents = {name: value if model.sites[name].plate == "local" else value[:, :, 0] for name, value in values.items()}
    factors = model.factors(batch, latents)
    replicates, draws = next(iter(values.values())).shape[:2]
    check_factors(factors, replicates, draws, batch.size)
    for factor in factors:
        lost = [name for name in factor.on if name in model.sites and model.sites[name].plate == "local"]
        if lost and factor.value.ndim == 2:
            raise ValueError(
                f"Factor {factor.name!r} contains the local site {lost[0]!r} but is one number for all data, (R, B); a datum's score "
                "would miss it. Give it one value a datum, (R, B, M)."
            )
    return factors


def _cost(
    site: Site, level: str, model: Model, batch: Batch, factors: list[Factor], log_q: Mapping[str, Tensor]
) -> Tensor:
    """F of a site, detached: (R, B, M) or (R, B, 1). Terms left out do not contain the site, so they multiply a mean of zero."""
    plates = {name: other.plate for name, other in model.sites.items()}
    blanket = level == "blanket"
    use = [factor for factor in factors if not blanket or site.name in factor.on]
    lost = [name for name in plates if not blanket or name == site.name]
    local = sum((f.value.detach() for f in use if f.value.ndim == 3), torch.zeros(1, 1, batch.size))
    local = local - sum(
        (log_q[name] for name in lost if plates[name] == "local"), torch.zeros(1, 1, batch.size)
    )  # (R, B, M)
    if site.plate == "local" and level != "none":
        return local
    whole = sum((f.value.detach().unsqueeze(-1) for f in use if f.value.ndim == 2), torch.zeros(1, 1, 1))
    whole = whole - sum((log_q[name] for name in lost if plates[name] == "global"), torch.zeros(1, 1, 1))  # (R, B, 1)
    weight = batch.total / batch.size
    return (
        local.sum(-1, keepdim=True) + whole / weight
        if site.plate == "local"
        else local.sum(-1, keepdim=True) * weight + whole
    )


def draw_noise(
    model: Model, batch: Batch, replicates: int, draws: int, generator: torch.Generator, dtype: torch.dtype
) -> dict[str, Tensor]:
    """ε of every site, (R, B, M or 1, K), from the given generator."""
    sizes = {name: batch.size if site.plate == "local" else 1 for name, site in model.sites.items()}
    return {
        name: site.family.noise((replicates, draws, sizes[name], *site.shape), generator, dtype)
        for name, site in model.sites.items()
    }


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
) -> Estimate:
    """Fill the gradients of −ELBO per datum (of q, encoder, decoder) and keep every draw's on the taps.

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

    Raises:
        ValueError: when an estimator does not apply to its site, or a factor has a wrong shape.
    """
    for name, site in model.sites.items():
        if reason := estimators[name].supports(site.family, draws):
            raise ValueError(reason)
    taps = _taps(model, q, batch, replicates, draws)
    dtype = next(iter(taps.values())).dtype
    noise = draw_noise(model, batch, replicates, draws, generator, dtype) if noise is None else noise
    live = frozenset(name for name, estimator in estimators.items() if estimator.path)
    values = _values(model, noise, taps, live)
    factors = _factors(model, batch, values)
    held = {name: Draw(site.family, taps[name], values[name]) for name, site in model.sites.items()}
    log_q = {name: draw.log_q().detach() for name, draw in held.items()}

    total = torch.zeros((), dtype=dtype)
    for factor in factors:
        total = total + factor.value.sum() / (batch.size if factor.value.ndim == 3 else batch.total)
    for name, site in model.sites.items():
        estimator = estimators[name]
        cost = log_q[name] if estimator.path else _cost(site, rao_blackwell, model, batch, factors, log_q)
        pilot = _pilot(model, batch, taps, estimator, site, rao_blackwell, generator) if estimator.pilot_draws else None
        total = total + estimator.surrogate(held[name], cost, pilot).sum() / (
            batch.size if site.plate == "local" else batch.total
        )
    (-total / draws).backward()
    return _summary(model, factors, log_q, held, batch, draws)


def _pilot(
    model: Model,
    batch: Batch,
    taps: Mapping[str, Tensor],
    estimator: Estimator,
    site: Site,
    level: str,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """F and ‖s‖² of extra draws, which never enter the gradient: two of (R, B_pilot, M)."""
    count = estimator.pilot_draws
    with torch.no_grad():
        wide = {name: tap[:, :1].detach().expand(-1, count, *tap.shape[2:]) for name, tap in taps.items()}
        replicates, dtype = wide[site.name].shape[0], wide[site.name].dtype
        noise = draw_noise(model, batch, replicates, count, generator, dtype)
        values = _values(model, noise, wide, frozenset())
        factors = _factors(model, batch, values)
        held = {name: Draw(other.family, wide[name], values[name]) for name, other in model.sites.items()}
        log_q = {name: draw.log_q() for name, draw in held.items()}
        return _cost(site, level, model, batch, factors, log_q), held[site.name].score_norm()


def _summary(
    model: Model, factors: list[Factor], log_q: Mapping[str, Tensor], held: dict[str, Draw], batch: Batch, draws: int
) -> Estimate:
    def per_datum(value: Tensor, local: bool) -> Tensor:
        return value.detach().mean() if local else value.detach().mean() / batch.total

    terms = {factor.name: per_datum(factor.value, factor.value.ndim == 3) for factor in factors}
    for name, site in model.sites.items():
        terms[f"−log q({name})"] = -per_datum(log_q[name], site.plate == "local")
    return Estimate(torch.stack(list(terms.values())).sum(), terms, held, batch, draws)
