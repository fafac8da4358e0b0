"""The bus: credit, order, coalescing, a complete resync, bounded history."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elbo_room.widgets import built_assets
from elbo_room.widgets.prepare import prepare
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.screen.page import Page
from elbo_room.widgets.wire.bus import MESSAGES, Bus
from elbo_room.widgets.wire.flow_control import LOST, TABS, WINDOW, FlowControl
from elbo_room.widgets.wire.history import KEPT, LIMIT, History, thin


@pytest.fixture
def bus():
    return SpyBus()


class SpyBus(Bus):
    """Keeps what it sends; `says` plays the page."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def send(self, content, buffers=None):
        self.sent.append((content, buffers or []))

    def says(self, kind, client="page", **content):
        self._on_message(self, {"kind": kind, "client": client, **content}, [])

    def ack(self, **content):
        self.says("ack", frame=self.stats["frames"], hidden=False, **content)

    def opened(self):
        """A page that has everything and waits for news."""
        self.says("ready", chart="elbo")
        self.flush()
        self.ack()
        self.sent.clear()
        return self


def columns(sent, chart, dataset, op=None):
    """The columns of every part of a frame for one dataset, decoded as the browser does it."""
    content, buffers = sent
    found = []
    for part in content["parts"]:
        if (part["chart"], part["data"]) == (chart, dataset) and op in (None, part["op"]):
            decoded = {}
            for name, kind, shape, at in part["columns"]:
                assert at % 4 == 0, "typed arrays need aligned offsets"
                values = np.frombuffer(buffers[0], "<f4" if kind == "f4" else "u1", int(np.prod(shape)), at)
                decoded[name] = values.reshape(shape)
            found.append((part["op"], decoded))
    return found


def one_point(bus, chart, step, value=0.0):
    bus.append(chart, "lines", step=[step], value=[value], series=[0])


def test_nothing_leaves_before_a_page_is_ready_and_everything_at_once_afterwards(bus):
    chart = LiveChart("elbo", bus)
    one_point(bus, chart, 1)
    one_point(bus, chart, 2)
    assert not bus.flush()
    bus.says("ready", chart="elbo")
    assert bus.flush()
    [(op, lines)] = columns(bus.sent[0], "elbo", "lines")
    assert op == "append"
    assert lines["step"].tolist() == [1, 2]
    assert bus.sent[0][0]["full"]


def test_at_most_two_frames_are_under_way(bus):
    chart = LiveChart("elbo", bus)
    bus.opened()
    left = []
    for step in range(5):
        one_point(bus, chart, step)
        left.append(bus.flush())
    assert left == [True] * WINDOW + [False] * (5 - WINDOW)
    assert bus.stats["in_flight"] == WINDOW
    bus.ack()
    assert bus.flush()
    assert columns(bus.sent[-1], "elbo", "lines")[0][1]["step"].tolist() == [2, 3, 4]


def test_frames_carry_consecutive_numbers_and_an_idle_bus_sends_nothing(bus):
    chart = LiveChart("elbo", bus)
    bus.opened()
    assert not bus.flush()
    for step in range(4):
        one_point(bus, chart, step)
        bus.flush()
        bus.ack()
    assert [content["frame"] for content, _ in bus.sent] == [2, 3, 4, 5]
    assert not any(content["full"] for content, _ in bus.sent)


def test_clouds_coalesce_to_the_newest_and_lines_keep_every_point(bus):
    chart, cloud = LiveChart("elbo", bus), LiveChart("latent", bus)
    bus.opened()
    for k in range(3):
        one_point(bus, chart, k)
        bus.replace(cloud, "cloud", x=[k], y=[-k])
    bus.flush()
    assert columns(bus.sent[0], "elbo", "lines")[0][1]["step"].tolist() == [0, 1, 2]
    assert [part["x"].tolist() for _, part in columns(bus.sent[0], "latent", "cloud")] == [[2]]


def test_a_cloud_is_copied_when_it_is_given(bus):
    cloud, x = LiveChart("latent", bus), np.zeros(2, np.float32)
    bus.opened()
    bus.replace(cloud, "cloud", x=x, y=x)
    x[:] = 9
    bus.flush()
    assert columns(bus.sent[0], "latent", "cloud")[0][1]["x"].tolist() == [0, 0]


def test_clear_comes_before_what_was_added_after_it(bus):
    chart = LiveChart("elbo", bus)
    bus.opened()
    one_point(bus, chart, 1)
    bus.clear(chart)
    one_point(bus, chart, 7)
    bus.flush()
    assert [op for op, _ in columns(bus.sent[0], "elbo", "lines")] == ["clear", "append"]
    assert columns(bus.sent[0], "elbo", "lines", "append")[0][1]["step"].tolist() == [7]
    bus.says("resync")
    bus.ack()
    bus.flush()
    assert columns(bus.sent[-1], "elbo", "lines")[0][1]["step"].tolist() == [7]


@pytest.mark.parametrize("kind", ["ready", "visible", "resync"])
def test_a_resync_carries_lines_clouds_static_columns_and_the_newest_grid(bus, kind):
    chart, cloud = LiveChart("elbo", bus), LiveChart("latent", bus)
    bus.opened()
    one_point(bus, chart, 1)
    bus.static(cloud, "cloud", images=np.array([[1, 2, 3], [4, 5, 6]], np.uint8), label=[3, 4])
    bus.replace(cloud, "cloud", x=[0, 1], y=[2, 3])
    bus.message({"kind": "grid", "chart": "latent", "n": 1}, [b"old"])
    bus.message({"kind": "grid", "chart": "latent", "n": 2}, [b"new"])
    bus.message({"kind": "decoded", "chart": "latent", "id": 1}, [b"x"])
    bus.flush()
    bus.ack()
    bus.says(kind)
    assert bus.flush()
    content, buffers = bus.sent[-1]
    assert content["full"]
    parts = [part for _, part in columns(bus.sent[-1], "latent", "cloud")]
    merged = {name: values.tolist() for part in parts for name, values in part.items()}
    assert merged == {"x": [0, 1], "y": [2, 3], "label": [3, 4], "images": [[1, 2, 3], [4, 5, 6]]}
    assert columns(bus.sent[-1], "elbo", "lines")[0][1]["step"].tolist() == [1]
    [(message, [number])] = content["messages"]
    assert message["n"] == 2
    assert buffers[number] == b"new"


def test_messages_leave_in_order_with_their_buffers(bus):
    bus.opened()
    for k in range(3):
        bus.message({"kind": "decoded", "id": k}, [bytes([k])])
    bus.flush()
    content, buffers = bus.sent[0]
    assert [(message["id"], buffers[number]) for message, [number] in content["messages"]] == [
        (0, b"\0"),
        (1, b"\1"),
        (2, b"\2"),
    ]


def test_a_hidden_page_gets_nothing_and_costs_no_memory_and_everything_when_it_is_seen_again(bus):
    chart = LiveChart("elbo", bus)
    bus.opened()
    bus.says("hidden")
    for step in range(0, 60_000, 3_000):
        steps = np.arange(step, step + 3_000)
        bus.append(chart, "lines", step=steps, value=steps, series=0)
        bus.message({"kind": "decoded", "id": step})
        assert not bus.flush()
    assert bus.stats["hidden"]
    assert not bus._lines, "points that wait for nobody"
    for k in range(2 * MESSAGES):
        bus.message({"kind": "decoded", "id": k})
    bus.says("visible")
    bus.flush()
    lines = columns(bus.sent[-1], "elbo", "lines")[0][1]
    assert len(lines["step"]) <= KEPT
    assert lines["step"][[0, -1]].tolist() == [0, 59_999]
    assert len(bus.sent[-1][0]["messages"]) == MESSAGES


def test_rows_that_are_not_finite_are_left_out(bus):
    chart = LiveChart("elbo", bus)
    bus.opened()
    bus.append(chart, "lines", step=[1, 2, 3], value=[1, np.nan, np.inf], series=0)
    bus.flush()
    assert columns(bus.sent[0], "elbo", "lines")[0][1]["step"].tolist() == [1]


def test_many_threads_lose_no_point(bus):
    chart = LiveChart("elbo", bus)
    bus.opened()
    threads = [
        threading.Thread(target=lambda k=k: [one_point(bus, chart, 1_000 * k + i) for i in range(200)])
        for k in range(8)
    ]
    stop = threading.Event()

    def pump():
        while not stop.is_set():
            bus.flush()
            bus.ack()

    pumping = threading.Thread(target=pump)
    pumping.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    pumping.join()
    bus.flush()
    steps = [step for sent in bus.sent for _, part in columns(sent, "elbo", "lines") for step in part["step"].tolist()]
    assert sorted(steps) == sorted(1_000 * k + i for k in range(8) for i in range(200))
    assert [content["frame"] for content, _ in bus.sent] == list(range(2, 2 + len(bus.sent)))


def test_wrong_datasets_and_lengths_are_named(bus):
    chart = LiveChart("elbo", bus)
    with pytest.raises(ValueError, match=r"'curve' came as a dataset.*Allowed are: lines"):
        bus.append(chart, "curve", step=[1], value=[1], series=[0])
    with pytest.raises(ValueError, match=r"different lengths.*pass one value for each row"):
        bus.append(chart, "lines", step=[1, 2], value=[1, 2, 3], series=0)
    bus.append(chart, "lines", step=[1], value=[1], series=[0])
    with pytest.raises(ValueError, match="Send the same columns in the same order"):
        bus.append(chart, "lines", value=[1], step=[1], series=[0])
    with pytest.raises(ValueError, match=r"There is no chart 'pie'\. Allowed are: elbo"):
        LiveChart("pie", bus)


@pytest.mark.parametrize("content", [None, 3, {}, {"kind": "ack"}, {"kind": "ack", "client": 1}, {"client": "a"}])
def test_messages_of_another_kind_are_ignored(bus, content):
    bus._on_message(bus, content, [])


@pytest.mark.parametrize("frame", [None, "1", -1, 10**9, 1.5])
def test_a_false_frame_number_gives_no_credit(bus, frame):
    chart = LiveChart("elbo", bus)
    bus.opened()
    for step in range(WINDOW):
        one_point(bus, chart, step)
        bus.flush()
    bus.says("ack", frame=frame, hidden=False)
    one_point(bus, chart, 9)
    assert not bus.flush()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_frames_lost_with_a_connection_are_asked_for_again_after_a_while():
    clock = Clock()
    credit = FlowControl(clock)
    credit.heard("page", {"kind": "ready"})
    for _ in range(WINDOW):
        credit.spend()
    assert not credit.left
    idle = {"kind": "ack", "frame": 0, "hidden": False, "idle": True}
    assert not credit.heard("page", idle)
    clock.now = LOST + 1
    assert not credit.heard("page", {**idle, "idle": False})
    assert credit.heard("page", idle)
    assert credit.left


def test_a_tab_that_went_silently_blocks_nobody_and_is_forgotten():
    clock = Clock()
    credit = FlowControl(clock)
    for k in range(3 * TABS):
        clock.now += 1
        credit.heard(f"tab {k}", {"kind": "ready"})
    assert len(credit._pages) == TABS
    for _ in range(10):
        assert credit.left
        frame = credit.spend()
        credit.heard(f"tab {3 * TABS - 1}", {"kind": "ack", "frame": frame, "hidden": False})
    for k in range(3 * TABS):
        credit.heard(f"tab {k}", {"kind": "gone"})
    assert credit.hidden


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=3_000), st.integers(8, 400))
def test_thinning_keeps_the_ends_the_extremes_and_the_order(values, keep):
    rows = np.stack([np.arange(len(values)), values], axis=1).astype(np.float32)
    kept = thin(rows, 0, 1, keep)
    assert len(kept) <= max(keep, 4)
    assert kept[0].tolist() == rows[0].tolist()
    assert kept[-1].tolist() == rows[-1].tolist()
    assert kept[:, 1].min() == rows[:, 1].min()
    assert kept[:, 1].max() == rows[:, 1].max()
    assert (np.diff(kept[:, 0]) > 0).all()


def test_history_is_bounded_and_old_parts_stay_as_dense_as_new_ones():
    history = History(("step", "value", "series"), "series", "step", "value")
    generator = np.random.default_rng(0)
    for start in range(0, 400_000, 1_000):
        steps = np.arange(start, start + 1_000)
        for series in (0, 1):
            values = generator.normal(size=1_000) + 1e3 * (steps == 123_456)
            history.push(np.stack([steps, values, np.full(1_000, series)], axis=1).astype(np.float32))
    assert len(history._rows) <= 2 * (LIMIT + 2_000)
    table = history.table()
    for series in (0, 1):
        line = table[table[:, 2] == series]
        assert len(line) <= KEPT
        assert line[:, 1].max() > 900, "a peak of one step survives"
        parts = np.histogram(line[:, 0], bins=8, range=(0, 400_000))[0]
        assert parts.min() > KEPT / 8 / 3, "no part of the line has faded away"


def test_events_are_checked_and_a_fault_in_one_callback_does_not_stop_the_next(bus, caplog):
    chart, heard = LiveChart("latent", bus), []
    chart.on_event(lambda kind, said: 1 / 0)
    chart.on_event(lambda kind, said: heard.append((kind, said)))
    chart._on_message(chart, {"kind": "hover", "x": 1.5, "row": None, "text": "<b>", "deep": {"a": 1}}, [])
    chart._on_message(chart, {"kind": "import os"}, [])
    chart._on_message(chart, None, [])
    assert heard == [("hover", {"x": 1.5, "row": None})]
    assert "could not handle the event hover" in caplog.text


def test_the_page_answers_pings_and_passes_on_known_messages_only():
    page, heard, sent = Page(), [], []
    page.send = lambda content, buffers=None: sent.append(content)
    page.on_message(heard.append)
    assert page.last_seen is None
    page._on_message(page, {"kind": "ping", "client": "a"}, [])
    assert sent == [{"kind": "pong", "client": "a"}]
    assert page.last_seen is not None
    for content in ({"kind": "key", "key": "space"}, {"kind": "key", "key": "q"}, {"kind": "eval"}, 7):
        page._on_message(page, content, [])
    page._on_message(page, {"kind": "ready", "query": "?run=1", "big": "x" * 10_000}, [])
    assert heard == [{"kind": "key", "key": "space"}, {"kind": "ready", "query": "?run=1"}]
    page.copy("text")
    assert sent[-1] == {"kind": "copy", "text": "text"}


def test_made_files_that_are_missing_are_named_with_what_makes_them(tmp_path, monkeypatch):
    monkeypatch.setattr(built_assets, "BUNDLE", tmp_path / "vega.js.gz")
    built_assets.bundle.cache_clear()
    try:
        with pytest.raises(
            built_assets.NotPreparedError, match=r"vega\.js\.gz is missing.*python -m elbo_room\.widgets\.prepare"
        ):
            built_assets.bundle()
    finally:
        monkeypatch.undo()
        built_assets.bundle.cache_clear()


def test_preparing_twice_makes_nothing_new():
    before = built_assets.SPECS.stat().st_mtime_ns
    assert not prepare()
    assert built_assets.SPECS.stat().st_mtime_ns == before
