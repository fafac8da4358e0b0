"""What this server may use of the machine: its cores and its memory, within the limits of a container."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

CONTAINER = Path("/sys/fs/cgroup")  # version 2, as containers and systemd show it to the processes within
UNLIMITED = "max"


def cores(container: Path = CONTAINER) -> float:
    """Cores that may be busy at once."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(container / "cpu.max").partition(" ")
    return min(allowed, int(quota) / int(period)) if quota not in {"", UNLIMITED} else float(allowed)


def memory_left(container: Path = CONTAINER) -> int:
    """Bytes that new processes may take before the machine or the container is full."""
    left = int(psutil.virtual_memory().available)
    limit = _read(container / "memory.max")
    if limit in {"", UNLIMITED}:
        return left
    counted = dict(line.split() for line in _read(container / "memory.stat").splitlines())
    used = int(_read(container / "memory.current")) - int(counted.get("inactive_file", 0))  # files read once can go
    return min(left, int(limit) - used)


def _read(file: Path) -> str:
    """A file's text; empty where there is none."""
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""
