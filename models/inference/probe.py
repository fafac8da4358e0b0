"""Probe: every estimator at the same frozen parameters with the same noise: variance ± error, signal-to-noise, ξ*, ρ², cost.

tr Var(ĝ) is estimated from R independent replicates of ĝ = (1/B) Σ_b G_b, each a whole estimate made by `estimate`, the very code
that trains. Its Monte Carlo error comes from the spread of the R squared distances, so heavy tails widen the band by themselves.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.core import Batch, Model
from models.estimators import Estimator, NotApplicableError
from models.inference.estimate import Estimate, estimate
from models.inference.noise import draw_noise
from models.inference.objective import ELBO, Objective
from models.variational import Posterior


@dataclass(frozen=True)
class Report:
    """What a probe found of one estimator at one B. Variances are in nats² per unit of ν², summed over ν, averaged over the data."""

    estimator: str
    draws: int  # B
    replicates: int  # R
    variance: float
    error: float  # standard error of `variance`
    signal_to_noise: float  # ‖mean ĝ‖ / √variance, both averaged over the data
    mean: Tensor  # (M, n_params, K), the mean of ĝ over replicates
    mean_error: Tensor  # (M, n_params, K), its standard error
    parameter_variance: Tensor  # (n_params, K), averaged over the data
    evaluations: int  # of log p for one datum and one ĝ
    seconds: float

    def bias(self, reference: Tensor) -> tuple[Tensor, Tensor]:
        """(mean − reference, its standard error), each (M, n_params, K); `reference` is an exact or long-run gradient."""
        return self.mean - reference, self.mean_error


@contextmanager
def frozen(*modules: object) -> Iterator[None]:
    """Parameters stand still and collect no gradient, so a probe cannot touch the run it looks at."""
    parameters = [
        p for module in modules if isinstance(module, nn.Module) for p in module.parameters() if p.requires_grad
    ]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def summarize(gradients: Tensor, name: str, draws: int, evaluations: int, seconds: float) -> Report:
    """A report from R replicates of ĝ, (R, M, n_params, K)."""
    count = len(gradients)
    mean = gradients.mean(0)
    squared = (gradients - mean).square() * count / (count - 1)  # (R, M, n_params, K)
    distance = squared.flatten(2).sum(-1).mean(-1)  # (R,)
    variance = float(distance.mean())
    signal = float((mean.square().flatten(1).sum(-1).mean() - variance / count).clamp_min(0).sqrt())
    return Report(
        estimator=name,
        draws=draws,
        replicates=count,
        variance=variance,
        error=float(distance.std()) / count**0.5,
        signal_to_noise=signal / max(variance, 1e-30) ** 0.5,
        mean=mean,
        mean_error=(squared.mean(0) / count).sqrt(),
        parameter_variance=squared.mean((0, 1)),
        evaluations=evaluations,
        seconds=seconds,
    )


def probe(
    model: Model,
    q: Posterior,
    estimators: Mapping[str, Estimator],
    batch: Batch,
    draws: int,
    replicates: int,
    generator: torch.Generator,
    *,
    site: str = "z",
    rao_blackwell: str = "plate",
    noise_kind: str = "iid",
    objective: Objective = ELBO,
) -> dict[str, Report]:
    """Every estimator that applies at B = draws, on the same ν and the same noise; those that do not apply are left out.

    Args:
        model: the log joint as factors.
        q: the variational factors; nothing in them changes.
        estimators: by the name the report is to carry. All sites take the same one.
        batch: the data at which ν is looked at.
        draws: B.
        replicates: R ≥ 2.
        generator: a generator of the probe's own, so the run's stream stays untouched.
        site: the site whose ν's gradient is measured.
        rao_blackwell: a name in `RAO_BLACKWELL`.
        noise_kind: a name in `NOISES`; every variance here is across replicates, so it holds for dependent draws too.
        objective: β and free bits of the gradient that is measured.
    """
    if replicates < 2:
        raise ValueError(f"A variance needs at least 2 replicates, R was {replicates}. Raise R; 32 is usual.")
    reports = {}
    with frozen(model, q):
        dtype = q.nu(model.sites[site], batch).dtype
        noise = draw_noise(model, batch, replicates, draws, generator, dtype, noise_kind)
        for name, estimator in estimators.items():
            same = dict.fromkeys(model.sites, estimator)
            memory: dict[str, dict[str, Tensor]] = {}

            def made(
                repeats: int,
                noise: Mapping[str, Tensor] | None,
                parts: Mapping[str, Estimator] = same,
                kept: dict[str, dict[str, Tensor]] = memory,
            ) -> Estimate:
                return estimate(
                    model, q, parts, batch, draws, generator, replicates=repeats, noise=noise,
                    rao_blackwell=rao_blackwell, noise_kind=noise_kind, memory=kept, objective=objective,
                )  # fmt: skip

            try:
                for _ in range(estimator.warm_up):
                    made(1, None)
                start = time.perf_counter()
                found = made(replicates, noise)
            except NotApplicableError:
                continue
            gradients = found.draw_gradients(model.sites[site]).mean(1)  # (R, M, n_params, K)
            evaluations = estimator.evaluations(draws, model.sites[site].shape[0])
            reports[name] = summarize(gradients, name, draws, evaluations, time.perf_counter() - start)
    return reports


def control_variate(
    model: Model, q: Posterior, batch: Batch, draws: int, generator: torch.Generator, site: str = "z"
) -> tuple[Tensor, Tensor]:
    """(ξ*, ρ²) of each datum, (M,): ξ* = tr Cov(f s, s)/tr Var(s), and (1 − ρ²) the best factor on the score's variance."""
    from models.estimators import Score

    with frozen(model, q):
        found = estimate(model, q, dict.fromkeys(model.sites, Score()), batch, draws, generator)
        g = found.draw_gradients(model.sites[site])[0].flatten(2)  # (B, M, P)
        draw = found.draws[site]
        h = draw.family.score(draw.value, draw.nu)[0].flatten(2)  # (B, M, P)
    g, h = g - g.mean(0), h - h.mean(0)
    covariance, var_g, var_h = (g * h).sum((0, 2)), g.square().sum((0, 2)), h.square().sum((0, 2))
    return covariance / var_h, covariance.square() / (var_g * var_h)
