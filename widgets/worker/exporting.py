"""A run's results as files: made of a copy of the run in a thread, so that training goes on meanwhile."""

import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from elbo_room.models.reading.limits import Refused
from elbo_room.models.results.annotated import write_anndata
from elbo_room.models.results.weights import weights
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Export, Exported
from elbo_room.widgets.wire.spreadsheet import inert_table

MOST = 400_000_000  # bytes that are sent to a browser …
PIECE, PAUSE = 2_000_000, 0.05  # … in pieces of so many, with so many seconds between two, so that training goes on
SAMPLES = 1000
PYTHON = {
    "embedding": "run.embedding()", "log_evidence": "run.log_evidence()", "denoised": "run.denoised()",
    "differential": "run.differential(first, second)", "predictions": "run.predictions()", "samples": "run.samples()",
    "weights": "run.save_weights(path)", "anndata": "run.to_anndata(adata)", "history": "run.history()",
}  # fmt: skip
BYTES = {"denoised": 4}  # at least, for each number of the data
Measured = list[tuple[int, dict[str, float]]]


def differential(run: Run, rows: tuple[int, ...]) -> Any:
    """The selected rows against all others.

    Raises:
        ValueError: there is no selection.
    """
    if not rows:
        raise ValueError(
            "No data points are selected. Draw a lasso on the map of the latent space; they are compared with all others."
        )
    chosen = {*rows}
    return run.differential(rows, [row for row in range(run.data.size) if row not in chosen])


def table_of(run: Run, wanted: Export, measured: Measured) -> Any:
    """The wanted results as a data frame."""
    makers: dict[str, Callable[[], Any]] = {
        "history": lambda: run.history(measured),
        "embedding": run.embedding,
        "log_evidence": run.log_evidence,
        "denoised": run.denoised,
        "differential": lambda: differential(run, wanted.rows),
        "predictions": run.predictions,
        "samples": lambda: run.samples(SAMPLES),
    }
    return makers[wanted.what]()


def made(run: Run, wanted: Export, measured: Measured, adata: str | None) -> Exported:
    """A file of the wanted results.

    Raises:
        ValueError: this run has none, or the file would be too large for a browser.
    """
    name = f"elbo-room-{wanted.what}.{ENDINGS.get(wanted.what, wanted.ending)}"
    _check(name, wanted.what, BYTES.get(wanted.what, 0) * run.data.x.numel())
    content = WRITERS.get(wanted.what, _table)(run, wanted, measured, adata)
    _check(name, wanted.what, len(content))
    return Exported(name, content, 0, len(content))


def _check(name: str, what: str, size: int) -> None:
    if size > MOST:
        raise ValueError(
            f"{name} would have {size / 1e6:,.0f} MB; at most {MOST / 1e6:.0f} MB are sent to the browser. "
            f"In Python, {PYTHON[what]} makes it whole; the drawer Code has the run."
        )


def pieces(file: Exported) -> Iterator[Exported]:
    """A file in pieces, in order."""
    for begin in range(0, max(1, len(file.content)), PIECE):
        yield replace(file, content=file.content[begin : begin + PIECE], begin=begin)


def _table(run: Run, wanted: Export, measured: Measured, adata: str | None) -> bytes:
    del adata
    table, content = table_of(run, wanted, measured), BytesIO()
    if wanted.ending == "parquet":
        table.to_parquet(content)
        return content.getvalue()
    return str(inert_table(table).to_csv()).encode()


def _anndata(run: Run, wanted: Export, measured: Measured, adata: str | None) -> bytes:
    del wanted, measured
    with tempfile.TemporaryDirectory(prefix="elbo-room-") as folder:
        path = Path(folder) / "results.h5ad"
        try:
            write_anndata(run, adata, path)
        except Refused as refusal:
            raise ValueError(str(refusal)) from None
        return path.read_bytes()


def _weights(run: Run, wanted: Export, measured: Measured, adata: str | None) -> bytes:
    del wanted, measured, adata
    return weights(run)


WRITERS: dict[str, Callable[[Run, Export, Measured, str | None], bytes]] = {"anndata": _anndata, "weights": _weights}
ENDINGS = {"anndata": "h5ad", "weights": "safetensors"}


class Exporting:
    """Makes one file at a time; `answers` has what is ready to be sent."""

    def __init__(self) -> None:
        self.ready: queue.SimpleQueue[Exported | Exception] = queue.SimpleQueue()
        self.thread: threading.Thread | None = None
        self.pieces: list[Exported] = []  # still to be sent, the last one first
        self.sent = 0.0  # when the last piece was

    @property
    def busy(self) -> bool:
        """Whether a file is being made, or waits to be sent."""
        return bool(self.pieces) or not self.ready.empty() or (self.thread is not None and self.thread.is_alive())

    def ask(self, run: Run, wanted: Export, measured: Measured, adata: str | None) -> None:
        """Make this file of a run that nobody else changes.

        Raises:
            ValueError: another one is being made.
        """
        if self.busy:
            raise ValueError("Another file is being made. Wait until it is saved, then press again.")
        self.thread = threading.Thread(
            target=self._make, args=(run, wanted, measured, adata), daemon=True, name="elbo-room-export"
        )
        self.thread.start()

    def _make(self, run: Run, wanted: Export, measured: Measured, adata: str | None) -> None:
        try:
            self.ready.put(made(run, wanted, measured, adata))
        except Exception as error:  # noqa: BLE001 - the worker reports it on the page
            self.ready.put(error)

    def answers(self) -> Iterator[Exported | Exception]:
        """The next piece of a file, or why it was not made."""
        if not self.pieces and not self.ready.empty():
            found = self.ready.get()
            if isinstance(found, Exception):
                yield found
                return
            self.pieces = [*pieces(found)][::-1]
        if self.pieces and time.monotonic() - self.sent >= PAUSE:
            self.sent = time.monotonic()
            yield self.pieces.pop()
