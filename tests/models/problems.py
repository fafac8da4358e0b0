"""Small models whose ELBO and gradient are known exactly: closed form, Gauss-Hermite quadrature, or enumeration. All
in float64.

L(ν) = (N/M) Σ_i local_i + global is the whole ELBO. The engine reports ∇_{ν_i} local_i for a local site and ∇L for a
global one.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from elbo_room.models.core import Batch, Factor, Model, Site
from elbo_room.models.families import Bernoulli, Family, Normal
from elbo_room.models.variational import Global, Posterior

F64 = torch.float64
NU = dict[str, Tensor]


def log_normal(value: Tensor, mean: Tensor | float, scale: float) -> Tensor:
    return -0.5 * ((value - mean) / scale) ** 2 - math.log(scale) - 0.5 * math.log(2 * math.pi)


def expected_log_normal(mean: Tensor, variance: Tensor, at: Tensor | float, scale: float) -> Tensor:
    """E log N(at; y, scale²) for y with this mean and variance."""
    return log_normal(mean, at, scale) - 0.5 * variance / scale**2


def entropy(raw: Tensor) -> Tensor:
    """Of N(·, e^{2ρ}), summed."""
    return (raw + 0.5 * math.log(2 * math.pi * math.e)).sum()


def standard(scale: float = 1.0) -> Tensor:
    """ν₀ of N(0, scale²), as a factor declares it."""
    return torch.tensor([[0.0], [math.log(scale)]], dtype=F64)


class Rows(nn.Module):
    """A free ν a datum."""

    def __init__(self, first: Tensor) -> None:
        super().__init__()
        self.table = nn.Parameter(first.clone())  # (N, n_params, K)

    def nu(self, batch: Batch) -> Tensor:
        return self.table[batch.rows]


@dataclass
class Terms:
    """A model made of sites and a function to its factors: the whole of the black-box criterion."""

    sites: Mapping[str, Site]
    terms: Callable[[Batch, Mapping[str, Tensor]], list[Factor]]

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        return self.terms(batch, latents)


@dataclass
class Problem:
    """A model, a q, a batch, and the exact L(ν)."""

    model: Model
    q: Posterior
    batch: Batch
    objective: Callable[[NU], Tensor]
    exact: NU = field(init=False)
    elbo: float = field(init=False)

    def __post_init__(self) -> None:
        nus = {name: self.q.nu(site, self.batch).detach().requires_grad_() for name, site in self.model.sites.items()}
        whole = self.objective(nus)
        slopes = torch.autograd.grad(whole, list(nus.values()))
        share = self.batch.size / self.batch.total
        self.exact, self.elbo = {}, float(whole.detach()) / self.batch.total
        for (name, site), slope in zip(self.model.sites.items(), slopes, strict=True):
            self.exact[name] = slope * share if site.plate == "local" else slope.unsqueeze(0)


def batch_of(x: Tensor, rows: list[int] | None = None) -> Batch:
    chosen = torch.arange(len(x)) if rows is None else torch.tensor(rows)
    return Batch(x[chosen], chosen, len(x))


def numbers(*shape: int, seed: int = 3, scale: float = 1.0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64) * scale


def conjugate(rows: list[int] | None = None) -> Problem:
    """z_i ~ N(0, 1.5²), x_i | z_i ~ N(z_i, .8²), q = N(m_i, e^{2ρ_i}): everything in closed form."""
    batch = batch_of(numbers(3, 1, seed=1), rows)

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        z = latents["z"]
        return [
            Factor("log p(z)", log_normal(z, 0.0, 1.5).sum(-1), frozenset({"z"}), standard(1.5)),
            Factor("log p(x|z)", log_normal(batch.x, z, 0.8).sum(-1), frozenset({"z"})),
        ]

    def objective(nus: NU) -> Tensor:
        m, v = nus["z"][:, 0], (2 * nus["z"][:, 1]).exp()
        fit = expected_log_normal(m, v, 0.0, 1.5).sum() + expected_log_normal(m, v, batch.x, 0.8).sum()
        return (fit + entropy(nus["z"][:, 1])) * batch.total / batch.size

    sites = {"z": Site("z", "local", (1,), Normal())}
    return Problem(Terms(sites, terms), Posterior({"z": Rows(numbers(3, 2, 1, seed=2, scale=0.4))}), batch, objective)


def logistic(rows: tuple[int, ...] = (1, 4, 6, 9)) -> Problem:
    """Bayesian logistic regression, w ~ N(0, I) global, N = 12 and M = 4; quadrature along w·x."""
    x = numbers(12, 2, seed=4)
    signs = torch.sign(x @ torch.tensor([1.0, -2.0], dtype=F64) + numbers(12, seed=5))
    batch = batch_of(x * signs.unsqueeze(-1), list(rows))  # y x: log p(y|x, w) = log logistic(w · yx)

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        w = latents["w"]  # (R, B, P)
        return [
            Factor("log p(w)", log_normal(w, 0.0, 1.0).sum(-1), frozenset({"w"}), standard()),
            Factor("log p(y|w)", logsigmoid(w @ batch.x.T), frozenset({"w"})),
        ]

    nodes, weights = (torch.tensor(part) for part in np.polynomial.hermite_e.hermegauss(80))

    def objective(nus: NU) -> Tensor:
        m, v = nus["w"][0], (2 * nus["w"][1]).exp()
        along = (batch.x @ m).unsqueeze(-1) + (batch.x.square() @ v).sqrt().unsqueeze(-1) * nodes  # (M, Q)
        fit = (logsigmoid(along) * weights).sum() / math.sqrt(2 * math.pi)
        return expected_log_normal(m, v, 0.0, 1.0).sum() + entropy(nus["w"][1]) + fit * batch.total / batch.size

    sites = {"w": Site("w", "global", (2,), Normal())}
    first = torch.tensor([[0.3, -0.5], [-0.4, -0.2]], dtype=F64)
    return Problem(Terms(sites, terms), Posterior({"w": Global(sites["w"], first)}), batch, objective)


def bayesian_layer(rows: tuple[int, ...] = (1, 4, 6, 9)) -> Problem:
    """The same regression as a network without hidden layers, whose weights are the model's: a layer can draw them datum by datum."""
    from elbo_room.models.conditional.model import Conditional
    from elbo_room.models.conditional.weight_space import WeightSpace
    from elbo_room.models.networks import Architecture, FeedForward
    from elbo_room.models.priors import NormalPrior
    from elbo_room.models.responses import RESPONSES

    same = logistic(rows)
    net = FeedForward(2, 1, Architecture(depth=0, intercept=False), torch.Generator().manual_seed(0))
    model = Conditional(WeightSpace(net), RESPONSES["bernoulli"](), NormalPrior(1.0), Normal())
    return Problem(model, same.q, replace(same.batch, y=torch.ones(len(rows), dtype=F64)), same.objective)


def plates(rows: tuple[int, ...] = (0, 3, 4, 8, 9)) -> Problem:
    """x_i ~ N(w + z_i, .7²), z_i ~ N(0, 1) local, w ~ N(0, 2²) global; N = 10 and M = 5."""
    batch = batch_of(numbers(10, 1, seed=6) + 0.8, list(rows))

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        w, z = latents["w"], latents["z"]  # (R, B, 1), (R, B, M, 1)
        return [
            Factor("log p(w)", log_normal(w, 0.0, 2.0).sum(-1), frozenset({"w"}), standard(2.0)),
            Factor("log p(z)", log_normal(z, 0.0, 1.0).sum(-1), frozenset({"z"}), standard()),
            Factor("log p(x|z,w)", log_normal(batch.x, w.unsqueeze(2) + z, 0.7).sum(-1), frozenset({"z", "w"})),
        ]

    def objective(nus: NU) -> Tensor:
        m_w, v_w, m, v = nus["w"][0], (2 * nus["w"][1]).exp(), nus["z"][:, 0], (2 * nus["z"][:, 1]).exp()
        local = expected_log_normal(m, v, 0.0, 1.0).sum() + expected_log_normal(m + m_w, v + v_w, batch.x, 0.7).sum()
        local = (local + entropy(nus["z"][:, 1])) * batch.total / batch.size
        return local + expected_log_normal(m_w, v_w, 0.0, 2.0).sum() + entropy(nus["w"][1])

    sites = {"w": Site("w", "global", (1,), Normal()), "z": Site("z", "local", (1,), Normal())}
    first_w = torch.tensor([[0.4], [-0.3]], dtype=F64)
    q = Posterior({"w": Global(sites["w"], first_w), "z": Rows(numbers(10, 2, 1, seed=7, scale=0.4))})
    return Problem(Terms(sites, terms), q, batch, objective)


def chain() -> Problem:
    """Two local Normal sites: top ~ N(0, 1), low | top ~ N(1.3 top, .6²), x | low ~ N(low, .5²): a deep latent
    Gaussian model.
    """
    batch = batch_of(numbers(4, 2, seed=8))

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        top, low = latents["top"], latents["low"]
        return [
            Factor("log p(top)", log_normal(top, 0.0, 1.0).sum(-1), frozenset({"top"}), standard()),
            Factor("log p(low|top)", log_normal(low, 1.3 * top, 0.6).sum(-1), frozenset({"top", "low"})),
            Factor("log p(x|low)", log_normal(batch.x, low, 0.5).sum(-1), frozenset({"low"})),
        ]

    def objective(nus: NU) -> Tensor:
        (a, b), (u, v) = (
            (nus[name][:, 0] for name in ("top", "low")),
            ((2 * nus[name][:, 1]).exp() for name in ("top", "low")),
        )
        fit = expected_log_normal(a, u, 0.0, 1.0) + expected_log_normal(b - 1.3 * a, v + 1.69 * u, 0.0, 0.6)
        return (
            (fit + expected_log_normal(b, v, batch.x, 0.5)).sum()
            + entropy(nus["top"][:, 1])
            + entropy(nus["low"][:, 1])
        )

    sites = {name: Site(name, "local", (2,), Normal()) for name in ("top", "low")}
    q = Posterior({name: Rows(numbers(4, 2, 2, seed=9 + k, scale=0.3)) for k, name in enumerate(sites)})
    return Problem(Terms(sites, terms), q, batch, objective)


def sigmoid_belief(wrong_on: bool = False) -> Problem:
    """A sigmoid belief network, 2 units → 2 units → 3 binary features, every weight given; exact by its 16 states."""
    batch = batch_of((numbers(3, 3, seed=11) > 0).to(F64))
    deep, wide = numbers(2, 2, seed=12, scale=1.5), numbers(2, 3, seed=13, scale=1.5)
    nil = torch.zeros(1, 2, dtype=F64)
    family = Bernoulli()

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        top, low = latents["top"], latents["low"]
        middle = frozenset({"low"}) if wrong_on else frozenset({"top", "low"})
        return [
            Factor("log p(top)", family.log_prob(top, nil).sum(-1), frozenset({"top"})),
            Factor("log p(low|top)", family.log_prob(low, (top @ deep - 0.5).unsqueeze(-2)).sum(-1), middle),
            Factor("log p(x|low)", family.log_prob(batch.x, (low @ wide).unsqueeze(-2)).sum(-1), frozenset({"low"})),
        ]

    sites = {name: Site(name, "local", (2,), family) for name in ("top", "low")}

    def objective(nus: NU) -> Tensor:
        whole = torch.zeros((), dtype=F64)
        for state in itertools.product((0.0, 1.0), repeat=4):
            top, low = torch.tensor(state[:2], dtype=F64), torch.tensor(state[2:], dtype=F64)
            log_q = family.log_prob(top, nus["top"]).sum(-1) + family.log_prob(low, nus["low"]).sum(-1)  # (M,)
            latents = {"top": top.expand(1, 1, 3, 2), "low": low.expand(1, 1, 3, 2)}
            log_p = torch.stack([factor.value[0, 0].expand(3) for factor in terms(batch, latents)]).sum(0)
            whole = whole + (log_q.exp() * (log_p - log_q)).sum()
        return whole

    q = Posterior({name: Rows(numbers(3, 1, 2, seed=14 + k)) for k, name in enumerate(sites)})
    return Problem(Terms(sites, terms), q, batch, objective)


def target(
    family: Family, nu: Tensor, f: Callable[[Tensor], Tensor], *, cancel_q: bool = True, copies: int = 1
) -> tuple[Terms, Posterior, Batch]:
    """A bare target: log joint = f(z) + log q(z; ⌊ν⌋), so the instantaneous ELBO is f itself and ∇ELBO = ∇E_q f.
    `copies` data alike.
    """

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        z = latents["z"]
        log_q = family.log_prob(z, nu) if cancel_q else torch.zeros_like(z)
        return [Factor("f", (f(z) + log_q).sum(-1), frozenset({"z"}))]

    model = Terms({"z": Site("z", "local", (nu.shape[-1],), family)}, terms)
    return model, Posterior({"z": Rows(nu.expand(copies, *nu.shape))}), batch_of(torch.zeros(copies, 1, dtype=F64))


PROBLEMS: dict[str, Callable[[], Problem]] = {
    each.__name__: each for each in (conjugate, logistic, plates, chain, sigmoid_belief)
}
