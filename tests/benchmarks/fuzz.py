"""Damaged tables: `python lab bench fuzz [--kind .csv] [--count 300] [--seed S]` reads 300 damaged files of every kind.

Each is read or refused with one sentence. Printed are the crashes (the process that reads ends), the hangs over 20 s and the unexpected
exceptions of every kind of file, with the first bytes of what caused them; any of them ends with 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from elbo_room.models.reading import process
from tests.damaged_files import KINDS, damaged_reads
from tests.reading_server import ReadingServer

EACH = 150  # files that one process reads: a crash or a hang ends only these
LONGEST = 900.0  # time limit of such a process in seconds; a file that takes longer counts as a hang
SHOWN = 5  # faults of a kind that are printed


def child(kind: str, seed: int, count: int) -> None:
    """Read damaged files; what came of each is a line out."""
    server = ReadingServer()
    process.launched = server.launched
    with tempfile.TemporaryDirectory(prefix="elbo-room-fuzz-") as folder, closing(server):
        for found in damaged_reads(kind, Path(folder), seed, count):
            outcome = {"refused": found.refused, "seconds": found.seconds, "fault": found.fault}
            print(json.dumps(outcome | {"bytes": found.content.hex()[:400]}), flush=True)


def outcomes(kind: str, seed: int, count: int) -> list[dict[str, object]]:
    """The outcomes of reading `count` files in a separate process; a crash or an endless read is the last of them."""
    command = [sys.executable, "-m", "tests.benchmarks.fuzz", "--child", kind, str(seed), str(count)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
        text, end = done.stdout, f"a crash (exit code {done.returncode})" if done.returncode else ""
    except subprocess.TimeoutExpired as stopped:
        text = stopped.stdout.decode() if isinstance(stopped.stdout, bytes) else stopped.stdout or ""
        end = "a hang without end"
    found = [json.loads(line) for line in text.splitlines()]
    return [*found, {"refused": False, "seconds": 0.0, "fault": end, "bytes": f"seed {seed}, file {len(found) + 1}"}][
        : len(found) + bool(end)
    ]


def row(kind: str, seed: int, count: int) -> int:
    """Print what came of a kind of file; the number of faults."""
    found = []
    for begin in range(0, count, EACH):
        found += outcomes(kind, seed + begin, min(EACH, count - begin))
    faults = [each for each in found if each["fault"]]
    kinds = Counter("crash" if "crash" in str(each["fault"]) else "hang" if "hang" in str(each["fault"]) else "exception"
                    for each in faults)  # fmt: skip
    refused, longest = sum(bool(each["refused"]) for each in found), max(float(str(each["seconds"])) for each in found)
    print(
        f"{kind:8} {len(found):4} files: {refused} refused, {len(found) - refused - len(faults)} read, {kinds['crash']} crashes, "
        f"{kinds['hang']} hangs, {kinds['exception']} unexpected exceptions; the longest took {longest:.1f} s", flush=True,
    )  # fmt: skip
    for each in faults[:SHOWN]:
        print(f"  {each['fault']}: {each['bytes']}", flush=True)
    return len(faults)


def main(arguments: list[str]) -> None:
    """Read damaged files of every kind."""
    if arguments[:1] == ["--child"]:
        return child(arguments[1], int(arguments[2]), int(arguments[3]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--count", type=int, default=300, help="files of each kind")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args(arguments)
    sys.exit(sum(row(kind, wanted.seed, wanted.count) for kind in wanted.kind or KINDS) > 0)


if __name__ == "__main__":
    main(sys.argv[1:])
