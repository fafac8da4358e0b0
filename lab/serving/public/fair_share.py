"""Every session's training has at most one core and lower priority than the pages: no more than its share for a visitor who trains much.

The kernels, which answer the pages, and the server stay as they are; what they start (workers, readers of files, measurements) is slowed.
The cores are dealt out again every few seconds, so that two sessions that train are not on one core while another is free.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

NICE = 10
SECONDS = 3


class FairShare:
    """Remembers how much each session used, to tell those that train from those that rest."""

    def __init__(self, cores: Iterable[int] | None = None) -> None:
        allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
        self.cores = sorted(allowed if cores is None else cores)
        self._used: dict[int, float] = {}  # by kernel: processor seconds of what it has started
        self._core: dict[int, int] = {}

    def deal(self, kernels: Iterable[int]) -> None:
        """Slow down what these kernels have started, and give each session a core."""
        children = _children()
        started = {kernel: _below(kernel, children) for kernel in kernels}
        used = {kernel: sum(map(_seconds, processes)) for kernel, processes in started.items()}
        busy = {kernel: seconds - self._used.get(kernel, 0.0) for kernel, seconds in used.items()}
        self._used = used
        self._core = self._cores_for(busy)
        for kernel, processes in started.items():
            for process in processes:
                _slow_down(process.pid, self._core.get(kernel))

    def _cores_for(self, busy: dict[int, float]) -> dict[int, int]:
        """The busiest session first, each on the core with the least to do; on its own one where that is as good."""
        if len(self.cores) < 2:
            return {}
        load, chosen = dict.fromkeys(self.cores, 0.0), {}
        for kernel in sorted(busy, key=lambda kernel: -busy[kernel]):
            chosen[kernel] = min(self.cores, key=lambda core: (round(load[core], 1), core != self._core.get(kernel)))
            load[chosen[kernel]] += busy[kernel]
        return chosen


def _children() -> dict[int, list[psutil.Process]]:
    """All processes by their parent."""
    found: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter(["ppid"]):
        found.setdefault(process.info["ppid"], []).append(process)
    return found


def _below(pid: int, children: dict[int, list[psutil.Process]]) -> list[psutil.Process]:
    """Everything that a process has started, and what that has."""
    own = children.get(pid, [])
    return [*own, *(below for process in own for below in _below(process.pid, children))]


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _slow_down(pid: int, core: int | None) -> None:
    """Every thread of a process; on Linux priority and cores belong to threads. One that has ended meanwhile is left out."""
    if not hasattr(os, "sched_setaffinity"):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            process.nice(NICE if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    with suppress(OSError):  # where the kernel groups by terminal session, priorities count within a group only
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE), encoding="ascii")
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names alone, of a folder that may be gone
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, int(thread), NICE)
                if core is not None:
                    os.sched_setaffinity(int(thread), {core})
