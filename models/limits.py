"""Limits of a run on this machine: bytes of memory, seconds per step; and their wording in sentences.

The limits apply wherever the lab runs: a server has several sessions, and a page that waits three seconds for a step looks frozen.
"""

import os
from math import inf
from pathlib import Path

MOST_BYTES, MOST_SECONDS = 1.5e9, 3.0  # of a step
SHARE = 0.6  # of the memory that is free
COPIES = 6  # of every parameter: value, gradient, Adam's two moments, the last good value, a checkpoint being written


def free_bytes() -> float:
    """Free memory: of the machine, and of this process's control group if that has a limit."""
    return min(_machine(), _group())


def _machine() -> float:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return inf


def _group() -> float:
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            return max(float(int(Path(limit).read_text()) - int(Path(used).read_text())), 0.0)
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return inf


def most_bytes() -> float:
    """The memory that a run may use here."""
    return min(MOST_BYTES, SHARE * free_bytes())


def too_many_weights(count: int, whose: str) -> str | None:
    """None, or why so many weights are refused; nothing needs to have been allocated."""
    need = 4.0 * COPIES * count
    if need <= most_bytes():
        return None
    return f"{whose} {count:,} weights need about {bytes_in_words(need)} to be trained; a run may use {bytes_in_words(most_bytes())} here."


def bytes_in_words(count: float) -> str:
    """0.3 GB, or 40 MB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"


def seconds_in_words(count: float) -> str:
    """3.2 s, 40 s, or 12 minutes."""
    return f"{count:.1f} s" if count < 10 else f"{count:.0f} s" if count < 600 else f"{count / 60:,.0f} minutes"
