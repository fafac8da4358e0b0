"""A ballot for the phones in a room: what the page's kernel asks, and what the server has counted, as small files that the two share.

CODE.ask is the kernel's, CODE.count and `place` are the server's (`elbo_room.lab.serving.votes`); each is replaced as a whole. The
folder belongs to the server, which names it to its kernels and removes it with its end.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "ELBO_ROOM_BALLOTS"  # the folder's path, for kernels of pages whose server can count votes
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is mistaken for another where a code is typed
LENGTH = 10  # 49 bits: no guess is right
PLACE = "place"
SILENCE = 60.0  # seconds after which a ballot whose kernel has not touched it is over
LONGEST, MOST_CHOICES = 500, 12  # characters of a text, and choices


@dataclass(frozen=True)
class Paper:
    """What is asked now. Another `number` is another question, with its own votes; `right` and `says` come with the run's answer."""

    number: int
    ask: str
    choices: tuple[str, ...]
    open: bool = True
    right: int | None = None
    says: str = ""


def folder() -> Path | None:
    """Where ballots are, if this kernel's server can count votes."""
    named = os.environ.get(FOLDER)
    return Path(named) if named and Path(named).is_dir() else None


def write(path: Path, content: dict[str, Any]) -> bool:
    """Replace a file as a whole, readable by its owner alone; False where Windows does not allow it now, since it is being read."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
    try:
        fresh.replace(path)
    except PermissionError:
        return False
    return True


def read(path: Path) -> dict[str, Any]:
    """A file's content; empty where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(found)


def age(path: Path) -> float:
    """Seconds since a file was written; for ever where there is none."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf


def read_paper(path: Path) -> Paper | None:
    """The question in a file of the kernel's; none where there is none."""
    found = read(path)
    try:
        asked = Paper(**{**found, "choices": tuple(str(each)[:LONGEST] for each in found["choices"][:MOST_CHOICES])})
    except (KeyError, TypeError):
        return None
    return asked


class Ballot:
    """One page's ballot, with a code that cannot be guessed; it is there until `close`, or until this process has ended."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        self.shown: Paper | None = None

    def show(self, paper: Paper) -> None:
        """Ask this, or say what came of it; the same again costs nothing."""
        if paper != self.shown and write(self.asked, asdict(paper)):
            self.shown = paper

    @property
    def asked(self) -> Path:
        """Its file."""
        return self.place / f"{self.code}.ask"

    def keep(self) -> None:
        """The page is still there; a ballot that the server gave up while this computer slept is there again."""
        if self.shown is not None and age(self.asked) > SILENCE / 4:
            write(self.asked, asdict(self.shown))

    def counts(self) -> list[int]:
        """The votes by choice for the question that is shown; none as long as the server has not counted any."""
        found, asked = read(self.place / f"{self.code}.count"), self.shown
        if asked is None or found.get("number") != asked.number or len(found.get("counts", ())) != len(asked.choices):
            return []
        return [int(each) for each in found["counts"]]

    def address(self) -> str:
        """The page that phones open; empty until the server is ready for them."""
        found = read(self.place / PLACE)
        return f"{found['address']}/vote/{self.code}" if found.get("address") else ""

    def reason(self) -> str:
        """Why phones cannot vote, if they cannot."""
        return str(read(self.place / PLACE).get("reason", ""))

    def close(self) -> None:
        """No more votes: the page is gone."""
        for end in ("ask", "count"):
            with suppress(OSError):
                (self.place / f"{self.code}.{end}").unlink(missing_ok=True)
