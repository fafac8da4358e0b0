"""log p(x) of the arm's own process, p(x) = ∫ U(q) N(x; f(q), s² I) dq over the joint angles q, by importance sampling.

The proposal is Laplace's: N(q̂, (JᵀJ/s² + I/2)⁻¹ · 1.2²) with q̂ by Gauss-Newton from the true angles and J = ∂f/∂q by central
differences. No model of x can have more on average: it is the end of the table's scale.
"""

import math

import numpy as np

from elbo_room.models.data.robot_arm import HELD_OUT, LIMITS, NOISE, UNIT, Array, _angles, poses, robot_arm

DRAWS, STEPS, NUDGE, WIDER = 400, 8, 1e-5, 1.2


def _jacobian(angles: Array) -> Array:
    """∂f/∂q: (N, 15, 5)."""
    steps = NUDGE * np.eye(5)
    both = [(poses(angles + step) - poses(angles - step)).reshape(len(angles), 15) for step in steps]
    return np.stack(both, -1) / (2 * NUDGE)


def _found(x: Array, angles: Array) -> Array:
    """q̂ between the limits, from a first guess."""
    low, high = np.radians(LIMITS).T
    for _ in range(STEPS):
        slope = _jacobian(angles)
        square = np.einsum("nij,nik->njk", slope, slope) + 1e-9 * np.eye(5)
        way = np.einsum("nij,ni->nj", slope, x - poses(angles).reshape(len(x), 15))
        angles = np.clip(angles + 0.8 * np.linalg.solve(square, way[..., None])[..., 0], low, high)
    return angles


def log_density() -> Array:
    """Nats per metre¹⁵ of every held-out pose: (1000,)."""
    test = robot_arm().test
    assert test is not None
    x, (low, high) = UNIT * test.x.double().numpy(), np.radians(LIMITS).T
    center = _found(x, _angles()[-HELD_OUT:])
    slope = _jacobian(center)
    precision = np.einsum("nij,nik->njk", slope, slope) / NOISE**2 + np.eye(5) / 2
    root = WIDER * np.linalg.cholesky(np.linalg.inv(precision))
    volume = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
    prior = -np.log(high - low).sum() - 15 * math.log(NOISE) - 7.5 * math.log(2 * math.pi)
    generator, weights = np.random.default_rng(0), []
    for _ in range(DRAWS):
        noise = generator.normal(size=(len(x), 5))
        q = center + np.einsum("nij,nj->ni", root, noise)
        miss = (x - poses(q).reshape(len(x), 15)) / NOISE
        proposal = -0.5 * (noise**2).sum(1) - 2.5 * math.log(2 * math.pi) - volume
        inside = ((q > low) & (q < high)).all(1)
        weights.append(np.where(inside, prior - 0.5 * (miss**2).sum(1) - proposal, -np.inf))
    return np.asarray(np.logaddexp.reduce(np.stack(weights)) - math.log(DRAWS))
