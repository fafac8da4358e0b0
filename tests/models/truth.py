"""Distances from the truth, in standard errors: the checks that the estimators must pass and the mutants must not."""

from collections.abc import Mapping

import torch
from torch import Tensor

from models.core import Model
from models.estimators import ESTIMATORS, XI_SOURCES, Estimator, ScoreXi
from models.inference.estimate import estimate
from tests.models.problems import Problem

LIMIT = 4.0  # standard errors
REPLICATES = 20_000


def every(estimator: Estimator, model: Model) -> dict[str, Estimator]:
    """One estimator for all the sites."""
    return dict.fromkeys(model.sites, estimator)


def unbiased_estimators() -> dict[str, Estimator]:
    """Every listed estimator with every ξ source that leaves its mean alone."""
    found: dict[str, Estimator] = {}
    for name, part in ESTIMATORS.items():
        if issubclass(part, ScoreXi):
            found |= {f"{name}-{source}": part(xi_from=source) for source in XI_SOURCES if source != "same_draws"}
        else:
            found[name] = part()
    return found


def gradients(
    problem: Problem,
    estimators: Mapping[str, Estimator],
    draws: int,
    level: str,
    seed: int = 0,
    replicates: int = REPLICATES,
) -> dict[str, Tensor]:
    """R replicates of ĝ of every site: (R, M or 1, n_params, K)."""
    generator = torch.Generator().manual_seed(seed)
    found = estimate(
        problem.model,
        problem.q,
        estimators,
        problem.batch,
        draws,
        generator,
        replicates=replicates,
        rao_blackwell=level,
    )
    problem.q.zero_grad()
    return {name: found.draw_gradients(site).mean(1) for name, site in problem.model.sites.items()}


def distance(samples: Tensor, exact: Tensor) -> Tensor:
    """(mean − exact) / standard error, coordinate by coordinate; a constant sample may differ by rounding only."""
    error = samples.std(0) / len(samples) ** 0.5
    return (samples.mean(0) - exact) / error.clamp_min(1e-12 * (1 + exact.abs()))


def bias_in_errors(
    problem: Problem, estimators: Mapping[str, Estimator], draws: int, level: str = "plate", seed: int = 0
) -> float:
    """The largest |z| over all coordinates of all sites."""
    found = gradients(problem, estimators, draws, level, seed)
    return max(float(distance(found[name], problem.exact[name]).abs().max()) for name in found)


def assert_unbiased(
    problem: Problem, estimators: Mapping[str, Estimator], draws: int, level: str = "plate", seed: int = 0
) -> None:
    """The mean of ĝ lies within `LIMIT` standard errors of the exact gradient, in every coordinate."""
    worst = bias_in_errors(problem, estimators, draws, level, seed)
    assert worst < LIMIT, f"a coordinate is {worst:.1f} standard errors from the exact gradient"
