"""A temporary home for runs, a clean-up of what a test opens, and waiting for workers."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from elbo_room.widgets.explorer import Explorer
from elbo_room.widgets.prepare import prepare


@pytest.fixture(scope="session", autouse=True)
def prepared() -> None:
    """The charts are those of the sources as they are now."""
    prepare()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Runs are kept in the test's own folder."""
    monkeypatch.setenv("ELBO_ROOM_HOME", str(tmp_path))
    return tmp_path


_open: list[Explorer] = []


@contextmanager
def between_messages() -> Iterator[None]:
    """Inside, no open lab is midway in showing a message or in carrying out an action."""
    with ExitStack() as held:
        for each in _open:
            held.enter_context(each.turn)
        yield


def eventually(truth: Callable[[], object], seconds: float = 120.0) -> object:
    """Wait for a state, never for a time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with between_messages():
            found = truth()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it never came true")


@pytest.fixture
def lab() -> Iterator[Callable[..., Explorer]]:
    """Makes labs and closes them."""

    def make(*arguments, **options) -> Explorer:
        _open.append(Explorer(*arguments, **options))
        return _open[-1]

    yield make
    while _open:
        _open.pop().close()
