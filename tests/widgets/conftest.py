"""A temporary home for runs, a clean-up of what a test opens, and patience for workers."""

import time
from collections.abc import Callable, Iterator

import pytest

from widgets.explorer import Explorer


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Runs are kept in the test's own folder."""
    monkeypatch.setenv("ELBO_ROOM_HOME", str(tmp_path))
    return tmp_path


def eventually(truth: Callable[[], object], seconds: float = 60.0) -> object:
    """Wait for a state, never for a time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = truth()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it never came true")


@pytest.fixture
def lab() -> Iterator[Callable[..., Explorer]]:
    """Makes labs and closes them."""
    made: list[Explorer] = []

    def make(*arguments, **options) -> Explorer:
        made.append(Explorer(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
