"""The panels as tables: the numbers that were drawn, series by series, with their bands."""

import numpy as np

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets import actions
from elbo_room.widgets.words.tables import aligned, curves, points

HOW = {"mode": "lines", "by": "series", "x": "step", "y": "value"}


def test_curves_stand_side_by_side_with_their_intervals():
    columns = {
        "step": np.array([1, 1, 2, 2.0]), "value": np.array([10, 20, 11, 21.0]), "low": np.array([9, 18, 10, 19.0]),
        "high": np.array([12, 23, 12, OPEN]), "series": np.array([0, 1, 0, 1]),
    }  # fmt: skip
    assert curves(columns, HOW, ["score", "path"]).splitlines() == [
        "step          score              path",
        "   1   10 (9 to 12)     20 (18 to 23)",
        "   2  11 (10 to 12)  21 (at least 19)",
    ]


def test_a_long_curve_is_shown_at_a_dozen_steps_from_first_to_last():
    columns = {"step": np.arange(1000.0), "value": np.arange(1000.0), "series": np.zeros(1000)}
    rows = curves(columns, HOW, ["ELBO"]).splitlines()
    assert len(rows) == 13
    assert rows[1].split() == ["0", "0"]
    assert rows[-1].split() == ["999", "999"]


def test_a_cloud_says_how_many_points_there_are():
    text = points({"x": np.linspace(-1, 1, 50), "y": np.zeros(50)})
    assert text.splitlines()[1].split() == ["−1", "0"]
    assert text.endswith("… 50 rows in all")


def test_an_empty_table_is_no_table():
    assert points({}) == ""
    assert aligned(["a"], []) == "a"


def test_every_panel_of_the_first_screen_has_a_table(lab):
    room = lab()
    room.act(actions.OpenDrawer("Table"))
    text = room.screen.text.text
    for words in ("ELBO", "Variance of ĝ", "Latent space", "KL per latent dimension", "reparameterisation", "2,000"):
        assert words in text
