"""The slider below panel A: the panels, the caption and the marks are of the replayed step; Live, Run and another run leave it."""

import numpy as np
import pytest

from elbo_room.widgets.actions import Quietly, Run, Seek
from elbo_room.widgets.controllers import replay
from elbo_room.widgets.messages import Replayed
from elbo_room.widgets.sessions.example import steps_of
from tests.widgets.conftest import eventually

SETTINGS = {"data": "pinwheel", "width": 8, "depth": 1, "stop_at": 60, "batch_size": 32}


def test_a_replayed_step_is_on_every_panel_and_in_the_caption(lab) -> None:
    room = lab(SETTINGS)
    screen, bar = room.screen, room.screen.replay
    room.post(Run())
    eventually(lambda: room.state == "finished" and bar.steps and bar.steps[-1] == 60)
    eventually(lambda: room.painter.facts.get("variance_at") == 60)
    newest = screen.bus.shown("latent")["cloud"]["x"].copy()
    assert bar.words.startswith("keeps ")
    multiples = dict(screen.legend.multiples)
    room.post(Quietly(Seek(4)))
    eventually(lambda: bar.shown == 4)
    words = screen.caption.value
    table = np.concatenate(room.painter.lines.drawn)
    assert "Replaying step 4 of 60" in words
    assert f"{table[table[:, 0] == 4][0, 1]:.1f}".replace("-", "−") in words  # a run as short as this has no mean yet
    assert screen.chart("elbo").params["cut"] == screen.chart("variance").params["cut"] == 4
    assert "Replay keeps " in words
    assert screen.legend.multiples.keys() == multiples.keys()
    assert screen.legend.multiples != multiples, "the legend has the newest step's multiples"
    assert np.abs(screen.bus.shown("latent")["cloud"]["x"] - newest).max() > 0.01
    room.post(Quietly(Seek(None)))
    eventually(lambda: np.array_equal(screen.bus.shown("latent")["cloud"]["x"], newest))
    assert bar.shown == screen.chart("elbo").params["cut"] == -1
    assert "Replaying" not in screen.caption.value
    assert screen.legend.multiples == multiples
    room.show(Replayed(4, {}))  # an answer that comes late
    assert bar.shown == -1
    room.post(Quietly(Seek(4)))
    eventually(lambda: bar.shown == 4)
    room.post(Run())  # finished: the next run
    eventually(lambda: bar.shown == -1 and room.state in ("running", "finished") and not room.current.requested)


def test_a_step_s_pictures_leave_before_its_marks_and_words(lab, monkeypatch) -> None:
    """A hand is on the slider: nothing that can come later may hold up what it looks at."""
    room = lab(SETTINGS)
    bus, bar, sent = room.screen.bus, room.screen.replay, []

    def page(content, buffers):
        sent.extend(part["chart"] for part in content["parts"])
        bus._on_message(bus, {"kind": "ack", "client": "page", "frame": content["frame"]}, [])

    monkeypatch.setattr(bus, "send", page)
    bus._on_message(bus, {"kind": "ready", "client": "page"}, [])
    room.post(Run())
    eventually(lambda: room.state == "finished" and bar.steps and bar.steps[-1] == 60)
    room.post(Quietly(Seek(4)))
    eventually(lambda: bar.shown == 4)
    with room.turn:
        sent.clear()
    then = []
    room.screen.chart("elbo").observe(lambda _: then.append(set(sent)), "params")
    bar.observe(lambda _: then.append(set(sent)), "shown")
    room.post(Quietly(Seek(16)))
    eventually(lambda: len(then) == 2)
    assert all({"latent", "kl"} <= each for each in then), "a mark came first"


def test_a_recorded_run_is_replayed_from_its_file_without_a_worker(lab, monkeypatch) -> None:
    """Its pictures and its caption are of the step; End shows the finished run again, number by number."""
    read = []
    monkeypatch.setattr(replay, "steps_of", lambda *of: read.append(of) or steps_of(*of))
    room = lab()
    screen, bar = room.screen, room.screen.replay
    monkeypatch.setattr(room.session, "send", lambda command: pytest.fail(f"the worker was asked for {command}"))
    last, words = screen.bus.shown("latent")["cloud"]["x"].copy(), screen.caption.value
    assert bar.recorded
    assert (bar.steps[0], bar.steps[-1]) == (0, room.painter.facts["number"])
    assert not read, "the page was opened, and the steps were read"
    first = bar.steps[1]
    room.post(Quietly(Seek(first)))
    eventually(lambda: bar.shown == first)
    assert f"Replaying step {first:,} of" in screen.caption.value
    assert np.abs(screen.bus.shown("latent")["cloud"]["x"] - last).max() > 0.01
    room.post(Quietly(Seek(None)))
    eventually(lambda: bar.shown == -1)
    np.testing.assert_array_equal(screen.bus.shown("latent")["cloud"]["x"], last)
    assert screen.caption.value == words
    assert len(read) == 1


def test_a_run_s_own_steps_take_the_place_of_the_recorded_ones(lab) -> None:
    room = lab(SETTINGS)
    bar = room.screen.replay
    assert bar.recorded
    room.post(Run())
    eventually(lambda: bar.steps and bar.words.startswith("keeps "))
    assert not bar.recorded
