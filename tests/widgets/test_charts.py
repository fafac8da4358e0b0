"""Every chart: its file declares it, `prepare` has recorded that, and its numbers are the columns that its specification draws."""

import re
from typing import Any

import altair as alt
import pytest
import vl_convert

from elbo_room.models.catalogue import settings_from
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.registry import MODELS
from elbo_room.models.training.run_from import run_from
from elbo_room.widgets import theme
from elbo_room.widgets.charts import all_charts, specification
from elbo_room.widgets.charts.frame import POWERS, TENS
from elbo_room.widgets.messages import Charts
from elbo_room.widgets.painting.views import all_views, panel_b, views_of
from elbo_room.widgets.screen.estimator_legend import sources, unlabelled
from elbo_room.widgets.screen.panels import Panels
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.numbers import numbers_of

# Of charts that a family's default settings cannot fill: settings that can.
FITTING: dict[str, dict[str, Any]] = {
    "surface": {"data": "moons", "response": "bernoulli"},
    "fit": {"data": "diabetes"},
    "relevance": {"prior": "ard"},
    "arm": {"data": "robot_arm"},
}
SMALL = {"width": 4, "depth": 1, "stop_at": 3}
FILLED = [(model, chart) for model in MODELS for chart in numbers_of(model)]


@pytest.mark.parametrize("name", all_charts())
def test_a_chart_declares_itself_and_is_listed_where_it_says(name: str) -> None:
    view, meta = all_charts()[name].VIEW, specification(name)["usermeta"]
    assert all_views()[name] == view
    assert 0 < len(view.word) <= 20
    assert meta["title"]
    assert meta["datasets"]
    for words in (view.empty, view.shows, view.axes, view.reading):  # what the panel's `?` says, among them
        assert words.endswith("."), words
        assert "_" not in words, words
    panels = Panels(lambda _: None)
    assert set(view.choices) <= set(panels.choosers)
    for model in view.models or MODELS:
        assert name in views_of(model)[view.panel]
        panels.use(model)
        assert (view.word, name) in panels.lists[view.panel].options
        panels.look(view.panel, name)
        assert panels.in_sight().count(name) == 1


@pytest.mark.parametrize(("model", "name"), FILLED, ids=[f"{model}-{name}" for model, name in FILLED])
def test_the_numbers_of_a_chart_are_the_columns_that_it_draws(model: str, name: str) -> None:
    own = set(vars(MODELS[model].settings()))
    small = {knob: value for knob, value in SMALL.items() if knob in own and model != "deep_exponential_family"}
    run = run_from(settings_from({"model": model, **small, **FITTING.get(name, {})}))
    next(run)
    pictures = pictures_of(run)
    told = pictures.about()
    assert name in told["views"][all_views()[name].panel]
    pictures.watched = frozenset({name})
    seen = pictures.look()
    filled = columns(name, told.get("static", {}), seen.get("replace", {}), seen.get("append", {}))
    drawn = specification(name)["usermeta"]["datasets"]
    assert filled.keys() <= drawn.keys()
    assert filled
    for dataset, kinds in filled.items():
        fields = drawn[dataset].get("fields")
        assert fields is None or set(fields) <= kinds, f"{dataset} of {name} lacks columns that are drawn"
    assert seen["facts"].get("summaries", {}).get(name, "") or name == "samples", "a screen reader hears a sentence"


def columns(name: str, *parts: Charts) -> dict[str, set[str]]:
    """Of one chart the columns of every dataset, those that stay and those that move; of one moment they have one length."""
    found: dict[str, set[str]] = {}
    for charts in parts:
        for dataset, table in charts.get(name, {}).items():
            assert len({len(column) for column in table.values()}) == 1, dataset
            found.setdefault(dataset, set()).update(table)
    return found


def test_estimators_look_different_from_each_other_and_so_do_the_next_that_are_added() -> None:
    looks = [(each.color, each.dash) for each in theme.estimators([*ESTIMATORS, "one more", "another"])]
    assert len(set(looks)) == len(looks)


@pytest.mark.parametrize(("low", "high"), [(2, 110_000), (0.004, 1.3), (1e-7, 3e4), (0.7, 14)])
def test_a_log_axis_has_labels_at_powers_of_ten_and_nowhere_else(low: float, high: float) -> None:
    axis = alt.Y("y:Q", scale=alt.Scale(type="log", domainMin=low, domainMax=high, nice=False), title=None, axis=POWERS)
    chart = alt.Chart(alt.Data(values=[{"y": low}, {"y": high}])).mark_point().encode(y=axis)
    labels = re.findall(r"<text[^>]*>([^<]+)</text>", vl_convert.vegalite_to_svg(chart.to_dict()))
    inside = [k for k in range(-9, 9) if low <= 10**k <= high]
    names = {k: f"{10.0**k:,.10g}" if -3 < k < 4 else TENS[k + 12] for k in inside}
    assert set(labels) <= set(names.values())
    assert len(labels) >= 2
    assert len(labels) == len(inside) or len(inside) > 5, "none is left out where there are few"


def sizes(part: Any) -> list[float]:
    """Every size of type in a specification."""
    if isinstance(part, list):
        return [size for each in part for size in sizes(each)]
    if not isinstance(part, dict):
        return []
    own = [value for key, value in part.items() if key.lower().endswith("fontsize") and isinstance(value, int | float)]
    return own + [size for each in part.values() for size in sizes(each)]


def test_no_type_in_a_chart_is_smaller_than_twelve_pixels() -> None:
    found = {name: sizes(specification(name)) for name in all_charts()}
    assert min(size for each in found.values() for size in each) == theme.SMALL == 12


@pytest.mark.parametrize("name", panel_b())
def test_beside_the_legend_a_chart_does_not_repeat_its_names(name: str) -> None:
    spec = specification(name)
    named = [layer["name"] for layer in spec["layer"] if "name" in layer]
    bare = unlabelled(specification(name))
    assert (named == [theme.NAMES]) == (name != "xi_parabola")
    assert not [layer for layer in bare["layer"] if layer.get("name") == theme.NAMES]
    assert bare["padding"] == bare["usermeta"]["padding"]
    assert "ends" not in bare["usermeta"]["datasets"]
    fed = {dataset for dataset, how in bare["usermeta"]["datasets"].items() if "fields" in how}
    assert fed <= sources(bare["layer"]), "a view knows the datasets of its layers only"
