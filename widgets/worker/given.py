"""Data that a person gives a worker: a table of their own, or the features of a run; a saved run finds its own again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from elbo_room.models.data import OWN, Dataset
from elbo_room.models.data.supervised import FEATURES
from elbo_room.models.features import for_response, read_features, why_not, write_features
from elbo_room.models.inference.checkpoint import load_run
from elbo_room.models.inference.run import Run
from elbo_room.models.inference.settings import InferenceSettings
from elbo_room.widgets.worker.own_table import OwnTable
from elbo_room.widgets.worker.trainer import Trainer

FILE = "features.npz"  # beside a run's state: a copy of the data that it was trained on


class Given(Trainer):
    """Part of the worker: which data a run gets where its settings name none that ship."""

    factory: Callable[[InferenceSettings], Run] = Run
    own: OwnTable | None = None
    features: tuple[Dataset, str] | None = None  # with the words that say which run they came from

    def data_for(self, name: str) -> Dataset | None:
        """The data of this name where a person gave them; None where they ship, or where nothing was given."""
        if name == FEATURES and self.features:
            return self.features[0]
        return self.own.data if name == OWN and self.own else None

    def _made(self, settings: InferenceSettings) -> Run:
        name = str(vars(settings)["data"])
        data = self.data_for(name)
        if data is None:
            return self.factory(settings)
        run = Run(settings, data)
        if self.folder and name == FEATURES and self.features:
            write_features(*self.features[:1], self.folder / FILE, self.features[1])
        elif self.folder and self.own:
            self.own.save(self.folder)
        return run

    def _resumed(self, folder: Path) -> Run:
        own = OwnTable.of(folder)
        self.own = own or self.own
        if (folder / FILE).exists():
            self.features = read_features(folder / FILE)
            return load_run(folder, self.features[0])
        return load_run(folder, own.data if own else None)

    def about_given(self) -> dict[str, Any]:
        """What a page shows of it: why the run's features cannot be used, if so, and whose features it was trained on."""
        run = self._need_run()
        used = vars(run.settings).get("data") == FEATURES and self.features is not None
        return {"featureless": why_not(run), "features_of": self.features[1] if used and self.features else None}

    def on_table(self, path: str, labels: str | None = None, batch: str | None = None) -> None:
        """Read a table of a person's own; runs on "own" data take it from now on."""
        self.own = OwnTable.read(path, labels, batch)
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
