"""Probabilistic PCA in closed form, z ~ N(0, I_K), x ~ N(β z + m, σ² I_D): the yardstick of every linear decoder.

With the sample covariance S = U Λ Uᵀ, l_1 ≥ … ≥ l_D, the maximum of the likelihood is (Tipping & Bishop 1999)
β = U_K (Λ_K − σ² I)^{1/2} R and σ² = mean of the D − K discarded l_i, for any rotation R. Here R = I: orthogonal
columns make the exact posterior diagonal, so a mean-field q loses nothing.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


def active(eigenvalues: Tensor, variance: float, beta: float = 1.0) -> Tensor:
    """Which directions an optimal latent dimension keeps, with weight β on the KL: l_i > β σ²; the others collapse."""
    return eigenvalues > beta * variance


@dataclass(frozen=True)
class ProbabilisticPCA:
    """A fitted model, in float64; nats per data point throughout."""

    mean: Tensor  # (D,), m
    loadings: Tensor  # (D, K), β; a collapsed column is zero
    variance: float  # σ²
    eigenvalues: Tensor  # (D,), l_1 ≥ … ≥ l_D

    @property
    def latent_size(self) -> int:
        """K."""
        return self.loadings.shape[1]

    def precision(self) -> Tensor:
        """M/σ² = (βᵀβ + σ² I)/σ², the posterior's precision: (K, K)."""
        inner = self.loadings.T @ self.loadings + self.variance * torch.eye(self.latent_size, dtype=torch.float64)
        return inner / self.variance

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """p(z | x) = N(M⁻¹ βᵀ (x − m), σ² M⁻¹): means (N, K) and the covariance (K, K) shared by all data points."""
        covariance = torch.linalg.inv(self.precision())
        return (x.double() - self.mean) @ self.loadings @ covariance / self.variance, covariance

    def log_likelihood(self, x: Tensor) -> Tensor:
        """log N(x; m, C) of every row, C = ββᵀ + σ² I, in O(NDK): C⁻¹ = (I − β M⁻¹ βᵀ)/σ², |C| = σ^{2(D−K)} |M|: (N,)."""
        features, size = self.loadings.shape
        off = x.double() - self.mean
        root = torch.linalg.cholesky(self.precision() * self.variance)  # of M, (K, K)
        kept = torch.linalg.solve_triangular(root, (off @ self.loadings).T, upper=False).square().sum(0)
        log_determinant = (features - size) * math.log(self.variance) + 2 * root.diagonal().log().sum()
        return -0.5 * (features * LOG_2PI + log_determinant + (off.square().sum(1) - kept) / self.variance)

    def average_log_likelihood(self, mean: Tensor, covariance: Tensor) -> float:
        """The log-likelihood per data point of data with this mean (D,) and covariance S (D, D), in O(D²K) and without the data.

        −½ [D log 2π + log|C| + tr C⁻¹(S + ddᵀ)], d = mean − m, and by Woodbury C⁻¹ = (I − β M⁻¹ βᵀ)/σ², |C| = σ^{2(D−K)} |M|.
        """
        features, size = self.loadings.shape
        inner = self.precision() * self.variance  # M, (K, K)
        off = mean.double() - self.mean
        around = covariance @ self.loadings + off[:, None] * (off @ self.loadings)  # (S + ddᵀ)β, (D, K)
        kept = torch.linalg.solve(inner, self.loadings.T @ around).diagonal().sum()
        trace = (covariance.diagonal().sum() + off.square().sum() - kept) / self.variance
        log_determinant = (features - size) * math.log(self.variance) + torch.linalg.slogdet(inner)[1]
        return float(-0.5 * (features * LOG_2PI + log_determinant + trace))

    def active(self) -> Tensor:
        """Which dimensions do not collapse: l_k > σ² (Lucas et al. 2019): (K,) bool."""
        return active(self.eigenvalues[: self.latent_size], self.variance)

    def divergence(self) -> Tensor:
        """The average KL between every dimension's posterior and its prior: ½ log(l_k/σ²) where active, else 0: (K,)."""
        return 0.5 * (self.eigenvalues[: self.latent_size] / self.variance).clamp_min(1).log()


def spectrum(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (D,), eigenvalues l_1 ≥ … ≥ l_D and eigenvectors (D, D) of S = Σ (x − m)(x − m)ᵀ/N, in float64."""
    rows = x.double()
    mean = rows.mean(0)
    values, vectors = torch.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
    return mean, values.flip(0).clamp_min(0), vectors.flip(1)


def fit(x: Tensor, latent_size: int, variance: float | None = None) -> ProbabilisticPCA:
    """The maximum of the likelihood in m, β and, unless it is passed, σ².

    Raises:
        ValueError: K leaves no dimension to estimate σ² from, or σ² is not positive.
    """
    mean, values, vectors = spectrum(x)
    features = len(values)
    if not 1 <= latent_size <= features or (variance is None and latent_size == features):
        raise ValueError(
            f"The latent size was {latent_size}; with {features} features it must be from 1 to "
            f"{features - (variance is None)}. Choose a smaller one, or pass the variance."
        )
    variance = float(values[latent_size:].mean()) if variance is None else variance
    if not variance > 0:
        raise ValueError(
            f"The response's variance was {variance:g}; it must be positive. "
            "Drop constant features, or choose a smaller latent size."
        )
    lengths = (values[:latent_size] - variance).clamp_min(0).sqrt()  # (K,)
    return ProbabilisticPCA(mean, vectors[:, :latent_size] * lengths, variance, values)


def best_elbo(eigenvalues: Tensor, latent_size: int, variance: float) -> float:
    """The largest ELBO per data point at a fixed σ², which equals the log-likelihood there.

    −½[D log 2π + Σ_active log l_i + (D − K_act) log σ² + K_act + Σ_rest l_i/σ²]; at the best σ² it is
    −½[D log 2π + Σ_{i≤K} log l_i + (D − K) log σ² + D].
    """
    kept = eigenvalues[:latent_size]
    kept = kept[active(kept, variance)]
    alive, features = len(kept), len(eigenvalues)
    rest = float(eigenvalues[alive:].sum()) / variance
    return -0.5 * (
        features * LOG_2PI + float(kept.log().sum()) + (features - alive) * math.log(variance) + alive + rest
    )


def subspace_angle(first: Tensor, second: Tensor) -> float:
    """The largest principal angle between the column spaces of two (D, K) matrices, in degrees."""
    bases = [torch.linalg.qr(each.double()).Q for each in (first, second)]
    cosine = torch.linalg.svdvals(bases[0].T @ bases[1]).min()
    return math.degrees(math.acos(min(float(cosine), 1.0)))
