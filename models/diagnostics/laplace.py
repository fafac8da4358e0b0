"""Laplace's approximation p(w | y) ≈ N(ŵ, Λ⁻¹) at the maximum ŵ of log p(y, w), Λ = G + D with D the prior's precision.

G = Σ_i J_iᵀ H_i J_i, J_i = ∂f(x_i; w)/∂w, H_i = −∂² log p(y_i | f)/∂f²: the generalised Gauss-Newton matrix, or exactly −∇² log p(y | w).
The predictive is that of the tangent f(x; ŵ) + J(x)(w − ŵ), whose posterior has the curvature G (Immer, Korzepa & Bauer 2021), and
log p(y) ≈ log p(y, ŵ) + ½P log 2π − ½ log|Λ| (MacKay 1992). A learned s is fixed at its value. Everything is in double precision.
"""

import copy
import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.conditional.weight_space import WeightSpace
from elbo_room.models.core import Batch
from elbo_room.models.data import Dataset
from elbo_room.models.variational import Posterior

MOST = 2000  # weights: Λ has P² numbers and its root costs P³/3
CHUNK = 4_000_000  # numbers of J at a time


class Tangent(WeightSpace):
    """net(x; ŵ) + J(x)(w − ŵ): the network linearised in its weights at ŵ."""

    def __init__(self, space: WeightSpace, at: Tensor) -> None:
        self.network, self.shapes, self.sizes = space.network, space.shapes, space.sizes
        self.space, self.at = space, at

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """Rows x (M, …) under weights (…, P) → (…, M, outputs)."""
        at = self.at.to(w.dtype)
        steps, start = (w - at).reshape(-1, w.shape[-1]), self.space(x, at)  # (S, P), (M, outputs)
        parts = [jacobian(self.space, rows, at) @ steps.T for rows in x.split(few(start.shape[1], len(at)))]
        moved = torch.cat(parts).movedim(-1, 0)  # (S, M, outputs)
        return start + moved.reshape(*w.shape[:-1], *start.shape)


def few(outputs: int, weights: int) -> int:
    """How many rows' Jacobians are in memory at once."""
    return max(1, CHUNK // (outputs * weights))


@dataclass(frozen=True)
class Laplace:
    """N(ŵ, Λ⁻¹). `model` is the tangent: with `draws` it works in `predict`, `bands`, `scores` and `ranks` like any model."""

    model: Conditional
    mean: Tensor  # (P,), ŵ
    curvature: Tensor  # (P, P), G
    prior_precision: Tensor  # (P,), the diagonal of D
    log_joint: float  # log p(y, ŵ), nats

    @property
    def precision(self) -> Tensor:
        """Λ = G + D: (P, P)."""
        return self.curvature + self.prior_precision.diag()

    @cached_property
    def root(self) -> Tensor:
        """L of Λ = LLᵀ.

        Raises:
            ValueError: Λ is not positive definite, which only the exact Hessian can be.
        """
        root, failed = torch.linalg.cholesky_ex(self.precision)
        if bool(failed):
            raise ValueError(
                "−∇² log p(y, w) is not positive definite here, so the weights are not at a maximum. Train longer, or use curvature='ggn'."
            )
        return root

    @property
    def log_evidence(self) -> float:
        """log p(y), approximately, in nats for all data."""
        return self.log_joint + 0.5 * len(self.mean) * math.log(2 * math.pi) - float(self.root.diagonal().log().sum())

    @cached_property
    def determined(self) -> Tensor:
        """Eigenvalues of D^−½ G D^−½, ascending: the data's precision in a direction relative to the prior's. (P,)."""
        unit = self.prior_precision.rsqrt()
        return torch.linalg.eigvalsh(unit[:, None] * self.curvature * unit).clamp_min(0)

    @property
    def parameters(self) -> float:
        """γ = Σ e/(e + 1): how many of the P weights the data determine (MacKay 1992)."""
        return float((self.determined / (self.determined + 1)).sum())

    def evidence_at(self, factor: Tensor) -> Tensor:
        """Log evidence with every prior scale times `factor` (F,), ŵ and G fixed: which λ the data favour. (F,)."""
        square = (self.mean.square() * self.prior_precision).sum()
        change = -0.5 * (self.determined * factor[:, None].square() + 1).log().sum(-1)
        now = -0.5 * (self.determined + 1).log().sum()
        return self.log_evidence + change - now - 0.5 * square * (factor**-2 - 1)

    @cached_property
    def best_factor(self) -> float:
        """The maximiser of `evidence_at` between 1/100 and 100."""
        factor = torch.logspace(-2, 2, 801, dtype=torch.float64)
        return float(factor[self.evidence_at(factor).argmax()])

    def draws(self, count: int, seed: int = 0) -> Tensor:
        """w_s ~ N(ŵ, Λ⁻¹) from a separate generator, the same noise every time: (S, P)."""
        noise = torch.randn(len(self.mean), count, generator=torch.Generator().manual_seed(seed), dtype=self.mean.dtype)
        moved = torch.linalg.solve_triangular(self.root.T, noise, upper=True)  # (P, S)
        return (self.mean + moved.T).float()

    def output_variance(self, x: Tensor) -> Tensor:
        """J(x) Λ⁻¹ J(x)ᵀ of the network's outputs, without draws: x (M, …) → (M, H, H)."""
        slope = jacobian(self.model.space, x.double(), self.mean)  # (M, H, P)
        half = torch.linalg.solve_triangular(self.root, slope.transpose(1, 2), upper=False)  # (M, P, H)
        return half.transpose(1, 2) @ half


def why_not(model: Conditional) -> str | None:
    """None, or why this model has no such approximation."""
    if model.posterior.scored:
        return f"q(w) is a {model.posterior.label} and has its own spread; Laplace starts from a point. Choose a point mass (MAP)."
    if not model.prior.gaussian:
        return f"It needs a Gaussian prior; the density of {model.prior.label} has kinks or several peaks. Choose a Gaussian one."
    if model.space.size > MOST:
        return f"The network has {model.space.size:,} weights; the full curvature is computed for up to {MOST:,}. Make it smaller."
    return None


def laplace(model: Conditional, q: Posterior, data: Dataset, curvature: str = "ggn") -> Laplace:
    """The approximation at the current weights of q, a point mass; `curvature` is "ggn" (the usual one) or "exact".

    Raises:
        ValueError: q, the prior or the size does not allow it, or the curvature is unknown.
    """
    if reason := why_not(model):
        raise ValueError(f"Laplace's approximation does not apply. {reason}")
    if curvature not in ("ggn", "exact"):
        raise ValueError(f"curvature was {curvature!r}; choose 'ggn' or 'exact'.")
    rows = data.whole()
    at = q.nu(model.sites["w"], rows).detach()[0].double()  # (P,)
    y, weight, offset = (None if part is None else part.double() for part in (rows.y, rows.weight, rows.offset))
    batch = Batch(rows.x.double(), rows.rows, rows.total, y, whole=True, weight=weight, offset=offset)
    with torch.no_grad():
        joint = sum(float(factor.value.sum()) for factor in model.factors(batch, {"w": at[None, None]}))
    bent = _gauss_newton(model, batch, at) if curvature == "ggn" else _exact(model, batch, at)
    tangent = copy.copy(model)
    tangent.space = Tangent(model.space, at)
    return Laplace(tangent, at, bent, _prior_precision(model), joint)


def jacobian(space: WeightSpace, x: Tensor, at: Tensor) -> Tensor:
    """∂f(x_i; w)/∂w at w = ŵ: x (M, …) → (M, H, P)."""
    return vmap(jacrev(lambda w, row: space(row[None], w)[0]), (None, 0))(at, x)


def _prior_precision(model: Conditional) -> Tensor:
    """1/s_j² of every weight: (P,)."""
    prior = model.prior
    each = [prior.scales(name, {}).detach().double().expand(shape).flatten() for name, shape in prior.shapes.items()]
    return torch.cat(each).square().reciprocal()


@torch.enable_grad()  # charts are made without gradients
def output_curvature(model: Conditional, out: Tensor, batch: Batch) -> Tensor:
    """H = −∂² log p(y | f)/∂f², its negative eigenvalues set to 0 where log p is not concave in f: out (M, H) → (M, H, H)."""
    assert batch.y is not None  # noqa: S101 - the log joint has refused it
    out = out.detach().requires_grad_()
    fit = model.log_likelihood(batch.y, out, batch)  # (M,)
    (slope,) = torch.autograd.grad(fit.sum(), out, create_graph=True)
    rows = [torch.autograd.grad(part.sum(), out, retain_graph=True)[0] for part in slope.unbind(-1)]
    value, vector = torch.linalg.eigh(-torch.stack(rows, 1))
    return vector @ (value.clamp_min(0).unsqueeze(-1) * vector.transpose(1, 2))


def _gauss_newton(model: Conditional, batch: Batch, at: Tensor) -> Tensor:
    """Σ_i J_iᵀ H_i J_i, a few rows at a time: (P, P)."""
    with torch.no_grad():
        out = model.space(batch.x, at)  # (N, H)
    bend, total = output_curvature(model, out, batch), torch.zeros(len(at), len(at), dtype=at.dtype)
    for rows in torch.arange(batch.size).split(few(out.shape[1], len(at))):
        slope = jacobian(model.space, batch.x[rows], at)  # (m, H, P)
        total += slope.flatten(0, 1).T @ (bend[rows] @ slope).flatten(0, 1)
    return total


@torch.enable_grad()
def _exact(model: Conditional, batch: Batch, at: Tensor) -> Tensor:
    """−∇² log p(y | w), one row per backward pass: (P, P)."""

    def fit(w: Tensor) -> Tensor:
        return -model.factors(batch, {"w": w[None, None]})[0].value.sum()

    found: Tensor = torch.autograd.functional.hessian(fit, at)
    return found
