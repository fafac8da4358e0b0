"""A run's results as files: made of a copy of the run in a thread, so that training goes on meanwhile."""

import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from elbo_room.models.results.weights import weights
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Export, Exported

MOST = 24_000_000  # bytes that are sent to a browser
SAMPLES = 1000
PYTHON = {
    "embedding": "run.embedding()", "log_evidence": "run.log_evidence()", "denoised": "run.denoised()",
    "differential": "run.differential(first, second)", "predictions": "run.predictions()", "samples": "run.samples()",
    "weights": "run.save_weights(path)", "anndata": "run.to_anndata(adata)", "history": "run.history()",
}  # fmt: skip
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
    content = WRITERS.get(wanted.what, _table)(run, wanted, measured, adata)
    if len(content) > MOST:
        raise ValueError(
            f"{name} would have {len(content) / 1e6:,.0f} MB; at most {MOST / 1e6:.0f} MB are sent to the browser. "
            f"In Python, {PYTHON[wanted.what]} makes it whole; the drawer Code has the run."
        )
    return Exported(name, content)


def _table(run: Run, wanted: Export, measured: Measured, adata: str | None) -> bytes:
    del adata
    table, content = table_of(run, wanted, measured), BytesIO()
    if wanted.ending == "parquet":
        table.to_parquet(content)
        return content.getvalue()
    return str(table.to_csv()).encode()


def _anndata(run: Run, wanted: Export, measured: Measured, adata: str | None) -> bytes:
    del wanted, measured
    with tempfile.TemporaryDirectory(prefix="elbo-room-") as folder:
        path = Path(folder) / "results.h5ad"
        run.to_anndata(adata).write_h5ad(path)
        return path.read_bytes()


def _weights(run: Run, wanted: Export, measured: Measured, adata: str | None) -> bytes:
    del wanted, measured, adata
    return weights(run)


WRITERS: dict[str, Callable[[Run, Export, Measured, str | None], bytes]] = {"anndata": _anndata, "weights": _weights}
ENDINGS = {"anndata": "h5ad", "weights": "safetensors"}


class Exporting:
    """Makes one file at a time; `answers` has those that are ready."""

    def __init__(self) -> None:
        self.ready: queue.SimpleQueue[Exported | Exception] = queue.SimpleQueue()
        self.thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a file is being made, or waits to be sent."""
        return not self.ready.empty() or (self.thread is not None and self.thread.is_alive())

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
        """What has been made since the last call."""
        while not self.ready.empty():
            yield self.ready.get()
