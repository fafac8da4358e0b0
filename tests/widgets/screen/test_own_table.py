"""A user's file, from the drawer to the worker: what is read, what is refused, and a run that finds it again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from elbo_room.widgets.actions import Upload
from elbo_room.widgets.explorer import Explorer
from elbo_room.widgets.messages import Frame, ReadTable, Refused, Start, Started, State, TableRead
from elbo_room.widgets.screen import own_table
from elbo_room.widgets.sessions.local_use import LOCAL, REFUSED, REQUEST, local_use
from elbo_room.widgets.worker.own_data.own_table import OwnTable
from tests.widgets.conftest import eventually
from tests.widgets.worker.test_worker import Driver

SMALL = {"data": "own", "width": 8, "stop_at": 15, "response": "poisson", "batch_size": 16}


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


def counts(path: Path, scale: float = 1.0) -> Path:
    """30 rows of 4 counts, two kinds, two plates, as text."""
    x = torch.poisson(torch.full((30, 4), 5.0), generator=torch.Generator().manual_seed(0)).numpy() * scale
    rows = [",".join([*(f"{v:g}" for v in row), "ab"[i % 2], f"p{i // 15}"]) for i, row in enumerate(x)]
    path.write_text("\n".join(["g1,g2,g3,g4,cell_type,plate", *rows]))
    return path


def test_a_table_is_read_trained_on_and_found_again(tmp_path: Path) -> None:
    path, driver = str(counts(tmp_path / "t.csv")), Driver()
    driver.send(ReadTable(path=path, batch="plate"))
    table = driver.until(TableRead)
    assert (table.counts, table.columns, table.labels) == (True, ["cell_type", "plate"], "cell_type")
    assert "30 × 4, coloured by cell_type (2 kinds)" in table.sentence
    driver.send(Start(SMALL, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.until(Frame, number=15)
    driver.close()  # it saves
    first = driver.points()[:, 1]
    other = Driver()
    other.send(Start({}, str(tmp_path / "run"), resume=True, play=False))
    started = other.until(Started)
    other.close()
    assert started.about["size"] == 30
    np.testing.assert_array_equal(started.curves["elbo"][:, 1], first)


def test_what_is_no_count_is_said_and_the_table_before_stays(driver: Driver, tmp_path: Path) -> None:
    driver.send(ReadTable(path=str(counts(tmp_path / "t.csv")), batch="plate"))
    driver.until(TableRead)
    driver.send(ReadTable(path=str(counts(tmp_path / "scaled.csv", 0.3)), batch="plate"))
    table = driver.until(TableRead)
    assert not table.counts
    assert "They are real numbers: a normal response suits them" in table.sentence
    driver.send(ReadTable(path=str(tmp_path / "gone.csv")))
    assert "There is no file" in driver.until(Refused, command=ReadTable).sentence
    driver.send(Start(SMALL, str(tmp_path / "run")))
    assert "whole numbers" in driver.until(Refused, command=Start).sentence


def test_without_a_table_the_worker_says_where_one_is_given(driver: Driver, tmp_path: Path) -> None:
    driver.send(Start(SMALL, str(tmp_path / "run")))
    assert "the drawer 'Your data' on the page" in driver.until(Refused).sentence


def test_uploads_are_kept_under_a_plain_name_and_within_the_cap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELBO_ROOM_HOME", str(tmp_path))
    path = own_table.keep("../../a b;c.csv", b"x\n1\n")
    assert path == tmp_path / "tables" / "a b_c.csv"
    assert path.read_bytes() == b"x\n1\n"
    monkeypatch.setattr(own_table, "MOST_BYTES", 3)
    with pytest.raises(ValueError, match="an upload may have"):
        own_table.keep("t.csv", b"x\n1\n")
    with pytest.raises(ValueError, match="not a kind of file that can be read"):
        own_table.keep("t.exe", b"")


def test_a_table_brings_the_settings_that_suit_it_and_one_of_another_kind_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELBO_ROOM_HOME", str(tmp_path))
    lab = Explorer()
    table = TableRead("t.csv", None, None, ["kind"], counts=False, sentence="Read.")
    try:
        lab.show(table)
        assert (lab.values["data"], lab.values["response"]) == ("own", "normal")
        lab.show(replace(table, path="u.csv", counts=True, suited={"response": "negative_binomial"}))
        assert (lab.values["data"], lab.values["response"]) == ("own", "negative_binomial")
        price = replace(table, path="u.csv", suited={"model": "conditional", "response": "normal", "held_out": 0.2})
        lab.show(price)
        assert [lab.values[name] for name in ("model", "data", "held_out")] == ["conditional", "own", 0.2]
        lab.settings.set("width", 33)
        lab.show(price)  # another column was left out: what was set by hand stays
        assert lab.values["width"] == 33
        lab.show(replace(table, path="u.csv"))  # the response is a feature again
        assert (lab.values["model"], lab.values["response"]) == ("deep_generative", "normal")
    finally:
        lab.close()


def test_choosing_a_column_reads_the_same_file_again_and_another_file_forgets_it() -> None:
    asked: list[object] = []
    drawer = own_table.OwnTable(asked.append)
    drawer.path.value = "t.csv"
    drawer.show(TableRead("t.csv", None, None, ["kind", "plate"], counts=False, sentence="Read."))
    drawer.labels.value = "kind"
    drawer.path.value = "u.csv"
    assert asked == [ReadTable("t.csv"), ReadTable("t.csv", "kind"), ReadTable("u.csv")]


def test_a_role_chosen_on_the_page_is_read_with_the_others_kept() -> None:
    asked: list[ReadTable] = []
    drawer = own_table.OwnTable(asked.append)
    drawer.show(
        TableRead("t.csv", "kind", None, ["kind"], counts=False, sentence="Read.", request=ReadTable("t.csv", "kind"))
    )
    drawer.columns._handle_custom_msg({"kind": "role", "name": "price", "role": "response"}, [])
    assert asked[-1] == ReadTable("t.csv", "kind", roles=(("price", "response"),))
    drawer.show(TableRead("t.csv", "kind", None, ["kind"], counts=False, sentence="Read.", request=asked[-1]))
    drawer.columns._handle_custom_msg({"kind": "role", "name": "kind", "role": "left out"}, [])
    assert asked[-1] == ReadTable("t.csv", roles=(("price", "response"), ("kind", "left out")))
    assert "roles={'price': 'response'}" in drawer.in_python()["own"][1]
    drawer.columns._handle_custom_msg({"kind": "transpose"}, [])
    assert asked[-1] == ReadTable("t.csv", transpose=True)


def test_the_worker_returns_every_column_with_its_role_and_trains_on_the_chosen_ones(
    driver: Driver, tmp_path: Path
) -> None:
    path = str(counts(tmp_path / "t.csv", 0.3))
    driver.send(ReadTable(path, roles=(("g4", "left out"), ("plate", "feature"))))
    table = driver.until(TableRead)
    assert {column["name"]: column["role"] for column in table.preview} == {
        "g1": "feature", "g2": "feature", "g3": "feature", "g4": "left out", "cell_type": "label", "plate": "feature",
    }  # fmt: skip
    assert "30 × 5" in table.sentence
    assert "standardises the features" in table.sentence


def houses(path: Path, rows: int = 60) -> Path:
    """Prices that depend on rooms and area, and how many were sold."""
    generator = np.random.default_rng(0)
    rooms, area = generator.integers(1, 7, rows), generator.uniform(30, 200, rows)
    price = 50_000 + 2_000.5 * area + 10_000 * rooms + generator.normal(0, 5_000, rows)
    sold = generator.poisson(0.05 * area)
    lines = [f"{r},{a:.1f},{p:.2f},{s}" for r, a, p, s in zip(rooms, area, price, sold, strict=True)]
    path.write_text("\n".join(["rooms,area,price,sold", *lines]))
    return path


def test_a_response_brings_a_conditional_model_and_what_is_shown_is_in_its_units(
    driver: Driver, tmp_path: Path
) -> None:
    """From the roles to the prediction: held-out rows, RMSE and interval are in the price's units."""
    path = str(houses(tmp_path / "houses.csv"))
    driver.send(ReadTable(path, roles=(("price", "response"), ("sold", "left out"))))
    table = driver.until(TableRead)
    assert "Gaussian with the identity link, as price has real values" in table.sentence
    assert (table.suited["model"], table.suited["response"]) == ("conditional", "normal")
    driver.send(Start({**table.suited, "data": "own", "stop_at": 400}, str(tmp_path / "run")))
    driver.until(State, state="finished")
    frame = driver.until(Frame, number=400)
    points = frame.picture["replace"]["fit"]["points"]
    assert len(points["observed"]) == 12, "a fifth of 60 rows"
    assert 60_000 < points["observed"].min() < points["observed"].max() < 600_000
    widths = points["high"] - points["low"]
    assert 1_000 < widths.min() < 200_000
    facts = frame.picture["facts"]
    assert 1_000 < facts["rmse"] < 40_000
    assert "their prediction ±2 sd, ±" in facts["sentence"]
    assert facts["sentence"].rstrip(".").endswith("price")


def test_another_response_proposes_another_family_and_an_exposure_enters_it(driver: Driver, tmp_path: Path) -> None:
    path = str(houses(tmp_path / "houses.csv"))
    driver.send(ReadTable(path, roles=(("sold", "response"), ("price", "left out"), ("area", "exposure"))))
    table = driver.until(TableRead)
    assert table.suited["response"] == "poisson"
    assert "Poisson with the log link, as sold is whole and ≥ 0" in table.sentence
    assert "Each row's exposure enters the likelihood" in table.sentence
    driver.send(Start({**table.suited, "data": "own", "stop_at": 5}, str(tmp_path / "run")))
    driver.until(State, state="finished")
    driver.send(Start({"data": "own", "stop_at": 5}, str(tmp_path / "other")))
    assert "which only a conditional model uses" in driver.until(Refused, command=Start).sentence


OPEN_TO_OTHERS = [
    {REQUEST: "http://localhost:8866/"},  # Voilà started by hand: where it listens is not known
    {REQUEST: "http://lab.example.org/", LOCAL: "1"},  # the lab's server behind a proxy
    {REQUEST: "http://10.0.0.3:8866/"},
]
ALONE = [
    {},
    {REQUEST: "http://localhost:8866/", LOCAL: "1"},
    {REQUEST: "http://127.0.0.1:8866/?scene=scvi", LOCAL: "1"},
]


def served(environment: dict[str, str], patch: pytest.MonkeyPatch) -> None:
    """As if the kernel had this environment."""
    for name in (REQUEST, LOCAL):
        patch.delenv(name, raising=False)
    for name, value in environment.items():
        patch.setenv(name, value)


@pytest.mark.parametrize(
    ("environment", "local"), [*((each, False) for each in OPEN_TO_OTHERS), *((each, True) for each in ALONE)]
)
def test_a_path_is_asked_for_only_where_no_other_computer_can_answer(environment, local, monkeypatch) -> None:
    served(environment, monkeypatch)
    drawer = own_table.OwnTable(lambda _: None)
    assert local_use() is local
    assert (drawer.path.layout.display != "none") is local
    assert ("enter its path" in drawer.status.value) is local


def test_a_page_that_others_reach_reads_uploads_but_no_path(
    lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a path that a changed client sends, though the field is hidden; the table in use is read again."""
    room = lab({"data": "pinwheel"})
    served(OPEN_TO_OTHERS[0], monkeypatch)
    room.screen.own.path.value = str(counts(tmp_path / "secret.csv"))
    eventually(lambda: room.screen.own.status.value == REFUSED)
    room.post(Upload("mine.csv", b"a,b,kind\n" + b"1,2,x\n3,4,y\n" * 5))
    eventually(lambda: "10 × 2, coloured by kind (2 kinds)" in room.screen.own.status.value)
    room.screen.own.status.value = ""
    room.post(ReadTable(room.screen.own.request.path, "kind"))
    eventually(lambda: "10 × 2" in room.screen.own.status.value)


def test_the_switch_for_standardising_is_read_again_and_undone_in_what_is_shown(driver: Driver, tmp_path: Path) -> None:
    path = str(houses(tmp_path / "houses.csv"))
    wanted = ReadTable(path, roles=(("price", "response"),))
    driver.send(wanted)
    assert driver.until(TableRead).standardised is True
    asked: list[ReadTable] = []
    drawer = own_table.OwnTable(asked.append)
    drawer.show(driver.seen[-1])
    assert drawer.columns.standardised == "on"
    drawer.columns._handle_custom_msg({"kind": "standardise", "on": False}, [])
    assert asked == [replace(wanted, standardise=False)]
    driver.send(asked[0])
    table = driver.until(TableRead, standardised=False)
    assert "The values are trained on as they are" in table.sentence
    drawer.show(table)
    assert drawer.columns.standardised == "off"
    assert "standardise=False" in drawer.in_python()["own"][1]
    driver.send(Start({**table.suited, "data": "own"}, str(tmp_path / "run"), play=False))
    driver.until(Started)
    driver.close()  # it saves
    kept = OwnTable.of(tmp_path / "run")
    assert kept is not None
    assert not kept.data.standardise
    assert not kept.data.standardise_y
