"""Sparse gamma DEFs: `python -m tests.benchmarks.gamma_def` prints perplexities on the King James chapters, and speed against Pyro.

Perplexity: a tenth of the chapters is held out; half of the tokens of each (a fair coin a token) are seen, the others predicted. The
unigram, exact coordinate ascent, Gibbs sampling and black box inference take the same split; the model is one Gamma layer of 10 units,
Gamma weights, Poisson counts. Black box inference fits the held-out chapters' own ν with q of the weights held fixed.

Speed: the model of Pyro's own example (three Gamma layers of 100, 40 and 15 units, shape .1, Gamma weights of shape .1 and mean 1/3,
Poisson counts) on 320 chapters, all rows a step, one draw; log-normal q against Pyro's `AutoNormal`, Gamma q against the guide that its
example writes by hand; CPU time of whole training steps, interleaved, one thread.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec

import torch

from elbo_room.models.data import EXPONENTIAL_DATA, from_array
from elbo_room.models.deep_exponential_family.experiments import (
    TOPICS,
    black_box,
    coordinate_ascent,
    sampled,
    split,
    unigram,
)
from elbo_room.models.exact.gamma_poisson import Prior
from elbo_room.models.training.run import Run

SIZE, SHAPE, SWEEPS, GOAL, TIMES = TOPICS.width_1, TOPICS.layer_shape, 200, 1.05, 10
EXAMPLE = replace(
    TOPICS, depth=3, width_1=15, width_2=40, width_3=100, layer_2="gamma", layer_3="gamma", layer_shape=0.1, weight_shape=0.1,
    prior_scale=1 / 3, batch_size=320, stop_at=100_000, step_size=0.01,
)  # fmt: skip
MISSING = "The speed part compares with Pyro, which is not installed; `python lab bench gamma_def` installs it."


def topics() -> None:
    """Print the first table."""
    parts, prior = split(EXPONENTIAL_DATA["king_james"].load().x), Prior(SHAPE, SHAPE, SHAPE, SHAPE)
    print("| King James, K = 10 | perplexity | ELBO, nats a chapter |\n|---|--:|--:|", flush=True)
    print(f"| unigram | {unigram(parts):.0f} | |", flush=True)
    exact, exact_elbo = coordinate_ascent(parts, prior, SIZE)
    print(f"| exact coordinate ascent, {SWEEPS} sweeps | {exact:.0f} | {exact_elbo:.1f} |", flush=True)
    print(f"| Gibbs sampling, 200 sweeps | {sampled(parts, prior, SIZE):.0f} | |", flush=True)
    found, elbo = black_box(parts, TOPICS)
    print(f"| black box, {TOPICS.stop_at} steps of {TOPICS.batch_size} chapters | {found:.0f} | {elbo:.1f} |")
    print(
        f"\nBlack box against exact: {found / exact:.3f}×, goal {GOAL}×: {'met' if found <= GOAL * exact else 'MISSED'}."
    )


def speed(rounds: int = 6) -> None:
    """Print the second table."""
    from tests.benchmarks._interleaved import medians
    from tests.benchmarks._pyro_gamma_def import KINDS, PyroDef

    x = EXPONENTIAL_DATA["king_james"].load().x[:320].contiguous()
    works = {}
    for family in ("log_normal", "gamma"):
        run = Run(replace(EXAMPLE, positive_family=family), from_array(x))
        works[f"ours, {family} q"] = lambda run=run: next(run)
    for kind in KINDS:
        works[kind] = PyroDef(kind, x).step
    spent = medians(works, rounds)
    base = spent["ours, log_normal q"]
    print("\n| Pyro's example model, 320 × 4559 counts | ms a step | ratio |\n|---|--:|--:|")
    for label, each in spent.items():
        print(f"| {label} | {each:.1f} | {each / base:.1f}× |")
    pairs = {
        "log-normal q, Pyro as it comes": (spent["Pyro, AutoNormal guide"] / base, TIMES),
        "log-normal q, without Pyro's checks": (spent["Pyro, AutoNormal guide, no checks"] / base, TIMES),
        "Gamma q": (spent["Pyro, custom Gamma guide"] / spent["ours, gamma q"], 1),
    }
    for label, (times, goal) in pairs.items():
        print(f"\n{label}: {times:.1f}× as long a step, goal {goal}×: {'met' if times >= goal else 'MISSED'}.")


def main() -> None:
    """Both tables."""
    torch.set_num_threads(1)
    topics()
    if find_spec("pyro") is None:
        print(MISSING)
        sys.exit(1)
    speed()


if __name__ == "__main__":
    main()
