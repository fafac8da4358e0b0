"""Planes of the latent space: two axes, or the plane of the first two principal components of the posterior means."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Plane:
    """z = at + u W: coordinates u (…, 2) of a plane through `at` (K,), along the orthonormal rows of W (2, K)."""

    at: Tensor
    along: Tensor

    def coordinates(self, z: Tensor) -> Tensor:
        """The coordinates of z (…, K) projected onto the plane: (…, 2)."""
        return (z - self.at) @ self.along.T

    def lift(self, u: Tensor) -> Tensor:
        """The z (…, K) at coordinates u (…, 2) of the plane."""
        return self.at + u @ self.along

    def through(self, z: Tensor) -> "Plane":
        """The same coordinates on the parallel plane through z (K,): the component orthogonal to the plane is z's."""
        return Plane(z - self.coordinates(z) @ self.along, self.along)

    def spread(self, scale: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The sd along both directions and their correlation, (M,) each, of a q with independent sd `scale` (M, K)."""
        variance = scale.square()
        first, second = (variance @ self.along.square().T).unbind(-1)
        both = variance @ (self.along[0] * self.along[1])
        sd = first.clamp_min(1e-24).sqrt(), second.clamp_min(1e-24).sqrt()
        return *sd, (both / (sd[0] * sd[1])).clamp(-1, 1)


def axes_plane(axes: tuple[int, int], size: int) -> Plane:
    """The plane of two axes through the prior's mean, 0; its coordinates are those of z."""
    return Plane(torch.zeros(size), torch.eye(size)[list(axes)])


def principal_plane(mean: Tensor, before: Plane | None = None) -> tuple[Plane, float]:
    """The plane of the first two principal components of the posterior means (M, K), and its share of their variance.

    The signs of eigenvectors are arbitrary, and two with nearly equal eigenvalues rotate freely: `before` keeps the orientation from
    frame to frame, W = R V with R = argmin ‖R V − W₀‖ over orthogonal matrices (Procrustes; Schönemann 1966). Without it V's
    own axes are used, the largest weight of each positive.
    """
    center = mean.mean(0)
    value, vector = torch.linalg.eigh((mean - center).T @ (mean - center) / len(mean))  # ascending
    along = vector[:, -2:].flip(-1).T  # (2, K)
    along = along * along.gather(1, along.abs().argmax(1, keepdim=True)).sign()
    if before is not None:
        u, _, vh = torch.linalg.svd(before.along @ along.T)
        along = u @ vh @ along
    return Plane(center, along), float(value[-2:].sum() / value.sum().clamp_min(1e-12))


@torch.no_grad()
def magnification(decode: Callable[[Tensor], Tensor], at: Tensor, along: Tensor, step: float = 0.01) -> Tensor:
    """√det(W JᵀJ Wᵀ) at points (n, K): by how much J = ∂E[x|z]/∂z enlarges areas of the plane W (2, K) (Bishop et al. 1997).

    J by central differences of `step`, so any decoder works.
    """
    first, second = ((decode(at + step * way) - decode(at - step * way)) / (2 * step) for way in along)  # (n, D)
    area = first.square().sum(-1) * second.square().sum(-1) - (first * second).sum(-1).square()
    return area.clamp_min(0).sqrt()
