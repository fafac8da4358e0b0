"""The lab's Python environment, `.venv`: created once, and again only when one of its two defining files changes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from elbo_room.lab import processes
from elbo_room.lab.errors import Refusal

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = "binder/constraints.txt"
OFFLINE_SIGNS = ("name resolution", "NewConnectionError", "Failed to establish", "Network is unreachable",
                 "ReadTimeout", "ConnectTimeout", "ProxyError", "getaddrinfo", "No route to host")  # fmt: skip


class Environment:
    """A virtual environment in a clone of the project."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.stamp = self.folder / "elbo-room.json"
        self.log = root / ".venv-set-up.log"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def ready(self, extras: Iterable[str] = ()) -> bool:
        """Whether set-up has finished here, for exactly these files, with these extras."""
        key, have = self._read_stamp()
        return self.python.exists() and key == self.key() and set(extras) <= set(have)

    def key(self) -> str:
        """What the environment was made from; the location counts too, because an editable install contains its path."""
        described = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        tools = {"tool": described.get("tool", {}).get("setuptools")}  # settings of ruff or pytest do not matter here
        parts = [str(self.root), {**described, **tools}, (self.root / CONSTRAINTS).read_text(encoding="utf-8")]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def set_up(self, extras: Iterable[str] = ()) -> None:
        """Create or complete the environment; raises Refusal if that is impossible."""
        if self.ready(extras):
            return
        with self._alone():
            if self.ready(extras):
                return  # another `python lab` did it while we waited
            wanted = sorted({*self._read_stamp()[1], *extras})
            self.stamp.unlink(missing_ok=True)  # an interruption from here on is noticed next time
            self._make_folder()
            self._install(wanted)
            self._install_jupyter_settings()
            self.stamp.write_text(json.dumps({"key": self.key(), "extras": wanted}), encoding="utf-8")

    def _read_stamp(self) -> tuple[str, list[str]]:
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
            return str(stamp["key"]), [str(extra) for extra in stamp["extras"]]
        except (OSError, ValueError, KeyError, TypeError):
            return "", []

    def _make_folder(self) -> None:
        if self._has_pip():
            return
        print("Setting up the lab: creating .venv …", flush=True)
        self._log_to_file([sys.executable, "-m", "venv", "--clear", self.folder], "a", "Python could not create .venv")

    def _has_pip(self) -> bool:
        command: processes.Command = [self.python, "-c", "import pip"]
        return self.python.exists() and processes.read(command, self.root, lambda _: None) == 0

    def _install(self, extras: list[str]) -> None:
        print(
            "Setting up the lab: installing packages, a few minutes the first time (1.5 GB, on Linux up to 5) …",
            flush=True,
        )
        project = "." + (f"[{','.join(extras)}]" if extras else "")
        command: processes.Command = [self.python, "-m", "pip", "install", "--progress-bar", "off", "-e", project]
        self._log_to_file([*command, "-c", CONSTRAINTS], "w", "pip could not install the packages")

    def _install_jupyter_settings(self) -> None:
        self._log_to_file(
            [self.python, "-m", "elbo_room.lab.install_settings"], "a", "The servers' settings could not be installed"
        )

    def _log_to_file(self, command: processes.Command, mode: str, complaint: str) -> None:
        """Run a set-up step: one updating line on the terminal, everything in the log."""
        with self.log.open(mode, encoding="utf-8") as log, Ticker() as ticker:

            def note(line: str) -> None:
                log.write(line + "\n")
                ticker.show(line)

            code = processes.read(
                command, self.root, note, env={"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"}
            )
        if code != 0:
            raise Refusal(f"{complaint}{self._reason()} The whole log is in {self.log}.")

    def _reason(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        if any(sign in text for sign in OFFLINE_SIGNS):
            return ": the network cannot be reached. Set-up needs it once; connect and start again."
        if "No space left" in text:
            return ": the disk is full. Free some GB and start again."
        if "ensurepip is not available" in text:
            return ": this Python has no `venv`. Install it (on Debian: apt install python3-venv) and start again."
        errors = [line for line in text.splitlines() if line.startswith(("ERROR:", "Error:"))]
        return f" ({errors[-1].split(':', 1)[1].strip()})." if errors else "."

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One set-up at a time; the system frees the lock when its holder ends, however it ends."""
        try:
            lock = (self.root / ".venv.lock").open("a+b")
        except OSError as error:
            raise Refusal(
                f"The lab must be able to write in {self.root} to set itself up ({error.strerror})."
            ) from None
        with lock:
            announced = False
            while not _locked(lock):
                if not announced:
                    print("Another `python lab` is setting up; waiting for it …", flush=True)
                    announced = True
                time.sleep(0.2)
            yield


class Ticker:
    """What pip is doing right now, on one line of a terminal; nothing where the output is a file."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        self.count = 0

    def __enter__(self) -> Ticker:
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            print("\r\033[K", end="", flush=True)

    def show(self, line: str) -> None:
        """Show the gist of a line of pip's output."""
        words = line.split()
        if not words or words[0] not in {"Collecting", "Downloading", "Installing", "Building", "Using", "Processing"}:
            return
        self.count += words[0] == "Collecting"
        if self.live:
            text = f"  {self.count} packages · {line.strip()}"[: shutil.get_terminal_size().columns - 1]
            print(f"\r\033[K{text}", end="", flush=True)


def _locked(file: IO[bytes]) -> bool:
    """Try to take the file's lock."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
