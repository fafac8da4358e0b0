"""How often the worker observes its run, and how it stays responsive meanwhile."""

import multiprocessing
import time

import pytest

from elbo_room.widgets.worker.pace import CommandPoll, Pace, Speedometer


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
