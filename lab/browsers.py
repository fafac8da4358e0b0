"""A Chromium for the browser tests: the user's, the system's, or Playwright's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from elbo_room.lab import processes
from elbo_room.lab.errors import Refusal

VARIABLE = "ELBO_ROOM_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def find() -> str | None:
    """A browser that is already installed."""
    named = os.environ.get(VARIABLE)
    candidates = [named, *map(shutil.which, NAMES), *PLACES, *_of_playwright()]
    return next((path for path in candidates if path and Path(path).is_file()), None)


def ensure(python: Path) -> str | None:
    """Find a browser or install one; None if there is none, which is a failure only in CI."""
    found = find()
    if found:
        return found
    print("No Chromium found for the browser tests; installing one …", flush=True)
    if is_root() and shutil.which("apt-get"):
        _try(["apt-get", "update"])
        _try(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    else:
        _try([str(python), "-m", "playwright", "install", "chromium"])
    found = find()
    if found is None:
        missing = "No Chromium could be found or installed"
        if in_ci():
            raise Refusal(
                f"{missing}, but the browser tests must run in CI: install one, or set {VARIABLE} to its path."
            )
        print(f"{missing}: the browser tests will be skipped. Install one, or set {VARIABLE} to its path.", flush=True)
    return found


def in_ci() -> bool:
    """Whether this runs in CI, where skipped tests would go unnoticed."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def is_root() -> bool:
    """Whether apt-get may be used, and Chromium must run without its sandbox."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _of_playwright() -> list[str]:
    """Chromium builds in Playwright's own cache, newest first."""
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    caches = [Path(named)] if named else [Path.home() / part for part in (".cache", "Library/Caches", "AppData/Local")]
    roots = caches if named else [cache / "ms-playwright" for cache in caches]
    inside = (
        "chromium-*/chrome-linux*/chrome",
        "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
        "chromium-*/chrome-win*/chrome.exe",
    )
    return [str(path) for root in roots for pattern in inside for path in sorted(root.glob(pattern), reverse=True)]


def _try(command: list[str]) -> None:
    try:
        processes.run(command, Path.cwd(), own_group=True, env={"DEBIAN_FRONTEND": "noninteractive"})
    except (OSError, subprocess.SubprocessError) as error:
        print(f"`{' '.join(command)}` did not run: {error}.", flush=True)
