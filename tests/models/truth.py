"""Distances from the truth, in standard errors: the checks that the estimators must pass and the mutants must not."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from elbo_room.models.core import Model
from elbo_room.models.estimators import ESTIMATORS, XI_SOURCES, Estimator, NotApplicableError, ScoreXi
from elbo_room.models.inference.estimate import estimate
from tests.models.bounds import weighted_gradient
from tests.models.problems import NU, Problem

LIMIT = 4.0  # standard errors
REPLICATES = 20_000
DEAR = frozenset(  # estimators of which so many replicates take seconds: these have a tenth, at one level of Rao-Blackwellisation
    {
        "carms",
        "categorical_rebar",
        "categorical_relax",
        "double_control_variates",
        "gumbel_rao",
        "loorf",
        "ovis",
        "quadratic_miller_full",
        "rodeo",
    }
)


def every(estimator: Estimator, model: Model) -> dict[str, Estimator]:
    """One estimator for all the sites."""
    return dict.fromkeys(model.sites, estimator)


def applies(problem: Problem, estimator: Estimator, draws: int, kind: str = "iid") -> bool:
    """Whether `estimate` takes the estimator for all the sites of this problem."""
    try:
        gradients(problem, every(estimator, problem.model), draws, "plate", replicates=1, kind=kind, warm=False)
    except NotApplicableError:
        return False
    return True


def truth_of(problem: Problem, estimators: Mapping[str, Estimator], draws: int) -> NU | None:
    """The exact gradient of the bound that they climb; None where it would need more than a million nodes."""
    weighted = any(estimator.bound == "iwae" for estimator in estimators.values())
    return weighted_gradient(problem, draws) if weighted and draws > 1 else problem.exact


def unbiased_estimators() -> dict[str, Estimator]:
    """Every listed estimator with every ξ source that leaves its mean alone."""
    found: dict[str, Estimator] = {}
    for name, part in ESTIMATORS.items():
        if not part.unbiased:
            continue
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
    kind: str = "iid",
    warm: bool = True,
) -> dict[str, Tensor]:
    """R replicates of ĝ of every site: (R, M or 1, n_params, K). Adaptive estimators look at a few draws before."""
    memory: dict[str, dict[str, Tensor]] = {}
    before = torch.Generator().manual_seed(seed + 1_000)
    for _ in range(max(estimator.warm_up for estimator in estimators.values()) if warm else 0):
        estimate(problem.model, problem.q, estimators, problem.batch, draws, before, rao_blackwell=level, memory=memory)
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
        noise_kind=kind,
        memory=memory,
    )
    problem.q.zero_grad()
    return {name: found.draw_gradients(site).mean(1) for name, site in problem.model.sites.items()}


def distance(samples: Tensor, exact: Tensor) -> Tensor:
    """(mean − exact) / standard error, coordinate by coordinate; a constant sample may differ by rounding only."""
    error = samples.std(0) / len(samples) ** 0.5
    return (samples.mean(0) - exact) / error.clamp_min(1e-12 * (1 + exact.abs()))


def variance_distance(samples: Tensor, exact: Tensor) -> Tensor:
    """(s² − exact) / standard error, coordinate by coordinate, with the standard error √((m₄ − s⁴)/R) of a variance."""
    square = (samples - samples.mean(0)).square()
    error = square.std(0) / len(samples) ** 0.5
    return (square.mean(0) - exact) / error.clamp_min(1e-12 * (1 + exact.abs()))


def batch_means(measure: Callable[[int], float], batches: int = 20) -> Tensor:
    """Independent repetitions of a mean, one a seed: their spread is its standard error, whatever it is a mean of. (batches, 1)."""
    return torch.tensor([[measure(seed)] for seed in range(1, batches + 1)], dtype=torch.float64)


def bias_in_errors(
    problem: Problem,
    estimators: Mapping[str, Estimator],
    draws: int,
    level: str = "plate",
    seed: int = 0,
    kind: str = "iid",
) -> float:
    """The largest |z| over all coordinates of all sites."""
    exact = truth_of(problem, estimators, draws)
    assert exact is not None, "no exact gradient of this bound is at hand"
    replicates = REPLICATES // 10 if {estimator.name for estimator in estimators.values()} & DEAR else REPLICATES
    found = gradients(problem, estimators, draws, level, seed, replicates, kind)
    return max(float(distance(found[name], exact[name]).abs().max()) for name in found)


def assert_unbiased(
    problem: Problem,
    estimators: Mapping[str, Estimator],
    draws: int,
    level: str = "plate",
    seed: int = 0,
    kind: str = "iid",
) -> None:
    """The mean of ĝ lies within `LIMIT` standard errors of the exact gradient, in every coordinate."""
    worst = bias_in_errors(problem, estimators, draws, level, seed, kind)
    assert worst < LIMIT, f"a coordinate is {worst:.1f} standard errors from the exact gradient"
