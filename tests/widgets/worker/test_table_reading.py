"""A table that takes long to read blocks nothing: training continues, and a run on the table waits for it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from elbo_room.widgets.messages import Frame, ReadTable, Refused, SetSpeed, Start, Started, State, TableRead
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
    driver.send(Start(PINWHEEL | {"stop_at": 100_000}, str(tmp_path / "run")))
    driver.until(Frame)
    driver.send(ReadTable(path=str(counts(tmp_path / "t.csv")), batch="plate"))
    driver.send(ReadTable(path=str(tmp_path / "nowhere.csv")))
    numbers = [driver.until(Frame, seconds=20).number for _ in range(5)]
    assert numbers[0] < numbers[-1]
    assert not {TableRead, Refused} & set(map(type, driver.seen))
    gate.set()
    assert "30 × 4" in driver.until(TableRead, seconds=20).sentence
    refused = driver.until(Refused, command=ReadTable)
    assert "no file" in refused.sentence
    assert refused.state == "running"


def test_a_run_on_a_table_waits_until_it_is_read(driver: Driver, gate: threading.Event, tmp_path: Path) -> None:
    driver.send(ReadTable(path=str(counts(tmp_path / "t.csv")), batch="plate"))
    driver.send(Start(SMALL, str(tmp_path / "run")))
    gate.set()
    assert driver.until(Started, seconds=60).about["shape"]
    driver.until(State, state="finished")
    assert [type(message) for message in driver.seen if isinstance(message, TableRead | Started)] == [
        TableRead,
        Started,
    ]


def test_a_worker_that_rests_reports_a_table_and_leaves_no_thread(
    driver: Driver, gate: threading.Event, tmp_path: Path
) -> None:
    driver.send(ReadTable(path=str(counts(tmp_path / "t.csv")), batch="plate"))
    driver.send(SetSpeed("full"))
    gate.set()
    driver.until(TableRead, seconds=20)
    driver.close()
    thread = driver.worker.user_data.tables.thread
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()
