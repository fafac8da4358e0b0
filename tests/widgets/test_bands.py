"""Bands that are open upwards, from a report to the page: drawn to the top of the axis, never taken for a number."""

import math

import numpy as np
import pytest
import torch

from elbo_room.models.inference.parameters import Parameter
from elbo_room.models.probing.report import Report, moments
from elbo_room.models.probing.variance import OPEN, Variance
from elbo_room.widgets import messages
from elbo_room.widgets.charts import specification
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.worker.measuring import rows as evidence

NAMES = list(catalogue()["estimators"])
ALL = Parameter("z", "all of q")


def report(name: str, power: int, draws: int = 1) -> Report:
    """Gaussian draws to a power: 1 is Gaussian, 5 has a tail that 32 replicates cannot know."""
    noise = torch.randn(32, draws, 4, 2, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return Report(name, draws, 32, "z", {"z": moments(noise**power)}, {"z": 1.0}, draws, 0.001)


@pytest.fixture(scope="module")
def two() -> list[Report]:
    found = [report("score", 5), report("path_only", 1)]
    assert [math.isinf(each.high) for each in found] == [True, False]
    return found


def test_a_row_has_the_ends_of_its_interval_and_stays_above_zero() -> None:
    assert evidence.row(3, Variance(2.0, 0.1, 1.5, 2.75), 4) == (3, 2.0, 1.5, 2.75, 4)
    assert evidence.row(3, Variance(2.0, 0.1, 0.0, math.inf), 4) == (3, 2.0, 0.1, math.inf, 4)
    _, value, low, high, _ = evidence.row(0, Variance(0.0, 0.0, 0.0, 0.0), 1)
    assert 0 < low <= value <= high < 1e-20


def test_each_parameter_has_its_own_interval(two) -> None:
    one = Parameter("z", "μ", (1, 0))
    whole, single = evidence.variances(two[1], [ALL, one])
    assert whole == two[1].of_site.summary
    assert [single] == two[1].of_site.of_parameters([(1, 0)])


def test_an_open_band_reaches_the_page_as_open_and_the_caption_as_infinite(lab, two) -> None:
    painter = lab().painter
    rows = [evidence.row(7, evidence.variance_of(each, ALL), NAMES.index(each.estimator)) for each in two]
    painter.show(messages.Variance(number=7, rows=np.asarray(rows, np.float32), replaces=True))
    shown = painter.screen.bus.shown("variance")["lines"]
    assert shown["high"].tolist() == [pytest.approx(OPEN), pytest.approx(two[1].high)], "no row was left out"
    assert shown["low"] == pytest.approx([each.low for each in two])
    assert math.isinf(painter.facts["variance"]["score"][2])


@pytest.mark.parametrize("name", ["variance", "variance_against_draws", "variance_against_rows"])
def test_a_chart_ends_an_open_band_at_the_line_and_draws_an_arrow_at_the_top(name: str) -> None:
    spec = specification(name)
    assert spec["usermeta"]["datasets"]["lines"]["open"] == OPEN, "lines.js reads it"
    band = next(each for each in spec["layer"] if "layer" in each)["layer"]
    area, stroke, arrow = band
    test = f"datum.high >= {OPEN}"
    assert area["transform"] == [{"calculate": f"{test} ? datum.value : datum.high", "as": "top"}]
    assert area["encoding"]["y2"]["field"] == "top"
    assert [each["transform"] for each in (stroke, arrow)] == [[{"filter": test}]] * 2
    assert stroke["encoding"]["y2"] == {"value": 0}, "to the top"
    assert arrow["mark"]["shape"] == "triangle-up"


def test_costs_keep_open_ends_off_the_axis(two) -> None:
    picture, found = evidence.costs(
        two, {"score": 0.1, "path_only": 0.1}, ALL, {name: k for k, name in enumerate(NAMES)}
    )
    bars, params = picture["replace"]["variance_cost"]["bars"], picture["params"]["variance_cost"]
    assert set(bars["high"][bars["series"] == 0]) == {np.float32(OPEN)}
    assert params["xHigh"] < 100 * bars["value"].max()
    assert math.isinf(found["found"]["score"][0][2])


def test_a_slope_is_fitted_to_points_with_both_ends() -> None:
    closed = [(float(b), 8.0 / b, 8.0 / b / 1.2, 8.0 / b * 1.25, 0.0) for b in (2, 4, 8, 16)]
    spike = (1.0, 1000.0, 500.0, math.inf, 0.0)
    unknown = [(float(b), 8.0 / b, 4.0 / b, math.inf, 1.0) for b in (1, 2, 4, 8)]
    found = evidence.slopes([spike, *closed, *unknown], NAMES, "variance_against_draws")
    assert found["slopes"][NAMES[0]][0] == pytest.approx(-1)
    assert found["open"] == [NAMES[1]]
    spread = np.log([2, 4, 8, 16])
    assert found["slopes"][NAMES[0]][1] == pytest.approx(
        math.log(1.2) / 2 / math.sqrt(((spread - spread.mean()) ** 2).sum())
    )
