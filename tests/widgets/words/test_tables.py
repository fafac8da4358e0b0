"""The panels as tables: the numbers that were drawn, series by series, with their bands, units and words."""

import csv

import numpy as np
import pytest

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets import actions
from elbo_room.widgets.painting.views import all_views
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.wire.bus import Bus
from elbo_room.widgets.words.tables import comma_separated, curves, number, points, tabulated

HOW = {"mode": "lines", "by": "series", "x": "step", "y": "value"}
HEADS = {"step": "step", "value": "nats²"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-8.742e-8, "−8.74·10⁻⁸"), (2000, "2,000"), (-1.5, "−1.5"), (0.0, "0"), (1e30, "1.00·10³⁰"), (12345.6, "12,346"),
        (0.00123456, "0.001235"), (float("nan"), "–"), (3.2e7, "3.20·10⁷"),
    ],
)  # fmt: skip
def test_a_number_has_sensible_digits_and_a_true_minus_sign(value, words):
    assert number(value) == words


def test_curves_are_side_by_side_with_their_intervals_and_units():
    columns = {
        "step": np.array([1, 1, 2, 2.0]), "value": np.array([10, 20, 11, 21.0]), "low": np.array([9, 18, 10, 19.0]),
        "high": np.array([12, 23, 12, OPEN]), "series": np.array([0, 1, 0, 1]),
    }  # fmt: skip
    found = curves(columns, HOW, HEADS, ["score", "path"])
    assert found["heads"] == ["step", "score", "path"]
    assert found["unit"] == "nats²"
    assert found["rows"] == [["1", "10 (9 to 12)", "20 (18 to 23)"], ["2", "11 (10 to 12)", "21 (at least 19)"]]


def test_a_long_curve_is_shown_at_a_dozen_steps_from_first_to_last():
    columns = {"step": np.arange(1000.0), "value": np.arange(1000.0), "series": np.zeros(1000)}
    found = curves(columns, HOW, HEADS, ["ELBO"])
    assert (len(found["rows"]), found["total"]) == (12, 1000)
    assert (found["rows"][0], found["rows"][-1]) == (["0", "0"], ["999", "999"])


def test_a_cloud_has_the_columns_with_heads_and_words_for_its_classes():
    columns = {"x": np.linspace(-1, 1, 50), "value": np.arange(50) % 2, "hidden": np.zeros(50)}
    found = points(columns, {}, {"x": "across", "value": "class", "absent": "–"}, {"value": ["no", "yes"]})
    assert found["heads"] == ["across", "class"]
    assert (len(found["rows"]), found["total"]) == (12, 50)
    assert (found["rows"][0], found["rows"][-1]) == (["−1", "no"], ["1", "yes"])


def test_an_empty_dataset_has_no_rows():
    assert points({}, {}, {"x": "x"}, {})["rows"] == []
    assert curves({"step": np.zeros(0), "value": np.zeros(0)}, HOW, HEADS, ["a"])["rows"] == []


@pytest.mark.parametrize("name", all_views())
def test_what_a_chart_declares_as_tables_are_datasets_of_its_own(name):
    chart = LiveChart(name, Bus())
    for dataset, heads in all_views()[name].tables.items():
        how = chart.datasets[dataset]
        assert set(heads) <= {*how.get("fields", heads), *how.get("named", ()), *how.get("tabulated", ()), "unit"}, (
            dataset
        )
        if how["mode"] == "lines":
            assert {how["x"], how["y"]} == set(heads)
    chart.close()


def test_all_rows_of_a_dataset_are_a_file_that_a_program_reads():
    bus = Bus()
    chart = LiveChart("variance", bus)
    steps = np.arange(30.0)
    bus.append(
        chart, "lines", step=steps, value=steps + 0.5, low=steps, high=np.where(steps < 3, OPEN, 99.0), series=0 * steps
    )
    rows = list(csv.DictReader(comma_separated(bus, chart, "lines").splitlines()))
    assert len(rows) == 30
    assert rows[0] == {"step": "0", "value": "0.5", "low": "0", "high": "", "series": "score"}
    assert rows[-1]["high"] == "99"
    assert comma_separated(bus, chart, "nothing") == ""
    assert tabulated(bus, chart)["parts"][0]["total"] == 30


def test_every_panel_of_the_first_screen_has_a_table_and_each_can_be_saved(lab):
    room = lab()
    room.act(actions.OpenDrawer("Table"))
    found = room.screen.tables.tables
    assert [each["chart"] for each in found] == ["elbo", "variance", "latent", "kl"]
    assert [part["total"] > 0 for each in found for part in each["parts"]]
    assert "reparameterisation" in found[1]["parts"][0]["heads"]
    assert "2,000" in found[0]["parts"][0]["rows"][-1]
    assert not any(part["name"] == "prior" for part in found[2]["parts"]), "41 points of a circle tell nobody anything"
    saved = []
    room.screen.tables.send = lambda content: saved.append(content)
    for each in found:
        for part in each["parts"]:
            room.act(actions.SaveTable(each["chart"], part["name"]))
    assert [content["name"] for content in saved][:2] == ["elbo_lines.csv", "variance_lines.csv"]
    assert all(content["text"].count("\n") > 2 for content in saved)
    room.act(actions.SaveTable("elbo", "nothing"))
    assert "There is no table" in room.screen.caption.value
