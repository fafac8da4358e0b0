"""Child processes that never outlive `python lab`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from elbo_room.lab.errors import Stopped

PATIENCE = 10.0  # seconds for a server to shut down its kernels
Command = Sequence[str | os.PathLike[str]]


class Child:
    """A process and everything it starts.

    In its own process group it does not receive the terminal's Ctrl-C, only `stop`; otherwise it receives it together with us
    (and may use the terminal: the debugger of a test).
    """

    def __init__(
        self,
        command: Command,
        cwd: Path,
        own_group: bool = False,
        env: Mapping[str, str] | None = None,
        output: int | None = None,
    ) -> None:
        self.own_group = own_group
        self.process = subprocess.Popen(
            [os.fspath(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            stdin=subprocess.DEVNULL if own_group else None,
            start_new_session=own_group and os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if own_group else 0,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    def stop(self) -> None:
        """Interrupt, terminate, then kill the whole tree."""
        for ask, seconds in ((self._interrupt, PATIENCE), (self._terminate, 3.0), (self._kill, 3.0)):
            if self.process.poll() is not None:
                break
            with suppress(OSError):
                ask()
            with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):  # a second Ctrl-C ends the wait
                self.process.wait(seconds)
        with suppress(OSError):
            self._kill()  # whatever remains in its group

    def _interrupt(self) -> None:
        if self.own_group:
            self._signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))

    def _terminate(self) -> None:
        if sys.platform == "win32":
            subprocess.run(["taskkill", "/PID", str(self.process.pid), "/T", "/F"], capture_output=True, check=False)
        else:
            self._signal(signal.SIGTERM)

    def _kill(self) -> None:
        if sys.platform == "win32":
            self.process.kill()
        else:
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.own_group and sys.platform != "win32":
            os.killpg(self.process.pid, number)  # the group's id is its leader's, and outlives it
        else:
            self.process.send_signal(number)


def run(command: Command, cwd: Path, own_group: bool = False, env: Mapping[str, str] | None = None) -> int:
    """Run a child to its end and return its exit code; on Ctrl-C stop it and everything it started."""
    with _stoppable():
        child = Child(command, cwd, own_group, env)
        try:
            return child.process.wait()
        except KeyboardInterrupt:
            child.stop()
            raise Stopped from None


def read(command: Command, cwd: Path, each_line: Callable[[str], None], env: Mapping[str, str] | None = None) -> int:
    """Run a child to its end and pass on every line it prints; on Ctrl-C stop it and everything it started."""
    with _stoppable():
        child = Child(command, cwd, True, env, output=subprocess.PIPE)
        with child.process:
            try:
                for line in child.process.stdout or ():
                    each_line(line.rstrip())
                return child.process.wait()
            except KeyboardInterrupt:
                child.stop()
                raise Stopped from None


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn a closed terminal or a SIGTERM into KeyboardInterrupt, like Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
