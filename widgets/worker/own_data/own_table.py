"""A user's own table in the worker: read once, used by every run that asks for it, found again with a saved run."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elbo_room.models.data import Dataset
from elbo_room.models.data.suggestion import is_text, suggested
from elbo_room.models.data.table import read_table
from elbo_room.models.families.counts import not_counts
from elbo_room.models.reading.wishes import BATCH, LABEL, Wishes
from elbo_room.widgets.messages import ReadTable, TableRead

GENES = 200  # features from which numbers ≥ 0 that are no counts may be expression that was scaled
FILE = "table.json"  # next to a run's state: where its data came from


def real(data: Dataset) -> bool:
    """Whether a table has values that are neither counts nor between 0 and 1."""
    return not_counts(data.x) is not None and not bool(((data.x >= 0) & (data.x <= 1)).all())


@dataclass(frozen=True)
class OwnTable:
    """The table and the words it was asked for with."""

    path: str
    labels: str | None
    batch: str | None
    data: Dataset
    columns: tuple[str, ...]
    about_columns: dict[str, Any] = field(default_factory=dict)  # `elbo_room.models.reading.contents`
    request: ReadTable | None = None  # as it was asked for

    @classmethod
    def read(
        cls,
        path: str,
        labels: str | None = None,
        batch: str | None = None,
        roles: tuple[tuple[str, str], ...] = (),
        missing: str | None = None,
        transpose: bool | None = None,
        others: str | None = None,
        standardise: bool | None = None,
    ) -> "OwnTable":
        """Read a file; columns without a chosen role have a proposed one.

        Raises:
            ValueError: it cannot be read, or has no counts where it must; the sentence explains why and what to do.
        """
        chosen = dict(roles) | {name: role for name, role in ((labels, LABEL), (batch, BATCH)) if name}
        table = read_table(path, Wishes(chosen, missing, transpose, others, standardise))
        about = table.about
        request = ReadTable(path, labels, batch, roles, missing, transpose, others, standardise)
        return cls(
            path,
            about["chosen"].get(LABEL),
            about["chosen"].get(BATCH),
            table.data,
            tuple(about["classes"]),
            about,
            request,
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
            noted = json.loads(kept.read_text(encoding="utf-8"))
            words = {name: noted[name] for name in ("path", "labels", "batch")}
            words["roles"] = tuple((name, role) for name, role in noted.get("roles", ()))
            words |= {name: noted.get(name) for name in ("missing", "transpose", "others", "standardise")}
        except Exception as error:
            raise ValueError(
                f"The note of which table this run was trained on, {kept}, is damaged. Start a new run."
            ) from error
        return cls.read(**words)

    def save(self, folder: Path) -> None:
        """Note in a run's folder where its data came from."""
        folder.mkdir(parents=True, exist_ok=True)
        words = {"path": str(Path(self.path).expanduser().resolve()), "labels": self.labels, "batch": self.batch}
        if self.request is not None:
            words |= {
                name: getattr(self.request, name) for name in ("roles", "missing", "transpose", "others", "standardise")
            }
        (folder / FILE).write_text(json.dumps(words), encoding="utf-8")

    @property
    def standardised(self) -> bool | None:
        """Whether a run standardises the features, or y with them; None where there is nothing to standardise: texts, images, counts."""
        data, chosen = self.data, self.request is not None and self.request.standardise is not None
        if len(data.shape) != 1:
            return None
        return (data.standardise or data.standardise_y) if chosen or data.y is not None or real(data) else None

    def about(self) -> TableRead:
        """What the drawer shows."""
        rows, features = self.data.x.shape
        reason = not_counts(self.data.x)
        kinds = len(self.data.label_names)
        coloured = f", coloured by {self.labels or 'labels'} ({kinds} kinds)" if self.labels or kinds > 1 else ""
        suggestion = suggested(self.data)
        shape = f"{rows:,} texts" if is_text(self.data) else f"{rows:,} × {features:,}"
        sentence = f"{self.data.name}: {shape}{coloured}. "
        if self.data.y is None and reason is not None and features >= GENES and bool((self.data.x >= 0).all()):
            sentence += f"No counts: {reason}"
        else:
            sentence += suggestion.reason
        known = self.about_columns
        standardised = self.standardised
        if standardised:
            sentence += (
                " A run standardises the features by its training rows; what is coloured by a feature has its own units. "
                "Untick Standardise to train on them as they are."
            )
        elif standardised is not None and real(self.data):
            sentence += " The values are trained on as they are; where their scales differ, tick Standardise."
        if known.get("genes_by_cells"):
            sentence += " The rows look like genes and the columns like cells: press Transpose if so."
        sentence = " ".join([sentence, *known.get("notes", ())])
        columns = [*self.columns, *(name for name in (self.labels, self.batch) if name and name not in self.columns)]
        return TableRead(
            self.path,
            self.labels,
            self.batch,
            columns,
            suggestion.counts,
            sentence,
            preview=known.get("columns", []),
            more_columns=known.get("more_columns", 0),
            incomplete=known.get("incomplete", 0),
            request=self.request,
            genes_by_cells=known.get("genes_by_cells", False),
            missing=known.get("missing", "drop rows"),
            standardised=standardised,
            suited=suggestion.settings,
            views=suggestion.views,
        )
