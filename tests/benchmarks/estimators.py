"""The cost and the variance of every estimator: `python -m tests.benchmarks.estimators` prints three Markdown tables.

Continuous ones on the default digits model after 300 steps, against reparameterisation; those that need discrete latents on a sigmoid
belief network, against leave-one-out; those of weights on a Bayesian network of a table, against reparameterisation. The cost is CPU
time of a whole training step, interleaved medians on one thread; the variance is tr Var(ĝ) by `probe` with the same parameters, data
and noise for all; their product is what a fixed budget of time pays for.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from elbo_room.models.conditional.settings import Settings as ConditionalSettings
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.inference.surrogate_context import refusal
from elbo_room.models.probing.probe import probe
from elbo_room.models.training.run import Run
from elbo_room.models.training.settings import InferenceSettings
from tests.benchmarks._belief_network import Chosen, binary_digits, make_run, trained
from tests.benchmarks._interleaved import medians

STEPS, ROUNDS, CHUNKS, REPLICATES = 300, 12, 8, 32
WEIGHTS = ConditionalSettings(
    width=50, depth=1, data="diabetes", batch_size=128, draws=4, step_size=0.01, stop_at=100_000
)
STILL = 1e-5  # the step size while the clock runs: high-variance estimators stay where the others are


@dataclass(frozen=True)
class Variance:
    """tr Var(ĝ) of one estimator, its standard error, and the evaluations of log p for one data point and one ĝ, all sites together."""

    value: float
    error: float
    evaluations: int


def fits(run: Run, draws: int) -> set[str]:
    """The estimators that go with a run's model at B = draws."""
    return {
        n for n, part in ESTIMATORS.items() if not refusal(run.model, dict.fromkeys(run.model.sites, part()), draws)
    }


def variances(run: Run, names: list[str]) -> dict[str, Variance]:
    """By `probe` in chunks, which bounds the memory; summed over the sites, whose errors are added as if they went together."""
    settings, found = run.settings, {name: Variance(0.0, 0.0, run.settings.draws) for name in names}
    batch = run.data.batch(torch.arange(settings.batch_size))
    parts = {name: ESTIMATORS[name]() for name in names}
    for site in run.model.sites:
        squared, mean = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
        for chunk in range(CHUNKS):
            generator = torch.Generator().manual_seed(chunk)
            reports = probe(
                run.model, run.q, parts, batch, settings.draws, REPLICATES, generator,
                site=site, rao_blackwell=settings.rao_blackwell,
            )  # fmt: skip
            for name, report in reports.items():
                mean[name] += report.variance / CHUNKS
                squared[name] += (report.error / CHUNKS) ** 2
        for name, before in found.items():
            more = parts[name].evaluations(settings.draws, run.model.sites[site].shape[0]) - settings.draws
            evaluations = before.evaluations + more
            found[name] = Variance(before.value + mean[name], before.error + squared[name] ** 0.5, evaluations)
    return found


def costs(run: Run, names: list[str], make: Callable[[Settings], Chosen]) -> dict[str, float]:
    """CPU milliseconds of a training step with each, all from the parameters of `run`."""
    state, works = run.tensors(), {}
    for name in names:
        other = make(replace(run.settings, step_size=STILL))
        other.part = ESTIMATORS[name]()
        other.load_tensors(state, run.number)
        works[name] = lambda other=other: next(other)
    return medians(works, ROUNDS)


def remark(name: str) -> str:
    """A note for readers who compare this row."""
    part = ESTIMATORS[name]
    if part.bound != "elbo":
        return "climbs the importance-weighted bound"
    return "" if part.unbiased or "biased" in part.label else "biased"


def table(run: Run, names: list[str], reference: str, make: Callable[[Settings], Chosen]) -> None:
    """One row per estimator, the reference first."""
    names = [reference, *(name for name in names if name != reference)]
    found, spent = variances(run, names), costs(run, names, make)
    base = found[reference]
    print("| estimator | ms a step | time | evaluations | tr Var(ĝ) ± error | variance | variance × time | |")
    print("|---|--:|--:|--:|--:|--:|--:|---|")
    for name in names:
        it, time_ratio = found[name], spent[name] / spent[reference]
        ratio = it.value / base.value
        print(
            f"| {ESTIMATORS[name].label} | {spent[name]:.1f} | {time_ratio:.2f}× | {it.evaluations} "
            f"| {it.value:.3g} ± {it.error:.1g} | {ratio:.3g}× | {ratio * time_ratio:.3g}× | {remark(name)} |"
        )


def continuous() -> tuple[Run, list[str]]:
    """The default model after its first steps, and the estimators that go with it."""
    return begun(Settings(stop_at=100_000))


def begun(settings: InferenceSettings) -> tuple[Run, list[str]]:
    """A run of these settings after its first steps, and the estimators that go with it."""
    run = Run(settings)
    for _ in range(STEPS):
        next(run)
    allowed = fits(run, run.settings.draws)
    return run, [name for name in ESTIMATORS if name in allowed]


def main() -> None:
    """Print the tables; the words `continuous`, `discrete` or `weights` ask for one of them."""
    torch.set_num_threads(1)
    asked = sys.argv[1:] or ["continuous", "discrete", "weights"]
    run, names = continuous()
    size = f"B = {run.settings.draws}, M = {run.settings.batch_size}"
    if "continuous" in asked:
        print(f"\nDefault model on the digits, {size}, after {STEPS} steps; R = {CHUNKS * REPLICATES}\n")
        table(run, names, "reparameterization", Chosen)
    if "discrete" in asked:
        data = binary_digits()
        net = trained(data, STEPS)
        net.change(draws=run.settings.draws)
        allowed = fits(net, run.settings.draws) - set(names)
        print(
            f"\nSigmoid belief network 16-32-64, B = {run.settings.draws}, M = {net.settings.batch_size}, Markov blanket\n"
        )
        only = [name for name in ESTIMATORS if name in allowed]
        table(net, only, "leave_one_out", lambda settings: make_run(data, settings))
    if "weights" in asked:
        bayes, allowed = begun(WEIGHTS)
        layers = [name for name in allowed if ESTIMATORS[name].for_weights or ESTIMATORS[name].path]
        print(f"\nBayesian network 10-50-1 on diabetes, B = 4, M = {WEIGHTS.batch_size}, after {STEPS} steps\n")
        table(bayes, layers, "reparameterization", Chosen)


if __name__ == "__main__":
    main()
