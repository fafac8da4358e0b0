"""Data that a person gives a worker: a table of their own, or the features of a run; a saved run finds its own again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from elbo_room.models.data import OWN, Dataset
from elbo_room.models.data.supervised import FEATURES
from elbo_room.models.features import for_response, read_features, why_not, write_features
from elbo_room.models.training.checkpoint import load_run
from elbo_room.models.training.run import Run
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.widgets.worker.own_data.own_table import OwnTable
from elbo_room.widgets.worker.own_data.table_reading import TableRead, TableReading
from elbo_room.widgets.worker.trainer import Trainer

FILE = "features.npz"  # beside a run's state: a copy of the data that it was trained on


def _write_features(features: tuple[Dataset, str], folder: Path) -> None:
    write_features(features[0], folder / FILE, features[1])


@dataclass(frozen=True)
class Origin:
    """A run before anything watches it, and the data of a person's own that the worker holds once it has started."""

    run: Run
    own: OwnTable | None
    features: tuple[Dataset, str] | None
    keep_data: Callable[[Path], None] | None = None  # notes in the run's folder which data it was trained on

    def about(self) -> dict[str, Any]:
        """What a page shows of it: why the run's features cannot be used, if so, and whose features it was trained on."""
        used = vars(self.run.settings).get("data") == FEATURES and self.features is not None
        words = self.features[1] if used and self.features else None
        return {"featureless": why_not(self.run), "features_of": words}


class UserDataWorker(Trainer):
    """Part of the worker: which data a run gets where its settings name none that ship."""

    factory: Callable[[InferenceSettings], Run] = Run
    own: OwnTable | None = None
    features: tuple[Dataset, str] | None = None  # with the words that say which run they came from
    attempt: Callable[[str, Callable[[], None]], None]  # refuses the command with a sentence where the work fails

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        super().__init__(connection)
        self.tables = TableReading()

    def data_for(self, name: str) -> Dataset | None:
        """The data of this name where a person gave them; None where they ship, or where nothing was given."""
        if name == FEATURES and self.features:
            return self.features[0]
        if name == OWN:
            self.take_tables(wait=True)
        return self.own.data if name == OWN and self.own else None

    def _made(self, settings: InferenceSettings) -> Origin:
        name = str(vars(settings)["data"])
        data = self.data_for(name)
        if data is None:
            return Origin(self.factory(settings), self.own, self.features)
        keep = partial(_write_features, self.features) if name == FEATURES and self.features else None
        return Origin(Run(settings, data), self.own, self.features, keep or (self.own.save if self.own else None))

    def _resumed(self, folder: Path) -> Origin:
        own = OwnTable.of(folder)
        features = read_features(folder / FILE) if (folder / FILE).exists() else None
        data = features[0] if features else own.data if own else None
        return Origin(load_run(folder, data), own or self.own, features or self.features)

    def on_table(self, path: str, labels: str | None = None, batch: str | None = None) -> None:
        """Read a table of a person's own while training goes on; once it is read, runs on "own" data take it."""
        self.tables.ask(partial(OwnTable.read, path, labels, batch))

    def take_tables(self, *, wait: bool = False) -> None:
        """Take up what has been read, or refuse it; with `wait` all that was asked for."""
        for found in self.tables.answers(wait=wait):
            self.attempt("table", partial(self._take_table, found))

    def _take_table(self, found: TableRead) -> None:
        if found.error is not None:
            raise found.error
        if found.table is not None:
            self.own = found.table
            self.send(**self.own.about())

    def on_features(self, path: str, title: str | None = None) -> None:
        """Keep the present run's features under this path and this title, or read what is there; "features" are these from now on."""
        if title is not None:
            run = self._need_run()
            write_features(for_response(run), Path(path), f"{title}, step {run.number:,}")
        self.features = read_features(path)
        data, words = self.features
        held = 0 if data.test is None else data.test.size
        said = f"{data.x.shape[1]} features of {words}: {data.size:,} rows train, {held:,} are held out; {len(data.label_names)} labels."
        self.send(kind="features", path=path, sentence=said, made=title is not None)
