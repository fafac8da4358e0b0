"""Panel B where q is a point mass: the noise of minibatches, and its message where there is none."""

import numpy as np
import pytest

from elbo_room.models.catalogue import settings_from
from elbo_room.models.training.run import Run
from elbo_room.widgets import actions
from elbo_room.widgets.worker.measuring.effort import LEAST
from elbo_room.widgets.worker.measuring.minibatch_noise import LADDER, MOST, REPLICATES
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.rows import Probed
from elbo_room.widgets.worker.measuring.selection import FIRST, Selection
from tests.widgets.conftest import eventually


def test_where_q_is_a_point_the_minibatches_are_what_varies(lab):
    room = lab({"model": "conditional", "posterior": "point", "width": 3, "depth": 1, "stop_at": 30, "batch_size": 16})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and "minibatch" in room.painter.facts["variance"])
    value, low, high = room.painter.facts["variance"]["minibatch"]
    assert 0 < low < value < high
    assert room.screen.chart("variance").heading == "Gradient variance"
    room.post(actions.Look("b", "variance_against_rows"))
    eventually(lambda: "slopes" in room.painter.facts["evidence"].get("variance_against_rows", {}))
    slope, error = room.painter.facts["evidence"]["variance_against_rows"]["slopes"]["minibatch"]
    assert abs(slope + 1) < max(4 * error, 0.3)  # (1 − M/N)/M is a little steeper than 1/M
    eventually(lambda: "The variance of minibatch gradients goes as M to the power" in room.screen.caption.value)
    room.post(actions.Look("b", "xi_parabola"))
    eventually(lambda: "q is a point mass: nothing is drawn" in room.screen.caption.value)


def test_a_point_mass_that_sees_all_data_has_no_variance_and_the_panel_says_so(lab):
    room = lab({"model": "conditional", "posterior": "point", "width": 3, "depth": 1, "stop_at": 30})
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and room.painter.facts["noiseless"])
    assert room.painter.facts["variance"] == {}
    eventually(lambda: "as M to the power" in room.screen.caption.value)  # the panel has turned to fewer rows by itself
    assert room.screen.view.value == "variance_against_rows"
    assert room.screen.chart("variance_against_rows").heading == "Gradient variance"
    room.post(actions.Look("b", "variance"))
    eventually(lambda: room.screen.chart("variance").heading == "No variance: q is a point mass")
    assert (
        "q is a point mass, so nothing is drawn, and each step uses all data" in room.screen.chart("variance").waiting
    )
    room.post(actions.Look("b", "variance_against_rows"))
    room.post(actions.ChooseScene("poisson"))
    room.post(actions.SetKnob("stop_at", 5))
    room.post(actions.Run())
    eventually(lambda: room.state == "finished" and room.painter.facts["variance"])


@pytest.mark.parametrize("view", ["variance", "variance_against_rows"])
@pytest.mark.parametrize(("budget", "replicates"), [(1e-9, LEAST), (1e9, REPLICATES)])
def test_a_measurement_of_minibatches_keeps_to_its_budget(view, budget, replicates) -> None:
    """At least 8 minibatches, or as many as the budget allows, at every number of rows; each is a slice."""
    settings = {"model": "conditional", "posterior": "point", "width": 3, "depth": 1, "batch_size": 16}
    run = Run(settings_from(settings))
    rungs = sum(rows <= MOST * run.data.size for rows in LADDER) if view == "variance_against_rows" else 1
    selection, probing = Selection(run), Probing(run)
    chosen = tuple(selection.choices)
    probing.start(Request(0, run.settings, view, FIRST, chosen[0], chosen, fine=False, budget=budget))
    slices = []
    while probing.work is not None:
        slices.append(probing.slice())
    assert slices.count(None) - 1 == rungs * replicates, "the last slice finds that there is nothing left"


def test_a_weight_chosen_in_the_drawing_keeps_its_curve_of_minibatch_noise() -> None:
    """It joins the list while the model trains; what was measured of it is drawn again when it is chosen again."""
    settings = {"model": "conditional", "posterior": "point", "width": 30, "depth": 1, "stop_at": 30, "batch_size": 16}
    run = Run(settings_from(settings))
    selection, probing = Selection(run), Probing(run)
    listed = len(selection.choices)
    selection.choose(name="out.bias[0]")
    assert len(selection.choices) == listed + 1, "not one of the first"
    chosen = tuple(selection.choices)
    probing.start(Request(0, run.settings, "variance", FIRST, selection.parameter, chosen, fine=False, budget=1.0))
    messages = []
    while probing.work is not None:
        messages += [message] if (message := probing.slice()) else []
    (probed,) = messages
    assert isinstance(probed, Probed)
    assert probed.complete
    selection.keep(probed.kept)
    np.testing.assert_array_equal(np.asarray(selection.past(), np.float32), probed.rows)
    assert (probed.whole != probed.rows).any()
