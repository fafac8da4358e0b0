"""A table that takes long to be read holds nothing up: training goes on, and a run on it waits for it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from elbo_room.widgets.worker.own_data.own_table import OwnTable
from tests.widgets.screen.test_own_table import SMALL, counts
from tests.widgets.worker.test_worker import SMALL as PINWHEEL
from tests.widgets.worker.test_worker import Driver


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch):
    """Reading any table waits until this is set."""
    opened, read = threading.Event(), OwnTable.read

    def slowly(*words: str | None) -> OwnTable:
        assert opened.wait(60)
        return read(*words)

    monkeypatch.setattr(OwnTable, "read", slowly)
    yield opened
    opened.set()


def test_training_goes_on_while_a_table_is_read(driver: Driver, gate: threading.Event, tmp_path: Path) -> None:
    driver.send("start", settings=PINWHEEL | {"stop_at": 100_000}, folder=str(tmp_path / "run"))
    driver.until("frame")
    driver.send("table", path=str(counts(tmp_path / "t.csv")), batch="plate")
    driver.send("table", path=str(tmp_path / "nowhere.csv"))
    numbers = [driver.until("frame", seconds=20)["number"] for _ in range(5)]
    assert numbers[0] < numbers[-1]
    assert not {"table", "refused"} & {message["kind"] for message in driver.seen}
    gate.set()
    assert "30 × 4" in driver.until("table", seconds=20)["sentence"]
    refused = driver.until("refused", command="table")
    assert "no file" in refused["sentence"]
    assert refused["state"] == "running"


def test_a_run_on_a_table_waits_until_it_is_read(driver: Driver, gate: threading.Event, tmp_path: Path) -> None:
    driver.send("table", path=str(counts(tmp_path / "t.csv")), batch="plate")
    driver.send("start", settings=SMALL, folder=str(tmp_path / "run"))
    gate.set()
    assert driver.until("started", seconds=60)["shape"]
    driver.until("state", state="finished")
    assert [message["kind"] for message in driver.seen if message["kind"] in ("table", "started")] == [
        "table",
        "started",
    ]


def test_a_worker_that_rests_reports_a_table_and_leaves_no_thread(
    driver: Driver, gate: threading.Event, tmp_path: Path
) -> None:
    driver.send("table", path=str(counts(tmp_path / "t.csv")), batch="plate")
    driver.send("speed", speed="full")
    gate.set()
    driver.until("table", seconds=20)
    driver.close()
    thread = driver.worker.tables.thread
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()
