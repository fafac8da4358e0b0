"""Every view that can be chosen, of every family, is read as a table: in its scene's recorded run, or as the worker draws it."""

from typing import Any

import pytest

from elbo_room.models.catalogue import settings_from
from elbo_room.models.diagnostics.evidence import gaps
from elbo_room.models.training.run import Run
from elbo_room.widgets.painting.views import ONE_STEP, all_views
from elbo_room.widgets.sessions.example import catalogue, example
from elbo_room.widgets.words.tables import tabulated
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.prior_predictive import prior_functions
from elbo_room.widgets.worker.studies import STUDIES, evidence
from tests.widgets.notebook.test_reruns import NoWorker

UNRECORDED = {
    ONE_STEP,
    "prior_predictive",
    "variance_cost",
    "evidence_gap",
}  # they move on with every step, show the form, show seconds, are measured on request
SCENES = sorted(catalogue()["presets"])


@pytest.fixture
def quiet(lab, monkeypatch):
    """A lab without a worker."""
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    return lab()


def table_of(room, name: str) -> dict[str, Any]:
    """What the drawer "Table" shows of a view."""
    return tabulated(room.screen.bus, room.screen.chart(name))


def test_every_view_has_a_table_that_some_scene_opens_with_or_a_click_shows(quiet):
    """Each with a sentence, and with numbers or words in every cell of its rows; one row at least."""
    filled: dict[str, dict[str, Any]] = {}
    for scene in SCENES:
        with quiet.turn:
            started, *others = example(scene)
            for message in (started, *others):
                quiet.painter.show(message)
            quiet.painter.summarise()
            for names in started.about["views"].values():
                found = {name: table_of(quiet, name) for name in names if name not in UNRECORDED}
                filled |= {name: table for name, table in found.items() if table["parts"]}
    assert set(filled) == set(all_views()) - UNRECORDED
    for name, table in filled.items():
        assert table["title"], name
        assert table["summary"] or all_views()[name].panel == "b", (
            f"{name} is read in a sentence, in panel B while it is shown"
        )
        for part in table["parts"]:
            assert all(len(row) == len(part["heads"]) and all(row) for row in part["rows"]), f"{name}: {part['name']}"


@pytest.mark.parametrize("scene", ["digits", "regression", "latent_gaussian"])
def test_the_next_step_of_each_family_is_a_table_of_its_draws_and_of_q(quiet, scene):
    run = Run(settings_from(catalogue()["presets"][scene]["settings"] | {"stop_at": 4, "draws": 3}))
    pictures = pictures_of(run)
    assert pictures.steps is not None
    drawn = pictures.steps.show(pictures.steps.peek_next_step(), (0, 1))
    with quiet.turn:
        quiet.painter._picture(drawn)
        table = table_of(quiet, ONE_STEP)
    draws, q = table["parts"]
    assert (draws["name"], len(draws["rows"]), q["name"], len(q["rows"])) == ("draws", 3, "q", 1)


def test_functions_of_the_prior_are_a_table(quiet):
    settings = catalogue()["presets"]["regression"]["settings"]
    with quiet.turn:
        quiet.painter.show(prior_functions(settings_from(settings)))
        assert [part["name"] for part in table_of(quiet, "prior_predictive")["parts"]] == ["band", "draws"]


def test_log_p_of_y_measured_on_request_is_a_table(quiet, monkeypatch):
    """A row a run, with its label."""
    for name, value in (("WARM_UP", 40), ("DRAWS", 40)):
        monkeypatch.setattr(evidence, name, value)
    monkeypatch.setattr(gaps, "FEWEST", 20)
    settings = catalogue()["presets"]["regression"]["settings"] | {"depth": 0, "spread_from": "fixed", "stop_at": 2}
    run = Run(settings_from(settings))
    next(run)
    pictures = pictures_of(run)
    pictures.watched = frozenset({"evidence_gap"})
    parts = STUDIES["evidence"].parts(run)
    pictures.findings["evidence"] = next(each for each in parts if isinstance(each, evidence.Measured))
    with quiet.turn:
        quiet.painter._picture(pictures.look())
        (rows,) = (part for part in table_of(quiet, "evidence_gap")["parts"] if part["name"] == "rows")
    assert rows["rows"][0][0] == "this run"
