"""Data that a person gives a worker: their own table, or the features of a run; a saved run finds its data again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from elbo_room.models.data import OWN, Dataset
from elbo_room.models.data.own import FEATURES
from elbo_room.models.features import for_response, read_features, why_not, write_features
from elbo_room.models.training.checkpoint import load_run
from elbo_room.models.training.run import Run
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.widgets.messages import Command, FeaturesRead, Message, ReadTable, UseFeatures
from elbo_room.widgets.worker.own_data.own_table import OwnTable
from elbo_room.widgets.worker.own_data.table_reading import Reading, TableReading

FILE = "features.npz"  # next to a run's state: a copy of the data that it was trained on
Factory = Callable[[InferenceSettings], Run]


def _write_features(features: tuple[Dataset, str], folder: Path) -> None:
    write_features(features[0], folder / FILE, features[1])


@dataclass(frozen=True)
class Origin:
    """A run before anything watches it, and the data of a person's own that the worker holds once it has started."""

    run: Run
    own: OwnTable | None
    features: tuple[Dataset, str] | None
    keep_data: Callable[[Path], None] | None = None  # notes in the run's folder which data it was trained on

    @property
    def features_of(self) -> str | None:
        """Whose features the run is trained on, if on features."""
        used = vars(self.run.settings).get("data") == FEATURES and self.features is not None
        return self.features[1] if used and self.features else None

    @property
    def featureless(self) -> str | None:
        """Why the run's own features cannot be used, if so."""
        return why_not(self.run)


class UserData:
    """The data that a person gave a worker, and the runs on them."""

    def __init__(
        self,
        factory: Factory,
        send: Callable[[Message], None],
        attempt: Callable[[type[Command], Callable[[], None]], None],
    ) -> None:
        """`factory` makes the runs of data that ship; `attempt` refuses a command with a sentence where its work fails."""
        self.factory, self.send, self.attempt = factory, send, attempt
        self.own: OwnTable | None = None
        self.features: tuple[Dataset, str] | None = None  # with the words that say which run they came from
        self.tables = TableReading()

    def named(self, name: str) -> Dataset | None:
        """The data of this name where a person gave them; None where they ship, or where nothing was given."""
        if name == FEATURES and self.features:
            return self.features[0]
        if name == OWN:
            self.take_tables(wait=True)
        return self.own.data if name == OWN and self.own else None

    def made(self, settings: InferenceSettings) -> Origin:
        """A new run of these settings."""
        name = str(vars(settings)["data"])
        data = self.named(name)
        if data is None:
            return Origin(self.factory(settings), self.own, self.features)
        keep = partial(_write_features, self.features) if name == FEATURES and self.features else None
        return Origin(Run(settings, data), self.own, self.features, keep or (self.own.save if self.own else None))

    def resumed(self, folder: Path) -> Origin:
        """The run that is saved in this folder."""
        own = OwnTable.of(folder)
        features = read_features(folder / FILE) if (folder / FILE).exists() else None
        data = features[0] if features else own.data if own else None
        return Origin(load_run(folder, data), own or self.own, features or self.features)

    def adopt(self, origin: Origin) -> None:
        """A run has started: its data are the person's from now on."""
        self.own, self.features = origin.own, origin.features

    def read_table(self, wanted: ReadTable) -> None:
        """Read a table of a person's own while training goes on; once it is read, runs on "own" data take it."""
        self.tables.ask(partial(OwnTable.read, *wanted.words))

    def take_tables(self, *, wait: bool = False) -> None:
        """Accept what has been read, or refuse it; with `wait`, all requested tables."""
        for found in self.tables.answers(wait=wait):
            self.attempt(ReadTable, partial(self._take_table, found))

    def _take_table(self, found: Reading) -> None:
        if found.error is not None:
            raise found.error
        if found.table is not None:
            self.own = found.table
            self.send(self.own.about())

    def use_features(self, wanted: UseFeatures, run: Run | None) -> None:
        """Keep the run's features under the wanted path where there is a title, or read what is there.

        Raises:
            ValueError: there is no run, or it has no features.
        """
        if wanted.title is not None:
            if run is None:
                raise ValueError("There is no run yet. Press Run to start one.")
            write_features(for_response(run), Path(wanted.path), f"{wanted.title}, step {run.number:,}")
        self.features = read_features(wanted.path)
        data, words = self.features
        held = 0 if data.test is None else data.test.size
        words = f"{data.x.shape[1]} features of {words}: {data.size:,} rows train, {held:,} are held out"
        sentence = f"{words}; {len(data.label_names)} labels."
        self.send(FeaturesRead(wanted.path, sentence, made=wanted.title is not None))

    def close(self) -> None:
        """End the thread that reads tables."""
        self.tables.close()
