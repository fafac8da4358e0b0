"""Random settings: `python -m tests.benchmarks.settings [--seed S] [--count N] [--model NAME]` runs 150 of each family of models.

Each makes five steps with pictures and panel B: a run, or one sentence. What fails is printed with its settings; any failure ends with 1.
"""

import argparse
import json
import sys
from collections import Counter

from elbo_room.models.registry import MODELS
from tests.random_runs import case, outcomes


def main(arguments: list[str]) -> None:
    """Run them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=150, help="settings of each family")
    parser.add_argument("--model", choices=list(MODELS), action="append")
    parser.add_argument("--all", action="store_true", help="print what came of each")
    wanted = parser.parse_args(arguments)
    seeds = range(1000 * wanted.seed, 1000 * wanted.seed + wanted.count)
    ended, failed, longest, most = Counter[str](), 0, 0.0, 0
    for each, found in outcomes(case(model, seed) for model in wanted.model or MODELS for seed in seeds):
        ended[found["ended"].split(":")[0]] += 1
        longest, most = max(longest, found["step"]), max(most, found["memory"])
        if wanted.all:
            print(
                f"{each['settings']['model']} {each['seed']}: {found['ended']} ({found['cpu']:.1f} s, step {found['step']:.2f} s, "
                f"{found['memory'] / 2**20:.0f} MB)", flush=True,
            )  # fmt: skip
        if found["faults"]:
            failed += 1
            print(json.dumps({**found, **each}), flush=True)
    how = ", ".join(f"{count} {name}" for name, count in ended.most_common())
    print(f"{sum(ended.values())} random settings: {how}; {failed} with a fault. "
          f"Longest step {longest:.1f} s of CPU, most memory {most / 2**30:.2f} GB.")  # fmt: skip
    sys.exit(failed > 0)


if __name__ == "__main__":
    main(sys.argv[1:])
