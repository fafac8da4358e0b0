"""A user's own table in the worker: read once, used by every run that asks for it, found again with a saved run."""

import json
from dataclasses import dataclass
from pathlib import Path

from elbo_room.models.data import Dataset
from elbo_room.models.data.table import read_table
from elbo_room.models.families.counts import not_counts
from elbo_room.models.reading.wishes import BATCH, LABEL, Wishes
from elbo_room.widgets.messages import TableRead

FILE = "table.json"  # next to a run's state: where its data came from


@dataclass(frozen=True)
class OwnTable:
    """The table and the words it was asked for with."""

    path: str
    labels: str | None
    batch: str | None
    data: Dataset
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()  # what was recognised in the file

    @classmethod
    def read(cls, path: str, labels: str | None = None, batch: str | None = None) -> "OwnTable":
        """Read a file; without chosen columns, those whose names say so are the labels and the batch.

        Raises:
            ValueError: it cannot be read, or has no counts where it must; the sentence explains why and what to do.
        """
        table = read_table(path, Wishes({name: role for name, role in ((labels, LABEL), (batch, BATCH)) if name}))
        chosen = table.about["chosen"]
        return cls(
            path,
            chosen.get(LABEL),
            chosen.get(BATCH),
            table.data,
            tuple(table.about["classes"]),
            tuple(table.about["notes"]),
        )

    @classmethod
    def of(cls, folder: Path) -> "OwnTable | None":
        """The table of a saved run, or None where it has none.

        Raises:
            ValueError: the file no longer exists.
        """
        kept = folder / FILE
        if not kept.exists():
            return None
        try:
            words = {name: json.loads(kept.read_text(encoding="utf-8"))[name] for name in ("path", "labels", "batch")}
        except Exception as error:
            raise ValueError(
                f"The note of which table this run was trained on, {kept}, is damaged. Start a new run."
            ) from error
        return cls.read(**words)

    def save(self, folder: Path) -> None:
        """Note in a run's folder where its data came from."""
        folder.mkdir(parents=True, exist_ok=True)
        words = {"path": str(Path(self.path).expanduser().resolve()), "labels": self.labels, "batch": self.batch}
        (folder / FILE).write_text(json.dumps(words), encoding="utf-8")

    def about(self) -> TableRead:
        """What the drawer shows."""
        rows, features = self.data.x.shape
        reason = not_counts(self.data.x)
        kinds = len(self.data.label_names)
        coloured = f", coloured by {self.labels or 'labels'} ({kinds} kinds)" if self.labels or kinds > 1 else ""
        counts = reason is None and float(self.data.x.sum()) > 0
        sentence = f"{self.data.name}: {rows:,} × {features:,}{coloured}. "
        sentence += (
            "They are counts: scVI's settings are ready, press Run." if counts else f"No counts: {reason or 'all 0.'}"
        )
        sentence = " ".join([sentence, *self.notes])
        columns = [*self.columns, *(name for name in (self.labels, self.batch) if name and name not in self.columns)]
        return TableRead(self.path, self.labels, self.batch, columns, counts, sentence)
