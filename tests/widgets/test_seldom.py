"""Words with numbers that run."""

from widgets import seldom
from widgets.seldom import Seldom


def test_words_stand_while_it_trains_and_change_at_once_when_that_does(monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(seldom.time, "monotonic", lambda: clock[0])
    said = Seldom(0.25)
    found = []
    for state, at in [("running", 0.0), ("running", 0.1), ("running", 0.24), ("running", 0.26), ("paused", 0.3), ("paused", 0.31),
                      ("running", 0.32), ("running", 0.33)]:  # fmt: skip
        clock[0] = 100.0 + at
        found.append(said.due(state))
    assert found == [True, False, False, True, True, True, True, False]
