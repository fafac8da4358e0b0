"""What a worker process keeps in memory: the scene on the screen, and not earlier ones."""

import time
from types import SimpleNamespace

import psutil
import pytest

from elbo_room.models.settings import knobs_of, validate
from elbo_room.widgets.messages import Start, State
from elbo_room.widgets.sessions.example import all_knobs, catalogue
from elbo_room.widgets.sessions.link import ProcessLink
from elbo_room.widgets.sessions.runs import new_run
from elbo_room.widgets.worker import memory
from tests.widgets.conftest import eventually

SLACK = 90e6  # bytes: modules that the scenes between have loaded, data sets that are small


class Held:
    """A worker process and its measuring process, and how much memory they use together."""

    def __init__(self) -> None:
        self.link = ProcessLink()
        self.link.start()
        self.seen: list[dict] = []

    def visit(self, scene: str) -> float:
        """Train a scene for three steps, wait until its worker rests, and return its bytes."""
        wanted = {**catalogue()["presets"][scene]["settings"], "stop_at": 3}
        self.seen = []
        self.link.send(Start(validate(knobs_of(all_knobs(), wanted), wanted), str(new_run().path)))
        eventually(lambda: self._heard("finished"))
        eventually(self._rests)
        return float(sum(each.memory_full_info().pss for each in self._processes()))

    def _processes(self) -> list[psutil.Process]:
        worker = psutil.Process(self.link.process.pid)
        return [worker, *worker.children()]

    def _heard(self, state: str) -> bool:
        self.seen += self.link.receive()
        return any(isinstance(message, State) and message.state == state for message in self.seen)

    def _rests(self) -> bool:
        before = self._spent()
        time.sleep(0.5)
        self.link.receive()
        return self._spent() - before < 0.05

    def _spent(self) -> float:
        return sum(each.cpu_times().user for each in self._processes())


@pytest.mark.slow
def test_a_worker_gives_back_what_its_scenes_took():
    """The Bible's counts and its verses take 200 to 700 MB; of the scene before them nothing else is kept."""
    held = Held()
    try:
        first = held.visit("pinwheel")
        most = max(held.visit(scene) for scene in ("gamma_topics", "verses"))
        last = held.visit("pinwheel")
    finally:
        held.link.close()
    assert most > first + 150e6
    assert last < first + SLACK


def test_a_worker_tidies_up_once_it_rests_and_not_before_a_new_run_has_been_seen(monkeypatch):
    """It takes .1 s, which nobody should wait for: neither at a start, nor at every move of the pointer over a run that rests."""
    clock, times = [100.0], []
    monkeypatch.setattr(memory.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(memory, "let_go", lambda: times.append(clock[0]))
    tidying, run = memory.Tidying(), SimpleNamespace(number=0)
    tidying.soon()
    while clock[0] < 105:
        tidying.turn()
        clock[0] += 0.5
    assert times == [102.0]
    for number in (7, 7, 7, 8):
        run.number = number
        tidying.rest(run)
    assert len(times) == 3
