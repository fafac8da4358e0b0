"""EM for x ~ N(W z + m, Ψ), z ~ N(0, I_K): probabilistic PCA (Ψ = σ² I) and factor analysis (Ψ diagonal), from the data's moments alone.

E: q(z_i) = p(z_i | x_i), a Gaussian with means B(x_i − m), B = Wᵀ C⁻¹, and covariance I − B W, C = W Wᵀ + Ψ: the ELBO with the exact
posterior, which equals log p(x). M: with S = Σ (x_i − m)(x_i − m)ᵀ/N and A = I − B W + B S Bᵀ, the average of E z zᵀ,
W ← S Bᵀ A⁻¹ and Ψ ← diag(S − W B S), averaged over features if they share one σ². log p(x) never falls (Dempster, Laird & Rubin 1977;
Rubin & Thayer 1982; Tipping & Bishop 1999). A mixture of Gaussians has the same two steps.
"""

import math
from typing import Self

import torch
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


class LinearGaussianEM:
    """One model on its way; float64, nats per data point.

    Args:
        x: the data, (N, D).
        loadings: the initial W, (D, K).
        noise: the initial diagonal of Ψ, (D,), or σ², ().
        mean: m; None: the data's mean, its maximum likelihood value.
        fixed: whether Ψ stays as it is.
        floor: the smallest standard deviation that Ψ may have.
    """

    def __init__(
        self,
        x: Tensor,
        loadings: Tensor,
        noise: Tensor,
        mean: Tensor | None = None,
        *,
        fixed: bool = False,
        floor: float = 0.0,
    ) -> None:
        rows = x.double()
        self.mean = rows.mean(0) if mean is None else mean.double()
        off = rows - self.mean
        self.moment = off.T @ off / len(rows)  # S, (D, D)
        self.loadings, self.fixed, self.floor = loadings.double().clone(), fixed, floor
        self.shared = noise.ndim == 0
        self.noise = noise.double().expand(len(self.moment)).clone()  # (D,)
        self.iterations = 0

    def _projection(self) -> tuple[Tensor, Tensor, Tensor]:
        """B (K, D), the posterior's covariance I − B W (K, K) by Woodbury's identity, and log det C."""
        scaled = self.loadings / self.noise[:, None]  # Ψ⁻¹ W
        root = torch.linalg.cholesky(
            self.loadings.T @ scaled + torch.eye(self.loadings.shape[1], dtype=torch.float64)
        )  # of I + Wᵀ Ψ⁻¹ W
        covariance = torch.cholesky_inverse(root)
        return covariance @ scaled.T, covariance, self.noise.log().sum() + 2 * root.diagonal().log().sum()

    def log_likelihood(self) -> float:
        """−½ [D log 2π + log det C + tr C⁻¹ S], which is the ELBO where q is the exact posterior."""
        back, _, log_det = self._projection()
        whitened = (self.moment.diagonal() / self.noise).sum()
        kept = ((self.loadings / self.noise[:, None]).T * (back @ self.moment)).sum()  # tr Ψ⁻¹ W B S
        return float(-0.5 * (len(self.moment) * LOG_2PI + log_det + whitened - kept))

    def step(self) -> Self:
        """One E step and one M step."""
        back, covariance, _ = self._projection()
        seen = back @ self.moment  # B S, (K, D)
        self.loadings = torch.linalg.solve(covariance + seen @ back.T, seen).T
        if not self.fixed:
            left = self.moment.diagonal() - (self.loadings * seen.T).sum(1)
            left = left.mean().expand_as(left) if self.shared else left
            self.noise = left.clamp_min(max(self.floor, 1e-8) ** 2)
        self.iterations += 1
        return self

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Means (N, K) and the covariance (K, K) of p(z | x)."""
        back, covariance, _ = self._projection()
        return (x.double() - self.mean) @ back.T, covariance


class GaussianMixtureEM:
    """x ~ Σ_c π_c N(m_c, diag v_c). E: r_ic ∝ π_c N(x_i; m_c, v_c). M: π, m and v are averages weighted by r.

    Args:
        x: the data, (N, D).
        means: the initial m, (C, D).
        floor: the smallest standard deviation: at 0 the likelihood is unbounded, as a component shrinks to one data point.
    """

    def __init__(self, x: Tensor, means: Tensor, floor: float = 1e-3) -> None:
        self.x, self.means, self.floor = x.double(), means.double().clone(), floor
        self.variances = self.x.var(0, correction=0).expand_as(self.means).clone()  # (C, D)
        self.weights = self.x.new_full((len(means),), 1 / len(means))
        self.iterations = 0

    def _log_joint(self) -> Tensor:
        """log π_c N(x_i; m_c, v_c): (N, C)."""
        off = (self.x[:, None] - self.means).square() / self.variances  # (N, C, D)
        return self.weights.log() - 0.5 * (off + self.variances.log() + LOG_2PI).sum(-1)

    def log_likelihood(self) -> float:
        """The average of log p(x_i), which is the ELBO where q(c_i) = r_i."""
        return float(self._log_joint().logsumexp(1).mean())

    def responsibilities(self) -> Tensor:
        """p(c | x_i): (N, C)."""
        return self._log_joint().softmax(1)

    def step(self) -> Self:
        """One E step and one M step; a component that no data point belongs to stays where it is."""
        share = self.responsibilities()
        held = share.sum(0)  # (C,)
        alive = held > 1e-9
        own = held.clamp_min(1e-9)[:, None]
        means = share.T @ self.x / own
        spread = share.T @ self.x.square() / own - means.square()
        self.means = torch.where(alive[:, None], means, self.means)
        self.variances = torch.where(alive[:, None], spread.clamp_min(self.floor**2), self.variances)
        self.weights = (held / held.sum()).clamp_min(1e-300)
        self.iterations += 1
        return self
