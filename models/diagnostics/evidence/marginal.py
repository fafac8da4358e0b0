"""log p(y) of a model with few unknowns, four ways: the ELBO, importance sampling from q, Laplace, and bridge sampling with NUTS.

Bridge sampling (Meng & Wong 1996) with g, a Gaussian fitted to half of the draws of NUTS, and the other half z ~ p(z | y):
r = E_g[l/(s₁l + s₂r)] / E_post[1/(s₁l + s₂r)], l = p(y, z)/g(z), has the fixed point p(y); its error is Frühwirth-Schnatter's (2004).
Laplace: log p(y, ẑ) + D/2 log 2π − ½ log |−∇² log p(y, ẑ)| at the maximum ẑ. Both are exact where the posterior is Gaussian.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model
from elbo_room.models.data.dataset import as_batch
from elbo_room.models.diagnostics.chains import effective_size
from elbo_room.models.diagnostics.evidence.pareto import smoothed
from elbo_room.models.diagnostics.nuts import GOOD_R_HAT, Samples, Target, nuts_parts
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.probing.probe import frozen
from elbo_room.models.probing.table import html_table, text_table
from elbo_room.models.variational import Posterior

OF_Q = 2000  # draws of q
ROUNDS, STILL = 500, 1e-8  # of the bridge's iteration
HEADER = ("estimate of log p(y)", "nats", "± standard error")


@dataclass(frozen=True)
class Estimate:
    """A number in nats for all data, and its Monte Carlo standard error."""

    value: float
    error: float


@torch.no_grad()
def log_ratios(
    model: Model, q: Posterior, batch: Batch, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """log p(y, z_s) − log q(z_s) of all sites together (S,), and z_s in NUTS's order (S, D), z_s ~ q."""
    dtype = q.nu(next(iter(model.sites.values())), batch).dtype
    noise = draw_noise(model, batch, 1, count, generator, dtype, "iid")
    values: dict[str, Tensor] = {}
    log_q = torch.zeros(count, dtype=dtype)
    for name, site in model.sites.items():
        nu = q.nu(site, batch, values)
        nu = nu.expand(1, count, *(nu.shape[-3:] if site.plate == "local" else (1, *nu.shape)))
        values[name] = site.family.transform(noise[name], nu)  # (1, S, M, K)
        log_q = log_q + site.family.log_prob_drawn(noise[name], values[name], nu)[0].sum(-1)
    flat = torch.cat([value[0].flatten(1) for value in values.values()], 1)
    return Target(model, batch).log_joint(flat) - log_q, flat


def bridge(target: Target, found: Samples, generator: torch.Generator) -> Estimate:
    """log p(y) from the draws of NUTS: (C, S, D)."""
    half = found.flat.shape[1] // 2
    fitted, kept = found.flat[:, :half].flatten(0, 1).double(), found.flat[:, half:].double()  # (C·S/2, D), (C, S/2, D)
    size = fitted.shape[1]
    spread = torch.atleast_2d(torch.cov(fitted.T)) + 1e-10 * torch.eye(size, dtype=torch.float64)
    g = torch.distributions.MultivariateNormal(fitted.mean(0), spread)
    mine = kept.flatten(0, 1)
    noise = torch.randn(len(mine), size, generator=generator, dtype=torch.float64)
    drawn = g.mean + noise @ g.scale_tril.T
    with torch.no_grad():
        of_posterior, of_g = (
            target.log_joint(z.to(target.dtype)).double().nan_to_num(nan=-torch.inf) - g.log_prob(z)
            for z in (mine, drawn)
        )
    middle = of_posterior.median()
    one, two = (of_posterior - middle).exp(), (of_g - middle).exp()  # l/e^middle
    worth = min(effective_size(of_posterior.reshape(kept.shape[:2])), float(len(mine)))
    share = worth / (worth + len(drawn))
    r = torch.ones((), dtype=torch.float64)
    for _ in range(ROUNDS):
        before = r
        r = (two / (share * two + (1 - share) * r)).mean() / (1 / (share * one + (1 - share) * r)).mean()
        if abs(float((r / before).log())) < STILL:
            break
    top = two / (share * two + (1 - share) * r)
    bottom = r / (share * one + (1 - share) * r)
    error = float(top.var() / top.mean() ** 2 / len(drawn) + bottom.var() / bottom.mean() ** 2 / worth)
    return Estimate(float(r.log() + middle), math.sqrt(error))


def laplace_evidence(target: Target, start: Tensor) -> float | None:
    """Laplace's log p(y), at the maximum of log p(y, z) that is climbed to from z (D,); None where it is not a proper one."""
    at = start.detach().clone().requires_grad_()
    climb = torch.optim.LBFGS(
        [at], max_iter=300, line_search_fn="strong_wolfe", tolerance_grad=1e-9, tolerance_change=1e-12
    )

    def loss() -> Tensor:
        climb.zero_grad()
        value = -target.log_joint(at[None])[0]
        value.backward()
        return value

    with torch.enable_grad():
        climb.step(loss)
        best = at.detach()
        bent: Tensor = torch.autograd.functional.hessian(lambda z: -target.log_joint(z[None])[0], best).double()
    root, failed = torch.linalg.cholesky_ex(bent)
    if bool(failed):
        return None
    with torch.no_grad():
        height = float(target.log_joint(best[None])[0])
    return height + 0.5 * len(best) * math.log(2 * math.pi) - float(root.diagonal().log().sum())


@dataclass(frozen=True, repr=False)
class Marginal:
    """Estimates of log p(y) in nats for all data; prints as a table. None: there is no such estimate."""

    bridge: Estimate
    r_hat: float  # the largest of NUTS's: above 1.01 the bridge sees some of the modes only
    elbo: Estimate | None  # of a q that has a density
    importance: Estimate | None  # log (1/S) Σ w_s, Pareto-smoothed
    k: float | None  # k̂ of the importance weights: above .7 they are not to be trusted
    laplace: float | None

    @property
    def gap(self) -> float | None:
        """log p(y) − ELBO = KL(q ‖ p(z | y))."""
        return None if self.elbo is None else self.bridge.value - self.elbo.value

    @property
    def warnings(self) -> list[str]:
        """What is not to be trusted."""
        found = []
        if not self.r_hat < GOOD_R_HAT:
            found.append(f"R̂ is up to {self.r_hat:.2f}: the chains are in different modes, and log p(y) may be larger.")
        if self.k is not None and self.k > 0.7:
            found.append(
                f"Pareto's k̂ of q's weights is {self.k:.2f}, above 0.7: importance sampling from q is not to be trusted."
            )
        return found

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(HEADER, self._rows()), *self.warnings])

    def _repr_html_(self) -> str:
        return html_table(self._title(), HEADER, self._rows(), self.warnings)

    def _title(self) -> str:
        return "log p(y)" if self.gap is None else f"log p(y): the ELBO is {self.gap:.3g} nats below it"

    def _rows(self) -> list[list[str]]:
        rows = [("bridge sampling", self.bridge), ("importance sampling from q", self.importance), ("ELBO", self.elbo)]
        lines = [[name, f"{each.value:.2f}", f"{each.error:.2g}"] for name, each in rows if each is not None]
        return [*lines, *([] if self.laplace is None else [["Laplace", f"{self.laplace:.2f}", "–"]])]


def marginal_parts(
    model: Model,
    q: Posterior,
    data: Batch | object,
    *,
    draws: int = 500,
    warm_up: int = 500,
    chains: int = 4,
    generator: torch.Generator | None = None,
    deepest: int = 10,
) -> Iterator[float | Marginal]:
    """The share that is done after each trajectory of NUTS, and at last the estimates.

    Raises:
        ValueError: as `nuts`.
    """
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    batch = as_batch(data)
    found: Samples | None = None
    steps = nuts_parts(model, batch, draws=draws, warm_up=warm_up, chains=chains, generator=generator, deepest=deepest)
    for part in steps:
        if isinstance(part, Samples):
            found = part
        else:
            yield part
    assert found is not None  # noqa: S101 - `nuts_parts` ends with the draws
    with frozen(model, q):
        yield estimates(model, q, batch, found, generator)


def estimates(model: Model, q: Posterior, batch: Batch, found: Samples, generator: torch.Generator) -> Marginal:
    """The estimates, where the draws of NUTS are there already."""
    target = Target(model, batch)
    elbo = importance = k = None
    if all(site.family.scored for site in model.sites.values()):
        log_w, _ = log_ratios(model, q, batch, OF_Q, generator)
        elbo = Estimate(float(log_w.mean()), float(log_w.std()) / OF_Q**0.5)
        smooth, shape = smoothed(log_w[:, None])
        weight = smooth[:, 0].softmax(0)
        k = float(shape)
        importance = Estimate(
            float(smooth[:, 0].logsumexp(0)) - math.log(OF_Q), float((weight - 1 / OF_Q).square().sum().sqrt())
        )
    start = found.flat.flatten(0, 1).mean(0) if max(found.r_hat) < GOOD_R_HAT else found.flat[0, -1]
    return Marginal(
        bridge(target, found, generator), max(found.r_hat), elbo, importance, k, laplace_evidence(target, start)
    )


def marginal_likelihood(
    model: Model,
    q: Posterior,
    data: Batch | object,
    *,
    draws: int = 500,
    warm_up: int = 500,
    generator: torch.Generator | None = None,
) -> Marginal:
    """log p(y), or log p(x), of a model with at most 200 unknowns, beside its ELBO.

    >>> import elbo_room as er
    >>> run = er.run_from(er.ConditionalSettings(depth=0, stop_at=1))
    >>> _ = list(run)
    >>> found = er.marginal_likelihood(run.model, run.q, run.data, draws=50, warm_up=50)
    >>> found.gap > 0
    True

    Args:
        model: every site continuous.
        q: its approximation.
        data: all rows; a local site has one set of unknowns for each.
        draws: of each of four chains of NUTS; half of them fit the bridge's Gaussian.
        warm_up: of each chain.
        generator: the source of all randomness. None: one with seed 0.

    Raises:
        ValueError: as `nuts`.
    """
    *_, found = marginal_parts(model, q, data, draws=draws, warm_up=warm_up, generator=generator)
    assert isinstance(found, Marginal)  # noqa: S101 - the last part
    return found
