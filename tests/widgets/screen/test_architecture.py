"""What a click on the drawing of the network offers, and what it does."""

import pytest

from elbo_room.models.settings import validate
from elbo_room.widgets import actions
from elbo_room.widgets.screen.architecture import offers
from elbo_room.widgets.screen.network_diagram import change
from elbo_room.widgets.sessions.example import all_knobs
from tests.widgets.conftest import eventually

SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "batch_size": 32, "stop_at": 100_000}


def offered(model: str = "deep_generative", **values: object) -> dict[str, dict]:
    knobs = all_knobs()[model]
    return {offer["name"]: offer for offer in offers(knobs, validate(knobs, values))}


def test_a_layer_more_or_fewer_twice_or_half_the_width_and_an_end_at_the_limits():
    found = offered(depth=2, width=64)
    assert (found["depth"]["words"], found["depth"]["less"], found["depth"]["more"]) == ("2 layers", 1, 3)
    assert (found["width"]["words"], found["width"]["less"], found["width"]["more"]) == ("64 units", 32, 128)
    assert offered(depth=0)["depth"]["less"] is None
    assert offered(width=256)["width"]["more"] is None
    assert offered(depth=1)["depth"]["words"] == "1 layer"


def test_what_does_not_apply_has_its_reason_and_what_is_not_chosen_is_not_offered():
    assert (
        "at least" in offered(depth=1)["identity_residual"]["reason"] or offered(depth=1)["identity_residual"]["reason"]
    )
    assert not offered(depth=2)["identity_residual"]["reason"]
    assert ["no attention", "none"] in offered()["attention"]["options"]
    assert offered("deep_exponential_family") == {}


@pytest.mark.parametrize(
    "content",
    [
        {"name": "seed", "value": 3},
        {"name": "depth", "value": [3]},
        {"name": "dense_skip", "value": True},
        {"name": None},
        {},
    ],
)
def test_a_page_changes_only_what_is_offered(content):
    knobs = all_knobs()["deep_generative"]
    known = offers(knobs, validate(knobs, {"depth": 2}))
    assert change(known, {"name": "depth", "value": 3}) == {"name": "depth", "value": 3}
    assert change(known, content) is None


def test_a_click_builds_another_network_at_once_and_trains_on_if_the_run_does(lab):
    room = lab(SMALL)
    drawn = lambda: len(room.screen.bus.shown("network").get("columns", {}).get("title", ()))  # noqa: E731
    room.post(actions.Step())
    eventually(lambda: room.state == "paused" and drawn())
    columns = drawn()
    room.post(actions.Reshape("depth", 2))
    eventually(lambda: room.state == "paused" and drawn() == columns + 2)  # encoder and decoder
    assert room.painter.facts["number"] == 0
    assert "Hidden layers: 2. A new network begins at step 0" in room.screen.caption.value
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 3)
    room.post(actions.Reshape("depth", 1))
    eventually(lambda: room.state == "running" and drawn() == columns and room.values["depth"] == 1)


def test_nonsense_is_refused_in_a_sentence_and_the_run_stays(lab):
    room = lab(SMALL)
    room.act(actions.Reshape("depth", 99))
    assert "Hidden layers" in room.screen.caption.value or "depth" in room.screen.caption.value
    assert (room.values["depth"], room.state) == (1, "example")
