"""The drawer Download: each button's file is the one that the function of Python makes."""

import json
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load

from elbo_room.models.training.run_from import run_from
from elbo_room.widgets import actions
from elbo_room.widgets.messages import Export, Exported
from elbo_room.widgets.screen.drawers.download import FILES, WHOLE
from elbo_room.widgets.worker.exporting import ENDINGS, PYTHON, made, pieces
from tests.widgets.conftest import eventually

SMALL = {"data": "pinwheel", "width": 8, "stop_at": 40}


def saved_by(room: Any) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    held: dict[str, bytes] = {}

    def save(name: str, content: bytes, begin: int, size: int) -> None:
        held[name] = (held[name] if begin else b"") + content
        assert len(held[name]) == begin + len(content)
        if len(held[name]) == size:
            files[name] = held.pop(name)

    room.screen.replay.save = save
    return files


def test_the_files_are_those_of_the_same_run_in_python(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Embedding, history with the variances measured, weights with what made them: of a run that was steered on the page."""
    monkeypatch.setattr("elbo_room.widgets.worker.exporting.PIECE", 1000)
    room = lab(SMALL)
    files = saved_by(room)
    room.post(Export("history"))
    eventually(lambda: "no run of your own yet" in room.current.notice)
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    for what, ending in (("embedding", "parquet"), ("history", "csv"), ("weights", "")):
        name = f"elbo-room-{what}.{ENDINGS.get(what, ending)}"
        room.post(Export(what, ending))
        eventually(lambda name=name: name in files)
    run = run_from(room.values)
    steps = list(run)
    found = pd.read_parquet(BytesIO(files["elbo-room-embedding.parquet"]))
    pd.testing.assert_frame_equal(found, run.embedding())
    history = pd.read_csv(BytesIO(files["elbo-room-history.csv"]), index_col="step")
    np.testing.assert_allclose(history["elbo"].dropna(), [step.elbo for step in steps])
    tensors = load(files["elbo-room-weights.safetensors"])
    assert all(np.array_equal(tensors[name], value.detach()) for name, value in run.parameters.items())


@pytest.mark.parametrize("what", [name for name, *_ in (*FILES, *WHOLE)])
def test_every_button_has_a_file_or_a_sentence(what: str) -> None:
    model = {"model": "conditional"} if what == "predictions" else {"data": "pinwheel"}
    run = run_from({**model, "stop_at": 3})
    list(run)
    found = made(run, Export(what, "csv", rows=(0, 1, 2)), [], None)
    assert found.name == f"elbo-room-{what}.{ENDINGS.get(what, 'csv')}"
    assert len(found.content) > 100
    assert what in PYTHON


def test_what_cannot_be_made_is_a_sentence(lab: Any) -> None:
    room = lab({**SMALL, "stop_at": 2})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    room.post(Export("differential"))
    eventually(lambda: "No data points are selected. Draw a lasso" in room.current.notice)
    room.post(Export("predictions"))
    eventually(lambda: "explains no response y" in room.current.notice)


def test_a_file_too_large_for_a_browser_names_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elbo_room.widgets.worker.exporting.MOST", 10)
    run = run_from({"data": "pinwheel", "stop_at": 1})
    with pytest.raises(ValueError, match=r"In Python, run\.samples\(\) makes it whole; the drawer Code has the run"):
        made(run, Export("samples"), [], None)


def test_measured_variances_are_in_the_history() -> None:
    run = run_from({"data": "pinwheel", "stop_at": 3})
    list(run)
    found = made(run, Export("history"), [(2, {"variance, score": 1.5})], None)
    table = pd.read_csv(BytesIO(found.content), index_col="step")
    assert table["variance, score"].tolist()[1] == 1.5
    assert json.dumps([*table.index]) == "[1, 2, 3]"


def test_the_pieces_of_a_file_are_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elbo_room.widgets.worker.exporting.PIECE", 10)
    content = bytes(range(25))
    found = [*pieces(Exported("a.csv", content, 0, 25))]
    assert [(each.begin, len(each.content), each.size) for each in found] == [(0, 10, 25), (10, 10, 25), (20, 5, 25)]
    assert b"".join(each.content for each in found) == content
