"""Random settings: `python -m tests.benchmarks.settings [--seed S] [--count N] [--model NAME]` runs 150 for each model family.

Each makes five steps with pictures and panel B: a run, or one sentence. Settings that the rules refuse are counted and others drawn in
their place. What fails is printed with its settings; any failure ends with 1.
"""

import argparse
import json
import sys
from collections import Counter

from elbo_room.models.registry import MODELS
from tests.random_runs import runnable


def row(model: str, seed: int, count: int, *, every: bool) -> int:
    """Run the settings of one family and print what came of them; the number that failed."""
    ended, failed, longest, most = Counter[str](), 0, 0.0, 0
    for each, found in runnable(model, 1000 * seed, count):
        ended[found["ended"].split(":")[0]] += 1
        longest, most = max(longest, found["step"]), max(most, found["memory"])
        if every:
            print(
                f"{model} {each['seed']}: {found['ended']} ({found['cpu']:.1f} s, step {found['step']:.2f} s, "
                f"{found['memory'] / 2**20:.0f} MB)", flush=True,
            )  # fmt: skip
        if found["faults"]:
            failed += 1
            print(json.dumps({**found, **each}), flush=True)
    refused = ended.pop("refused", 0)
    how = ", ".join(f"{number} {name}" for name, number in ended.most_common())
    print(f"{model}: {sum(ended.values())} run ({how}), {refused} refused; {failed} with a fault. "
          f"Longest step {longest:.1f} s of CPU, most memory {most / 2**30:.2f} GB.", flush=True)  # fmt: skip
    return failed


def main(arguments: list[str]) -> None:
    """Run them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=150, help="runs of each family")
    parser.add_argument("--model", choices=list(MODELS), action="append")
    parser.add_argument("--all", action="store_true", help="print what came of each")
    wanted = parser.parse_args(arguments)
    failed = sum(row(model, wanted.seed, wanted.count, every=wanted.all) for model in wanted.model or MODELS)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main(sys.argv[1:])
