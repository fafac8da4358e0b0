"""The states of a run that replay can return to: its parameters at some of its steps, bounded in number and in bytes."""

import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elbo_room.models.training.checkpoint import write_bytes
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Settings
from elbo_room.widgets.wire.history_file import REPLAY_FILE

MOST_STATES, MOST_BYTES = 128, 8_000_000
EXACT = 2_000_000  # bytes of all states up to which they are kept in float32; larger models are rounded to float16
Content = bytes  # of a file
Row = np.ndarray[Any, Any]  # all parameters of one step, end to end


def where(step: int, last: int) -> float:
    """t/T + log(1 + t)/log(1 + T), from 0 to 2: states at equal distances here are dense where a run begins, and never far apart."""
    return step / max(1, last) + math.log1p(step) / math.log1p(max(1, last))


def crowded(steps: list[int]) -> int:
    """The place, neither the first nor the last, whose neighbours are the closest to each other."""
    at, last = np.asarray(steps, np.float64), max(1, steps[-1])
    at = at / last + np.log1p(at) / math.log1p(last)  # `where` of each
    return 1 + int(np.argmin(at[2:] - at[:-2]))


class KeptStates:
    """The kept states of one run, oldest first. Where there are too many, the one that is missed least is dropped."""

    def __init__(self, run: Run) -> None:
        self.parameters = run.parameters
        self.size = sum(parameter.numel() for parameter in self.parameters.values())
        self.kind = np.float32 if 4 * self.size * MOST_STATES <= EXACT else np.float16
        self.most = max(3, min(MOST_STATES, MOST_BYTES // max(1, self.size * np.dtype(self.kind).itemsize)))
        self.steps: list[int] = []
        self.rows: list[Row] = []
        self.settings: list[tuple[int, Settings]] = []  # from this step on
        self.due = 0  # the step that is kept next
        self.written: tuple[Path, int, int] | None = None  # what the file has: where, the newest step, changes

    @property
    def bytes(self) -> int:
        """What the states take, in memory and in the file."""
        return sum(row.nbytes for row in self.rows)

    def keep(self, run: Run, *, last: bool = False) -> bool:
        """Keep the present state if it is due, or if the run rests here; returns whether it was kept."""
        step = run.number
        if step < self.due and not last:
            return False
        if self.steps and step <= self.steps[-1]:
            return False
        if not self.settings:
            self.note(run)
        self.steps.append(step)
        self.rows.append(self._row())
        if len(self.steps) > self.most:
            place = crowded(self.steps)
            del self.steps[place], self.rows[place]
        self.due = step + max(
            1, round(1.6 * step / (self.most * (1 + 1 / math.log(step + 2))))
        )  # twice as dense as what stays
        return True

    @torch.no_grad()
    def _row(self) -> Row:
        parts = [parameter.detach().reshape(-1).float() for parameter in self.parameters.values()]
        whole = torch.cat(parts).numpy() if parts else np.zeros(0, np.float32)
        if self.kind is np.float32:
            return whole
        most = float(np.finfo(np.float16).max)
        return whole.clip(-most, most).astype(np.float16)

    def note(self, run: Run) -> None:
        """From this step on the run has these settings."""
        if self.settings and self.settings[-1][0] == run.number:
            self.settings.pop()
        self.settings.append((run.number, asdict(run.settings)))

    def changes(self) -> list[tuple[int, Settings]]:
        """The steps at which settings changed, with those that did."""
        pairs = pairwise(self.settings)
        found = (
            (step, {name: now[name] for name in now if now[name] != old.get(name)}) for (_, old), (step, now) in pairs
        )
        return [(step, changed) for step, changed in found if changed]

    def nearest(self, step: int) -> int:
        """The place of the kept state nearest to a step.

        Raises:
            ValueError: none is kept.
        """
        if not self.steps:
            raise ValueError("No state of this run is kept yet, so there is nothing to replay. Press Run, or Step.")
        return min(range(len(self.steps)), key=lambda place: abs(self.steps[place] - step))

    def settings_at(self, step: int) -> Settings:
        """The settings in force at a step."""
        return next((values for since, values in reversed(self.settings) if since <= step), self.settings[0][1])

    @torch.no_grad()
    def put(self, place: int, parameters: dict[str, torch.nn.Parameter]) -> None:
        """Copy a kept state into a copy of the run's parameters."""
        at, row = 0, torch.from_numpy(self.rows[place])
        for parameter in parameters.values():
            parameter.copy_(row[at : at + parameter.numel()].reshape(parameter.shape))
            at += parameter.numel()

    def begin(self, run: Run, folder: Path | None = None) -> None:
        """Keep the state that a run starts with, after those that its folder has where it was resumed from one."""
        if folder is not None:
            self.load(folder, run.number)
        if self.settings and self.settings_at(run.number) != asdict(run.settings):
            self.note(run)
        self.keep(run, last=True)

    # the file

    def save(self, folder: Path) -> None:
        """Write the states next to the checkpoint, whole or not at all; a file that has them already stays."""
        pack, done = self.packed_later(folder)
        if content := pack():
            write_bytes(folder / REPLAY_FILE, content)
            done()

    def packed_later(self, folder: Path) -> tuple[Callable[[], Content], Callable[[], None]]:
        """The content of that file in two parts: note now what there is, and pack it whenever the first result is called.

        It is empty where the folder has that file already; the second result notes that it has it.
        """
        now = folder, self.steps[-1] if self.steps else -1, len(self.settings)
        if now == self.written:
            return bytes, lambda: None
        about = {"settings": list(self.settings), "parameters": self._signature()}
        pack = partial(self._packed, list(self.steps), list(self.rows), about)
        return pack, partial(setattr, self, "written", now)

    def _packed(self, steps: list[int], kept: list[Row], about: dict[str, Any]) -> Content:
        content = BytesIO()
        rows = np.stack(kept) if kept else np.zeros((0, self.size), self.kind)
        np.savez(content, steps=np.asarray(steps, np.int64), rows=rows, about=np.array(json.dumps(about)))
        return content.getvalue()

    def _signature(self) -> list[list[Any]]:
        return [[name, list(parameter.shape)] for name, parameter in self.parameters.items()]

    def load(self, folder: Path, number: int) -> None:
        """Read the states back, up to the checkpoint's step; what is missing, damaged or of another model stays empty."""
        with suppress(Exception):  # zipfile, zlib, json and numpy each raise different errors for a damaged file
            steps, rows, about = self._read(folder)
            kept = [place for place, step in enumerate(steps) if step <= number]
            settings: list[tuple[int, Settings]] = [
                (int(step), dict(values)) for step, values in about["settings"] if int(step) <= number
            ]
            if kept and settings:
                self.steps, self.rows, self.settings = [steps[k] for k in kept], [rows[k] for k in kept], settings
                self.due = self.steps[-1] + 1

    def _read(self, folder: Path) -> tuple[list[int], Row, dict[str, Any]]:
        # numpy leaves a damaged file open that it has opened itself
        with (folder / REPLAY_FILE).open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            steps, rows, about = [int(step) for step in file["steps"]], file["rows"], json.loads(str(file["about"]))
        rising = all(first < second for first, second in pairwise(steps))
        fits = rows.shape == (len(steps), self.size) and rows.dtype == self.kind and len(steps) <= self.most
        if not (rising and fits and about["parameters"] == self._signature() and np.isfinite(rows).all()):
            raise ValueError(f"The states in {folder} do not belong to this run.")
        return steps, rows, about
