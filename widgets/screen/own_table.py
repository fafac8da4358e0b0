"""The drawer "Your data": a file that is uploaded, or its path on this computer, and the columns that colour and batch its rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from elbo_room.models.reading.wishes import BATCH, DROP, LABEL, MEAN, SINGLE
from elbo_room.widgets.actions import Action, Upload, UseRunFeatures
from elbo_room.widgets.messages import ReadTable, TableRead
from elbo_room.widgets.screen.columns_table import ColumnsTable
from elbo_room.widgets.sessions.local_use import local_use, shown_path
from elbo_room.widgets.sessions.runs import home

ENDINGS = (
    ".csv",
    ".tsv",
    ".txt",
    ".xlsx",
    ".parquet",
    ".feather",
    ".arrow",
    ".h5ad",
    ".h5",
    ".npz",
    ".npy",
    ".mtx",
    ".zip",
    ".gz",
)
MOST_BYTES = 100_000_000  # of an upload; the server accepts slightly larger messages (`elbo_room.lab.serving.serve`)
FIRST = (
    "Your own table, one row per data point: .csv, .xlsx, .parquet, .h5ad, .npz and others of their kind; "
    "upload it{path}. Or use the features learned by the run on the screen: a conditional model predicts the labels from them."
)
PATH = ", or enter its path on the computer where the lab runs and press Enter"
NONE = "–"
USE = "From the run on the screen: E[z|x] of every row becomes the x of a conditional model, its label the y"
NO_RUN = (
    "There is no run yet. Press Run to train a deep generative model on labelled data; then its features can be used."
)


def keep(name: str, content: bytes) -> Path:
    """Write an uploaded file into the lab's own folder; a newer file replaces one with the same name.

    Raises:
        ValueError: it is not a kind of file that can be read, or too large.
    """
    if not name.lower().endswith(ENDINGS):
        raise ValueError(
            f"{name[:60]} is not a kind of file that can be read. Save it as one of: {', '.join(ENDINGS)}."
        )
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"{name[:60]} has {len(content) / 1e6:.0f} MB; an upload may have {MOST_BYTES / 1e6:.0f}. "
            "Enter its path instead, if the lab runs on this computer, or keep fewer rows."
        )
    folder = home().parent / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / re.sub(r"[^\w.\- ]", "_", Path(name).name)
    path.write_bytes(content)
    return path


class OwnTable:
    """Asks for a file and shows what was read; `Upload` and `ReadTable` do the work on the pump's thread."""

    def __init__(self, post: Callable[[Action], None]) -> None:
        self.request: ReadTable | None = None  # the request behind the table in use
        self.missing = DROP  # what becomes of its missing numbers
        self.features: str | None = None  # the path of the features in use
        self._post, self._silent = post, False
        wide = {"layout": ipw.Layout(width="auto")}
        self.upload = ipw.FileUpload(accept=",".join(ENDINGS), multiple=False, description="Upload a file", **wide)
        self.upload.observe(self._uploaded, "value")
        self.path = ipw.Text(
            placeholder="or its path, such as ~/cells.h5ad", continuous_update=False, layout=ipw.Layout(width="260px")
        )
        self.path.observe(lambda change: self._changed(path=change["new"]), "value")
        self.labels, self.batch = (
            self._column(words, help_text)
            for words, help_text in (
                ("Colour by", "The column that names each row's class; the model does not see it"),
                ("Batch", "The column that names each row's batch, for the batch covariate"),
            )
        )
        self.use = ipw.Button(description="Use this run's features", layout=ipw.Layout(width="auto"))
        self.use.on_click(lambda _: self._post(UseRunFeatures()))
        self.offer_features(NO_RUN)
        self.status = ipw.Label()
        self.status.add_class("elbo-answer")
        self.offer_path()
        self.columns = ColumnsTable(self._heard)
        self.columns.layout.display = "none"
        self.upload.layout.min_width, self.status.layout.flex = "130px", "none"
        first = ipw.HBox(
            [self.upload, self.path, self.labels, self.batch, self.use],
            layout=ipw.Layout(flex_flow="row wrap", flex="none"),
        )
        self.widget = ipw.VBox([first, self.status, self.columns])
        self.widget.add_class("elbo-quiz")

    def offer_path(self) -> None:
        """Ask for a path only where the person at the page may have any file of this computer read."""
        local = local_use()
        self.path.layout.display = None if local else "none"
        self.status.value = FIRST.format(path=PATH if local else "")

    def _column(self, words: str, help_text: str) -> ipw.Dropdown:
        made = ipw.Dropdown(
            options=[NONE], description=words, tooltip=help_text, layout=ipw.Layout(width="auto"),
            style={"description_width": "auto"},
        )  # fmt: skip
        made.observe(lambda _: self._changed(path=self.request.path if self.request else None), "value")
        return made

    def _uploaded(self, change: dict[str, Any]) -> None:
        for file in change["new"]:
            self._post(Upload(file["name"], bytes(file["content"])))

    def _changed(self, path: str | None) -> None:
        if self._silent or not path:
            return
        same = self.request is not None and path == self.request.path  # another file has other columns
        chosen = [each.value if same and each.value != NONE else None for each in (self.labels, self.batch)]
        if same and self.request is not None:
            self._post(replace(self.request, labels=chosen[0], batch=chosen[1]))
        else:
            self._post(ReadTable(path, chosen[0], chosen[1]))

    def _heard(self, content: dict[str, Any]) -> None:
        """The page chose a column's role, a transposition, or the other treatment of missing numbers: read again."""
        if self.request is None:
            return
        changed = {
            "role": self._with_role,
            "transpose": self._transposed,
            "missing": self._refilled,
            "others": self._with_others,
            "standardise": self._with_standardise,
        }.get(str(content.get("kind")))
        if changed is not None:
            self._post(changed(self.request, content))

    def _with_role(self, request: ReadTable, content: dict[str, Any]) -> ReadTable:
        name, role = str(content.get("name")), str(content.get("role"))
        roles = dict(request.roles) | {name: role}
        if role in SINGLE:  # the column that had this role goes back to its proposal
            roles = {each: other for each, other in roles.items() if each == name or other != role}
        single = {LABEL: "labels", BATCH: "batch"}
        parts: dict[str, Any] = {
            part: None for given, part in single.items() if given == role or getattr(request, part) == name
        }
        return replace(request, roles=tuple(roles.items()), **parts)

    def _transposed(self, request: ReadTable, _: dict[str, Any]) -> ReadTable:
        return ReadTable(request.path, transpose=True)

    def _with_others(self, request: ReadTable, content: dict[str, Any]) -> ReadTable:
        return replace(request, others=str(content.get("role")) or None)

    def _with_standardise(self, request: ReadTable, content: dict[str, Any]) -> ReadTable:
        return replace(request, standardise=bool(content.get("on")))

    def _refilled(self, request: ReadTable, _: dict[str, Any]) -> ReadTable:
        return replace(request, missing=MEAN if self.missing == DROP else DROP)

    def show(self, read: TableRead) -> None:
        """Show what was read: its size, and which columns there are to choose from."""
        self.request = read.request or ReadTable(read.path, read.labels, read.batch)
        self.columns.rows, self.columns.more = read.preview, read.more_columns
        self.columns.turned = read.genes_by_cells
        self.columns.others = self.request.others or ""
        self.columns.standardised = {None: "", True: "on", False: "off"}[read.standardised]
        self.missing = read.missing
        other = (
            "Fill missing numbers with their column's mean"
            if read.missing == DROP
            else "Drop rows with missing numbers"
        )
        self.columns.missing = f"{other} ({read.incomplete:,} rows)" if read.incomplete else ""
        self.columns.layout.display = None if read.preview else "none"
        self._silent = True
        try:
            for each, chosen in ((self.labels, read.labels), (self.batch, read.batch)):
                each.options = [NONE, *read.columns]
                each.value = chosen or NONE
        finally:
            self._silent = False
        self.status.value = read.sentence

    def in_python(self) -> dict[str, tuple[str, str]]:
        """By the data's name, Python that loads the same data: an import, and an expression."""
        found = {}
        if self.request:
            asked = self.request
            parts: dict[str, Any] = {
                "labels": asked.labels,
                "batch": asked.batch,
                "roles": dict(asked.roles),
                "missing": asked.missing,
                "others": asked.others,
                "standardise": asked.standardise,
            }
            parts["transpose"] = asked.transpose if asked.transpose is not None or not self.columns.turned else False
            words = ", ".join(f"{name}={value!r}" for name, value in parts.items() if value or value is False)
            found["own"] = (
                "from elbo_room.models.data import load",
                f"load({shown_path(self.request.path)!r}{', ' if words else ''}{words})",
            )
        if self.features:
            found["features"] = (
                "from elbo_room.models.features import read_features",
                f"read_features({shown_path(self.features)!r})[0]",
            )
        return found

    def offer_features(self, reason: str | None) -> None:
        """Whether the features of the run on the screen can be used; otherwise the reason."""
        self.use.disabled = reason is not None
        self.use.tooltip = reason or USE

    def refuse(self, sentence: str) -> None:
        """Report why a file was not accepted; the previous table stays, with the roles that it has."""
        self.status.value = sentence
        rows, self.columns.rows = self.columns.rows, []
        self.columns.rows = rows
