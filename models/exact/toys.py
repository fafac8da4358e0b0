"""Toy problems whose gradients and variances are known in closed form: for notebooks, and to see an estimator's noise in isolation.

Each returns (model, q, batch) for `probe` and `estimate`. The first three have one data point and one site z of `size` coordinates.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.families import Bernoulli, Family, Normal
from elbo_room.models.variational import Global, Posterior

Problem = tuple["Toy", Posterior, Batch]


class Toy:
    """A model of one site whose log joint is a function of z alone."""

    def __init__(self, family: Family, size: int, log_joint: Callable[[Tensor], Tensor]) -> None:
        self.sites: Mapping[str, Site] = {"z": Site("z", "global", (size,), family)}
        self.log_joint = log_joint

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """The log joint at z, (R, B); a toy has no data."""
        del batch
        return [Factor("log p", self.log_joint(latents["z"]).sum(-1), frozenset({"z"}))]


def _problem(family: Family, nu: Tensor, log_joint: Callable[[Tensor], Tensor]) -> Problem:
    size = nu.shape[-1]
    batch = Batch(torch.zeros(1, 1), torch.zeros(1, dtype=torch.int64), 1)
    return Toy(family, size, log_joint), Posterior({"z": Global(Site("z", "global", (size,), family), nu)}), batch


def _normal(mean: float, scale: float, size: int) -> Tensor:
    """ν = (μ, log s) of `size` identical coordinates: (2, size)."""
    return torch.stack([torch.full((size,), mean), torch.full((size,), scale).log()])


def quadratic(mean: float = 1.0, scale: float = 1.0, center: float = 0.0, size: int = 1) -> Problem:
    """∇E_q f with f(z) = Σ_j (z_j − k)² and q = N(μ, s²): ∂_μ = 2δ, ∂_{log s} = 2s², δ = μ − k.

    The log joint is f + log q(z; ⌊ν⌋), so the instantaneous ELBO is f itself. In one dimension the score's variance for μ is
    δ⁴/s² + 14δ² + 15s², path only's 4s² (the total derivative adds −s on top); with `size` coordinates the score's variance for one
    of them grows as size², path only's not at all.
    """
    nu = _normal(mean, scale, size)
    return _problem(Normal(), nu, lambda z: (z - center).square() + Normal().log_prob(z, nu))


def gaussian(
    mean: float = 0.0, scale: float = 1.0, target_mean: float = 0.0, target_scale: float = 1.0, size: int = 1
) -> Problem:
    """The ELBO of q = N(m, s²) against p = N(m0, s0²); D = m − m0.

    Variance for m: total s²/s0⁴, path only (1/s − s/s0²)²; for log s: s²D²/s0⁴ + 2s⁴/s0⁴ and s²D²/s0⁴ + 2(1 − s²/s0²)².
    At q = p path only has none; it is worse for m when s² < s0²/2.
    """
    target = _normal(target_mean, target_scale, size)
    return _problem(Normal(), _normal(mean, scale, size), lambda z: Normal().log_prob(z, target))


def bernoulli_unit(logit: float, at_zero: float, at_one: float) -> Problem:
    """∇E_q f for one binary unit: p(1−p)(f1 − f0); a score with baseline c has variance p(1−p)[(f1−c)(1−p) + (f0−c)p]²."""
    nu = torch.full((1, 1), logit)
    family = Bernoulli()
    return _problem(family, nu, lambda z: at_zero + z * (at_one - at_zero) + family.log_prob(z, nu))


def _log_normal(value: Tensor, mean: Tensor | float, scale: float) -> Tensor:
    return -0.5 * ((value - mean) / scale).square() - math.log(scale) - 0.5 * math.log(2 * math.pi)


class Pair:
    """a, b ~ N(0, 1); x₁ ~ N(a + b, σ²), x₂ ~ N(a − b, σ²): given both x, a and b are independent."""

    def __init__(self, scale: float) -> None:
        self.sites: Mapping[str, Site] = {name: Site(name, "global", (1,), Normal()) for name in ("a", "b")}
        self.scale = scale

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """The two priors (R, B), and the fit (R, B, 2)."""
        a, b = latents["a"], latents["b"]  # (R, B, 1)
        signs = torch.tensor([1.0, -1.0], dtype=b.dtype)
        return [
            Factor("log p(a)", _log_normal(a, 0.0, 1.0).sum(-1), frozenset({"a"})),
            Factor("log p(b)", _log_normal(b, 0.0, 1.0).sum(-1), frozenset({"b"})),
            Factor(
                "log p(x|a,b)", _log_normal(batch.x[:, 0], a + signs[batch.rows] * b, self.scale), frozenset({"a", "b"})
            ),
        ]


def pair(x: tuple[float, float] = (1.5, 0.5), scale: float = 1.0) -> tuple[Pair, Posterior, Batch]:
    """A model whose exact posterior is a product of Normals, and that posterior as q: f = log p(x) at every draw.

    So leave-one-out has no variance at all with the whole f. The Markov blanket of a leaves out h = log p(b) − log q(b), which
    cancelled the noise of b in the fit: for B = 2 its variance for a's mean is Var h/s², Var h = m²s² + ½(1 − s²)² with b ~ N(m, s²).
    """
    model, precision = Pair(scale), 1 + 2 / scale**2
    means = {"a": (x[0] + x[1]) / scale**2 / precision, "b": (x[0] - x[1]) / scale**2 / precision}
    nu = {name: torch.tensor([[mean], [-0.5 * math.log(precision)]]) for name, mean in means.items()}
    q = Posterior({name: Global(site, nu[name]) for name, site in model.sites.items()})
    return model, q, Batch(torch.tensor(x).unsqueeze(-1), torch.arange(2), 2, whole=True)


class Groups:
    """Offsets of groups: b_g ~ N(0, τ²), x_i ~ N(b_{g(i)}, σ²), row i belonging to the group g(i).

    `apart` makes each group's offset a separate site: a Markov blanket then contains only the group's own rows.
    """

    def __init__(self, group: Tensor, spread: float, scale: float, *, apart: bool) -> None:
        self.group, self.count = group, int(group.max()) + 1  # (N,) int64, G
        self.spread, self.scale = spread, scale
        names = {f"b{g}": 1 for g in range(self.count)} if apart else {"b": self.count}
        self.sites: Mapping[str, Site] = {name: Site(name, "global", (size,), Normal()) for name, size in names.items()}

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """A prior (R, B) and a fit (R, B, M) of each site; the fit is 0 at rows of other groups."""
        group = self.group[batch.rows]  # (M,)
        found = []
        for g, (name, value) in enumerate(latents.items()):
            together = len(latents) < self.count
            fit = _log_normal(batch.x[:, 0], value[..., group if together else torch.zeros_like(group)], self.scale)
            found += [
                Factor(f"log p({name})", _log_normal(value, 0.0, self.spread).sum(-1), frozenset({name})),
                Factor(f"log p(x|{name})", fit if together else fit * (group == g), frozenset({name})),
            ]
        return found


def groups(
    x: Tensor, group: Tensor, spread: float = 1.0, scale: float = 1.0, *, apart: bool = False
) -> tuple[Groups, Posterior, Batch]:
    """Offsets of the groups of rows x (N,), q = N(0, 1) for each.

    With posterior precision Λ_g = 1/τ² + n_g/σ²: ∂L/∂m_g = Σ_{i in g} x_i/σ² − Λ_g m_g and ∂L/∂log s_g = 1 − Λ_g s_g².
    """
    model = Groups(group, spread, scale, apart=apart)
    q = Posterior({name: Global(site) for name, site in model.sites.items()})
    return model, q, Batch(x.unsqueeze(-1), torch.arange(len(x)), len(x), whole=True)
