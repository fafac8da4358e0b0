"""How often the worker observes its run, and how it stays responsive meanwhile."""

import multiprocessing
import time
from itertools import pairwise

import pytest

from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Frame, Start
from elbo_room.widgets.worker.pace import CommandPoll, Pace, Speedometer
from elbo_room.widgets.worker.serve import Worker
from elbo_room.widgets.worker.trainer import PROBE_PART


def test_what_is_cheap_comes_at_its_rate_and_what_is_dear_takes_its_share_at_most(monkeypatch):
    """A cost c under a share s comes again after c/s."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    pace, begun = Pace(rate=5.0, share=0.1), []
    for cost in [0.001] * 10 + [0.5] * 40:
        while not pace.due(now[0]):
            now[0] += 0.001
        begun.append(now[0])
        with pace.spending():
            now[0] += cost
    assert begun[5] - begun[4] == pytest.approx(0.2, abs=0.002)
    assert begun[-1] - begun[-2] == pytest.approx(0.5 / 0.1, rel=0.01)


def test_the_speed_is_a_mean_over_two_seconds():
    """100 steps a second with a pause of half a second in every one: 50, and never 0 or 100."""
    meter, shown = Speedometer(), []
    for tenth in range(100):
        now = tenth / 10
        steps = 100 * int(now) // 2 + min(int(100 * (now % 1)), 50)
        shown.append(meter.read(now, steps))
    assert shown[0] == 0
    assert all(abs(each - 50) < 15 for each in shown[25:])


def test_an_ear_hears_a_command_at_once_and_an_end_too():
    ours, theirs = multiprocessing.Pipe()
    heard = CommandPoll(theirs)
    assert not heard(0.0)
    ours.send(("play", {}))
    assert heard(None)
    assert theirs.recv() == ("play", {})
    ours.close()
    assert heard(0.0)
    with pytest.raises(EOFError):
        theirs.recv()


@pytest.mark.parametrize(("cost", "steps"), [(0.001, 6), (0.05, 1)])
def test_a_turn_of_the_loop_is_shared_by_the_steps_of_a_burst(monkeypatch, tmp_path, cost, steps):
    """Commands, measurements and saves are looked after once in 6 ms of steps, or after each step that takes longer."""
    now, turns = [100.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    train = Run.__next__

    def timed(run):
        now[0] += cost
        return train(run)

    monkeypatch.setattr(Run, "__next__", timed)
    ours, theirs = multiprocessing.Pipe()
    worker = Worker(theirs)
    worker.start(Start({"data": "pinwheel", "width": 8, "depth": 1}, str(tmp_path / "run")))
    worker.faults.resting.add(PROBE_PART)  # no measuring process beside the tests
    monkeypatch.setattr(worker, "_measure", lambda _: turns.append(worker.run.number))
    while worker.run.number < 60:
        worker._work()
    made = [after - before for before, after in pairwise(turns)]
    assert max(made) == steps
    assert sorted(made)[len(made) // 2] == steps
    frames = [message for message in received(ours) if isinstance(message, Frame)]
    gaps = [late.number - early.number for early, late in pairwise(frames)]
    assert max(gaps, default=0) <= 0.1 / cost + steps + 1, "no frame is later for it"


def received(connection):
    while connection.poll(0):
        yield connection.recv()
