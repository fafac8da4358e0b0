"""Text with rapidly changing numbers."""

from elbo_room.widgets.screen import text_throttle
from elbo_room.widgets.screen.text_throttle import TextThrottle


def test_words_stand_while_it_trains_and_change_at_once_when_that_does(monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(text_throttle.time, "monotonic", lambda: clock[0])
    throttle = TextThrottle(0.25)
    found = []
    for state, at in [("running", 0.0), ("running", 0.1), ("running", 0.24), ("running", 0.26), ("paused", 0.3), ("paused", 0.31),
                      ("running", 0.32), ("running", 0.33)]:  # fmt: skip
        clock[0] = 100.0 + at
        found.append(throttle.due(state, drawn=True))
    assert found == [True, False, False, True, True, True, True, False]


def test_words_wait_for_a_picture_to_go_with_but_not_for_ever(monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(text_throttle.time, "monotonic", lambda: clock[0])
    throttle = TextThrottle(0.25)
    found = []
    for drawn, at in [(True, 0.0), (False, 0.3), (True, 0.31), (False, 0.9), (False, 1.32), (True, 1.4), (True, 1.6)]:
        clock[0] = 100.0 + at
        found.append(throttle.due("running", drawn=drawn))
    assert found == [True, False, True, False, True, False, True]
