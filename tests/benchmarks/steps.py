"""How many steps a second? `python -m tests.benchmarks.steps [ROUNDS]`: a run's step against plain torch written by hand, and Pyro.

The same model, minibatch, B and optimiser; CPU time of one thread in turns, so that a busy neighbour does not count. Printed: milliseconds
of our step, and ours per second over the others'.
"""

import sys
from collections.abc import Callable
from importlib.util import find_spec

import torch

import elbo_room as er
from tests.benchmarks import _by_hand
from tests.benchmarks._interleaved import medians

ROUNDS, WARM, RATE = 20, 300, 0.005
BASE = {"model": "conditional", "stop_at": 100_000, "batch_size": 500, "step_size": RATE}


def works() -> dict[str, dict[str, Callable[[], object]]]:
    """For each model, the step of each implementation."""
    generator = torch.Generator().manual_seed(0)
    x = 2 * torch.randn(500, 2, generator=generator)
    y = x[:, 0].sin() + 0.1 * torch.randn(500, generator=generator)
    one, two = er.Dataset(x[:, :1], y), er.Dataset(x, y)
    net = {**BASE, "width": 50, "depth": 1, "activation": "relu", "posterior": "mean_field", "draws": 8}
    small = {**BASE, "width": 16, "depth": 2, "activation": "tanh", "posterior": "point"}
    digits = er.run_from({"data": "digits", "batch_size": 128, "draws": 1, "stop_at": 100_000, "step_size": RATE})
    ours = {
        "digits generative model, minibatch 128": digits,
        "Bayesian net 1-50-1, N = 500, B = 8": er.run_from(net, one),
        "MAP net 2-16-16-1, N = 500": er.run_from(small, two),
        "Bayesian net, score with ξ*, B = 8": er.run_from({**net, "estimator": "score_xi"}, one),
    }
    first, second, third, _ = ours
    hand = {
        first: _by_hand.generative(digits.data.x, 128),
        second: _by_hand.bayesian(x[:, :1], y, [1, 50, 1], 8),
        third: _by_hand.point(x, y, [2, 16, 16, 1]),
    }
    found: dict[str, dict[str, Callable[[], object]]] = {
        name: {"ours": lambda run=run: next(run)} for name, run in ours.items()
    }
    for name, (parameters, loss) in hand.items():
        found[name]["torch by hand"] = _by_hand.step(parameters, loss, RATE)
    if find_spec("pyro") is not None:
        found[second]["Pyro"] = _by_hand.pyro_bayesian(x[:, :1], y, [1, 50, 1], 8, RATE)
    return found


def main(rounds: int = ROUNDS) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    for name, each in works().items():
        for _ in range(WARM if rounds == ROUNDS else 20):
            each["ours"]()
        found = medians(each, rounds)
        others = "  ".join(f"{found[other] / found['ours']:5.2f} × {other}" for other in found if other != "ours")
        print(f"{name:40s} {found['ours']:6.2f} ms  {others}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
