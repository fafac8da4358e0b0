"""Probe: every estimator at the same frozen parameters with the same noise: variance in [low, high], bias, signal-to-noise, ξ*, ρ², cost.

tr Var(ĝ) is estimated from R independent replicates of ĝ = (1/B) Σ_b G_b, each a whole estimate made by `estimate`, the same code
that trains.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Model, shown
from elbo_room.models.data.dataset import as_batch
from elbo_room.models.estimators import Estimator, NotApplicableError
from elbo_room.models.inference.boundary import check_call, check_generator, check_model, check_posterior, check_probed
from elbo_room.models.inference.estimate import Estimate, estimate
from elbo_room.models.inference.make_estimator import BySite, Chosen, compared_estimators
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.inference.objective import ELBO, Objective
from elbo_room.models.inference.reference import exact, long_run
from elbo_room.models.inference.surrogate_context import estimators_by_site
from elbo_room.models.probing.report import Moments, Reference, Report, Reports, moments, weight_of
from elbo_room.models.variational import Posterior

ENOUGH = 0.3  # seconds of timing: one run is enough for a slow estimate

__all__ = [
    "Moments",
    "Reference",
    "Report",
    "control_variate",
    "exact",
    "frozen",
    "long_run",
    "probe",
    "seconds_of",
]


@contextmanager
def frozen(*modules: object) -> Iterator[None]:
    """Freeze parameters: they do not move or collect gradients, so a probe cannot affect the run it measures."""
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


def probe(
    model: Model,
    q: Posterior,
    estimators: Chosen | Sequence[Chosen] | Mapping[str, Chosen | BySite],
    batch: Batch | object,
    draws: int = 4,
    replicates: int = 32,
    generator: torch.Generator | None = None,
    *,
    site: str | None = None,
    rao_blackwell: str = "plate",
    noise_kind: str = "iid",
    reference: str | Reference | None = None,
    objective: Objective = ELBO,
    chunk: int | None = None,
) -> Reports:
    """A report for every estimator that applies at B = draws, on the same ν and the same noise, and why the others do not.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel"})
    >>> found = er.probe(run.model, run.q, ["leave_one_out", "path_only", "arm"], run.data)
    >>> list(found), found["path_only"].variance < found["leave_one_out"].variance
    (['leave_one_out', 'path_only'], True)
    >>> list(found.not_applicable)
    ['arm']

    Args:
        model: the log joint as factors.
        q: the variational factors; nothing in them changes.
        estimators: one, a list, or a dict by the name of the report; each is the name, the class or an instance of
            an estimator for all sites or, inside a dict, also a dict with one per site.
        batch: the data for the local ν: a batch, or all rows of a data set or an array.
        draws: B.
        replicates: R ≥ 2.
        generator: the probe's own generator, so that the run's stream stays untouched. None: one with seed 0.
        site: the site that a report's attributes describe; every site is measured. None: the first local one, else the first.
        rao_blackwell: a name in `RAO_BLACKWELL`.
        noise_kind: a name in `NOISES`; every variance here is across replicates, so dependent draws are handled correctly.
        reference: the gradient that bias is measured against: "exact" (small models), "long", or an existing Reference.
        objective: β and free bits of the measured gradient.
        chunk: how many replicates are drawn at a time, which bounds the memory; None: all R at once.

    Raises:
        ValueError: fewer than two replicates, an unknown reference, or no exact gradient for this model; or the model, q or
            another argument is invalid (`boundary`).
        NotApplicableError: no estimator applies; the message has each one's reason.
    """
    check_model(model)
    check_posterior(model, q)
    batch = as_batch(batch)
    check_call(batch, draws, replicates, rao_blackwell, noise_kind)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    check_generator(generator)
    check_probed(model.sites, site, objective, chunk)
    compared = compared_estimators(model, estimators)
    if replicates < 2:
        raise ValueError(f"A variance needs at least 2 replicates, R was {replicates}. Raise R; 32 is usual.")
    first = next((name for name, each in model.sites.items() if each.plate == "local"), next(iter(model.sites)))
    site, reports, reasons = site or first, dict[str, Report](), dict[str, str]()
    weights = {name: weight_of(each, batch.total) for name, each in model.sites.items()}
    with frozen(model, q):
        against = _reference(reference, model, q, batch, generator)
        dtype = q.nu(model.sites[site], batch).dtype
        noise = draw_noise(model, batch, replicates, draws, generator, dtype, noise_kind)
        for name, chosen in compared.items():
            if isinstance(chosen, Estimator) and (reason := chosen.supports(model.sites[site].family, draws)):
                reasons[name] = reason  # otherwise another would replace it at this site and be measured under its name
                continue
            same = (
                estimators_by_site(model, chosen, draws) | {site: chosen} if isinstance(chosen, Estimator) else chosen
            )
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
                for _ in range(max(part.warm_up for part in same.values())):
                    made(1, None)
                start = time.perf_counter()
                by_site = _moments(model, made, noise, replicates, chunk or replicates, memory)
            except NotApplicableError as error:
                reasons[name] = str(error)
                continue
            seconds = (time.perf_counter() - start) / replicates
            reports[name] = Report(
                name, draws, replicates, site, by_site, weights, evaluations(model, same, draws), seconds, against,
                biased=not all(part.unbiased for part in same.values()),
                bound=next(iter(same.values())).bound,
            )  # fmt: skip
    if not reports:
        raise NotApplicableError(
            "No estimator applies here. " + " ".join(f"{name}: {why}" for name, why in reasons.items())
        )
    return Reports(reports, reasons)


def _moments(
    model: Model,
    made: Callable[..., Estimate],
    noise: Mapping[str, Tensor],
    replicates: int,
    chunk: int,
    memory: Mapping[str, Mapping[str, Tensor]],
) -> dict[str, Moments]:
    """The moments of R replicates, drawn `chunk` at a time; each starts from the same memory."""
    found: dict[str, list[Tensor]] = {name: [] for name in model.sites}
    for start in range(0, replicates, chunk):
        part = {name: each[start : start + chunk] for name, each in noise.items()}
        one = made(min(chunk, replicates - start), part, kept={name: dict(each) for name, each in memory.items()})
        for name, site in model.sites.items():
            found[name].append(one.draw_gradients(site))  # (chunk, B, M, n_params, K)
    return {name: moments(_joined(found.pop(name))) for name in model.sites}


def _joined(parts: list[Tensor]) -> Tensor:
    """The parts in one; they are gone from the list afterwards, for together they may be most of a probe's memory."""
    whole = torch.cat(parts)
    parts.clear()
    return whole


def evaluations(model: Model, estimators: Mapping[str, Estimator], draws: int) -> int:
    """Evaluations of log p for one data point and one ĝ: the B draws that all sites share, plus what each site needs in addition."""
    extra = sum(
        estimators[name].evaluations(draws, math.prod(site.shape)) - draws for name, site in model.sites.items()
    )
    return draws + extra


def _reference(
    asked: str | Reference | None, model: Model, q: Posterior, batch: Batch, generator: torch.Generator
) -> Reference | None:
    if asked is None or isinstance(asked, Reference):
        return asked
    if not isinstance(asked, str):
        raise ValueError(f"The reference was {shown(asked)}; choose 'exact', 'long', or an existing Reference.")
    if asked == "exact":
        return exact(model, q, batch)
    if asked == "long":
        return long_run(model, q, batch, torch.Generator().manual_seed(generator.initial_seed() + 1))
    raise ValueError(f"The reference was {shown(asked)}; choose 'exact', 'long', or an existing Reference.")


def seconds_of(
    model: Model,
    q: Posterior,
    estimators: Mapping[str, Estimator],
    batch: Batch,
    draws: int,
    *,
    rao_blackwell: str = "plate",
    noise_kind: str = "iid",
    repeats: int = 5,
) -> float:
    """Seconds of one training estimate, R = 1: the minimum of a few, which is the time without interference from other processes.

    The run's generator and gradients stay untouched; the encoder and decoder are frozen, so their gradients are not timed.
    """
    generator, memory = torch.Generator().manual_seed(0), dict[str, dict[str, Tensor]]()
    times = []
    with frozen(model, q):
        for _ in range(repeats):
            start = time.perf_counter()
            estimate(
                model, q, estimators, batch, draws, generator, rao_blackwell=rao_blackwell, noise_kind=noise_kind, memory=memory
            )  # fmt: skip
            times.append(time.perf_counter() - start)
            if sum(times) > ENOUGH:
                break
    return min(times)


def control_variate(
    model: Model, q: Posterior, batch: Batch, draws: int, generator: torch.Generator, site: str = "z"
) -> tuple[Tensor, Tensor]:
    """(ξ*, ρ²) of each data point, (M,): ξ* = tr Cov(f s, s)/tr Var(s), and (1 − ρ²) the best factor on the score's variance."""
    from elbo_room.models.estimators import Score

    with frozen(model, q):
        found = estimate(model, q, dict.fromkeys(model.sites, Score()), batch, draws, generator)
        g = found.draw_gradients(model.sites[site])[0].flatten(2)  # (B, M, P)
        draw = found.draws[site]
        h = draw.family.score(draw.value, draw.nu)[0].flatten(2)  # (B, M, P)
    g, h = g - g.mean(0), h - h.mean(0)
    covariance, var_g, var_h = (g * h).sum((0, 2)), g.square().sum((0, 2)), h.square().sum((0, 2))
    return covariance / var_h, covariance.square() / (var_g * var_h)
