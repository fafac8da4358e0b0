"""A sigmoid belief network against Pyro: `python -m tests.benchmarks.sigmoid_belief` prints time a step and gradient variance.

Ours is leave-one-out on the Markov blanket through `estimate`, Pyro's is `TraceGraph_ELBO`: same network (16 → 32 → 64 units, binarised
digits), same minibatch, B = 8, one process. The clock counts CPU time of whole training steps, interleaved, one thread. The variance is
tr Var(ĝ) of a data point's ν at the same parameters; Pyro's baselines remember either shuffled minibatches, as in training, or the very
minibatch that is looked at, over and over, which training never gives them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from itertools import cycle
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from elbo_room.models.estimators import LeaveOneOut
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.probe import Moments, frozen, moments
from elbo_room.models.training.run import Run
from tests.benchmarks._belief_network import binary_digits, make_run, trained
from tests.benchmarks._interleaved import medians

if TYPE_CHECKING:
    from tests.benchmarks._pyro_belief_network import Pyro

STEPS, ROUNDS, REPLICATES, STILL, GOAL = 300, 10, 200, 1e-5, 10
PAST = {
    False: 60,
    True: 200,
}  # steps that a baseline learns from before its variance is looked at: decaying average; with a network
MISSING = "This benchmark compares with Pyro, which is not installed; `python lab bench sigmoid_belief` installs it."
OURS = "leave-one-out, Markov blanket"


def times(run: Run, others: dict[str, Pyro]) -> dict[str, float]:
    """CPU milliseconds of a step: ours, and each of Pyro's with and without its checks; all see the same minibatches."""
    ours = make_run(run.data, replace(run.settings, step_size=STILL))
    ours.load_tensors(run.tensors(), run.number)
    generator = torch.Generator().manual_seed(1)
    batches = [torch.randperm(run.data.size, generator=generator)[: run.settings.batch_size] for _ in range(200)]

    def each(step: Callable[[Tensor], object]) -> Callable[[], object]:
        rows = cycle(batches)
        return lambda: step(next(rows))

    def our_step(rows: Tensor) -> None:
        ours.order = rows  # the run takes its next minibatch from here
        next(ours)

    works = {OURS: each(our_step)}
    for label, other in others.items():
        works[f"{label}/plain"] = each(lambda rows, other=other: other.step(rows))
        works[f"{label}/checked"] = each(lambda rows, other=other: other.step(rows, checked=True))
    return medians(works, ROUNDS)


def our_gradients(run: Run, rows: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """ĝ of each data point by site (R, M, 1, K), and the ELBO per data point (R,), from separate calls of `estimate`, as in training."""
    generator, parts = torch.Generator().manual_seed(2), dict.fromkeys(run.model.sites, LeaveOneOut())
    found, elbos, settings = {site: [] for site in parts}, [], run.settings
    with frozen(run.model, run.q):
        for _ in range(REPLICATES):
            made = estimate(
                run.model, run.q, parts, run.data.batch(rows), settings.draws, generator,
                rao_blackwell=settings.rao_blackwell,
            )  # fmt: skip
            elbos.append(float(made.elbo))
            for name, site in run.model.sites.items():
                found[name].append(made.draw_gradients(site).mean((0, 1)))
    return {site: torch.stack(each) for site, each in found.items()}, torch.tensor(elbos)


def report(label: str, gradients: dict[str, Tensor], elbos: Tensor, ours: Moments | None) -> Moments:
    """Print one row of the second table; the last column is ≈ 1 when both means agree within their errors."""
    by_site = {site: moments(each.unsqueeze(1)) for site, each in gradients.items()}
    both = moments(torch.cat(list(gradients.values()), -1).unsqueeze(1))
    error = float(elbos.std()) / len(elbos) ** 0.5
    cells = " | ".join(f"{by_site[site].variance:.3g} ± {by_site[site].error:.1g}" for site in ("top", "low"))
    ratio, agree = "1×", ""
    if ours is not None:
        ratio = f"{both.variance / ours.variance:.3g}×"
        apart = both.mean - ours.mean
        spread = (both.mean_error.square() + ours.mean_error.square()).clamp_min(1e-20)
        agree = f"{float((apart.square() / spread).mean().sqrt()):.2f}"
    print(
        f"| {label} | {cells} | {both.variance:.3g} | {ratio} | {elbos.mean():.2f} ± {error:.2f} | {agree} |",
        flush=True,
    )
    return both


def speed(run: Run, others: dict[str, Pyro]) -> None:
    """Print the first table."""
    spent = times(run, others)
    base = spent[OURS]
    print(
        f"\n| B = 8, M = {run.settings.batch_size} | ms a step | ratio | without Pyro's checks | ratio |\n|---|--:|--:|--:|--:|"
    )
    print(f"| {OURS} | {base:.2f} | 1× | | |")
    for label in others:
        checked, plain = spent[f"{label}/checked"], spent[f"{label}/plain"]
        print(f"| {label} | {checked:.1f} | {checked / base:.1f}× | {plain:.1f} | {plain / base:.1f}× |")
    for word, kind in (("as it comes", "checked"), ("without its checks", "plain")):
        least = min(spent[f"{label}/{kind}"] for label in others) / base
        print(f"\nPyro's fastest {word}: {least:.1f}×, goal {GOAL}×: {'met' if least >= GOAL else 'MISSED'}.")


def variance(run: Run, others: dict[str, Pyro]) -> None:
    """Print the second table."""
    rows = torch.arange(run.settings.batch_size)
    print(f"\nR = {REPLICATES}\n\n| tr Var(ĝ) | top | low | both | ratio | ELBO, nats | distance of means, errors |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    ours = report(OURS, *our_gradients(run, rows), None)
    generator = torch.Generator().manual_seed(3)
    for label, other in others.items():
        if other.kind.key == "loop":
            continue  # the vectorised estimator, drawn one by one
        past = PAST[other.kind.neural] if other.kind.average else 0
        for _ in range(past):
            other.step(torch.randperm(run.data.size, generator=generator)[: len(rows)])
        report(label, *other.gradients(rows, REPLICATES, keep_average=True), ours)
        if past and other.kind.vectorized:
            for _ in range(past):
                other.step(rows)
            report(f"{label}, one minibatch", *other.gradients(rows, REPLICATES, keep_average=False), ours)


def main() -> None:
    """Print both tables; the words `speed` or `variance` ask for one of them."""
    if find_spec("pyro") is None:
        raise SystemExit(MISSING)
    from tests.benchmarks._pyro_belief_network import KINDS, Pyro

    torch.set_num_threads(1)
    torch.manual_seed(4)  # Pyro draws from the global generator
    asked = sys.argv[1:] or ["speed", "variance"]
    run = trained(binary_digits(), STEPS)
    for name, job in {"speed": speed, "variance": variance}.items():
        if name in asked:
            job(run, {kind.label: Pyro(kind, run, STILL if name == "speed" else 0.0) for kind in KINDS})


if __name__ == "__main__":
    main()
