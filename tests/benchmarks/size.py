"""Large tables through a fresh worker: `python lab bench size [KIND …]` writes each, reads it, trains on it, and prints one table.

100,000 × 2,000 counts, 5 % of them above 0, as .h5ad (compressed rows), .npz of scipy and a zip with an .mtx; and 12,000 genes × 900
cells as .h5ad. Columns: seconds until it is read; the largest resident memory of the reading process, and of the worker from its
start to the last step; epochs per second of the worker's CPU while it trains with all panels, and messages a second.
"""

import contextlib
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from elbo_room.models.presets.single_cells import SCVI
from elbo_room.widgets.messages import Frame, ReadTable, Refused, ShowView, Start, Started, State, TableRead
from elbo_room.widgets.sessions.link import ProcessLink
from tests.benchmarks.measuring import messages, worker

LARGE, LIVE = (100_000, 2_000), (900, 12_000)
SHARE = 0.05  # of counts above 0
MOST_LARGE, MOST_LIVE, EPOCHS = 2_000, 1_500, 2.0  # the goals: MB, MB, epochs per second of CPU
STEPS = {LARGE: 400, LIVE: 300}
LONGEST = 240.0  # seconds for reading, and for training


def counts(rows: int, columns: int) -> Any:
    """A sparse table of counts in eight groups of rows."""
    random = np.random.default_rng(0)
    size = int(rows * columns * SHARE)
    row, column = random.integers(0, rows, size), random.integers(0, columns // 2, size)
    column += (row % 8) * (columns // 16)  # a group's columns
    made = sparse.coo_matrix((random.geometric(0.6, size).astype(np.float32), (row, column)), (rows, columns)).tocsr()
    made.sum_duplicates()
    return made


def _h5ad(path: Path, x: Any) -> None:
    import anndata
    import pandas as pd

    names = pd.Index([f"cell{row}" for row in range(x.shape[0])], dtype=object)
    genes = pd.Index([f"gene{column}" for column in range(x.shape[1])], dtype=object)
    anndata.AnnData(x, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=genes)).write_h5ad(path)


def _mtx(path: Path, x: Any) -> None:
    from scipy.io import mmwrite

    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        file = Path(folder) / "matrix.mtx"
        mmwrite(file, x.T.astype(np.int32), field="integer")
        archive.write(file, file.name)
        archive.writestr("features.tsv", "".join(f"ENSG{column}\tgene{column}\n" for column in range(x.shape[1])))
        archive.writestr("barcodes.tsv", "".join(f"cell{row}\n" for row in range(x.shape[0])))


KINDS: dict[str, tuple[tuple[int, int], str, Callable[[Path, Any], object]]] = {
    "h5ad": (LARGE, ".h5ad", _h5ad),
    "npz": (LARGE, ".npz", sparse.save_npz),
    "mtx": (LARGE, ".zip", _mtx),
    "live": (LIVE, ".h5ad", _h5ad),
}


@dataclass(frozen=True)
class Found:
    """What was seen of one file."""

    read: float  # seconds
    reader: float  # MB
    worker: float  # MB
    epochs: float  # per second of CPU
    updates: float  # messages per second


def peak(process: int) -> float:
    """The largest resident memory of a process so far, MB."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(process: int) -> float:
    """The time of the processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait(link: ProcessLink, kind: type[Any], reader: list[float]) -> Any:
    assert link.process is not None
    for message in messages(link, LONGEST):
        if isinstance(message, Refused):
            raise SystemExit(message.sentence)
        if isinstance(message, kind):
            return message
        if message is None and link.process.pid:
            reader.append(max([0.0, *map(peak, children(link.process.pid))]))
    raise SystemExit(f"no {kind.__name__} within {LONGEST:.0f} s")


def measured(path: Path, shape: tuple[int, int]) -> Found:
    """Read and train in a fresh worker."""
    with worker() as link:
        assert link.process is not None
        pid = int(link.process.pid or 0)
        begin, reader = time.monotonic(), [0.0]
        link.send(ReadTable(str(path)))
        _wait(link, TableRead, reader)
        read = time.monotonic() - begin
        settings = SCVI | {"data": "own", "stop_at": STEPS[shape], "held_out": 0.1}
        link.send(ShowView("variance"))
        link.send(Start(settings, str(path.parent / "run")))
        _wait(link, Started, [])
        before, cpu, frames = time.monotonic(), cpu_seconds(pid), 0
        for message in messages(link, LONGEST):
            frames += isinstance(message, Frame)
            if isinstance(message, State) and message.state in ("finished", "failed"):
                break
        spent, cpu = time.monotonic() - before, cpu_seconds(pid) - cpu
        rows = 0.9 * shape[0]
        epochs = STEPS[shape] * 128 / rows / cpu
        return Found(read, max(reader), peak(pid), epochs, frames / spent)


def main(chosen: list[str]) -> None:
    """One row for each file."""
    print(
        f"{'file':<6} {'size':>16} {'read, s':>8} {'reader, MB':>11} {'worker, MB':>11} {'epochs / CPU s':>15} {'updates / s':>12}"
    )
    missed = 0
    for name in chosen or KINDS:
        shape, ending, write = KINDS[name]
        with tempfile.TemporaryDirectory(prefix="elbo-room-size-") as folder:
            path = Path(folder) / f"table{ending}"
            write(path, counts(*shape))
            found = measured(path, shape)
        live = shape == LIVE
        met = found.worker < (MOST_LIVE if live else MOST_LARGE) and (not live or found.epochs >= EPOCHS)
        missed += not met
        size = f"{shape[0]:>8,} ×{shape[1]:>6,} {found.read:>8.1f} {found.reader:>11,.0f} {found.worker:>11,.0f}"
        speed = f"{found.epochs:>15.2f} {found.updates:>12.1f}"
        print(f"{name:<6} {size} {speed}  {'met' if met else 'MISSED'}", flush=True)
    sys.exit(missed > 0)


if __name__ == "__main__":
    main(sys.argv[1:])
