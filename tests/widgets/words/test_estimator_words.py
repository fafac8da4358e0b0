"""Panel B's legend in words: which estimators it lists and why one does not apply, and what a multiple compares."""

import math

import pytest

from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.probing.variance import LEAST
from elbo_room.models.settings import validate
from elbo_room.widgets.sessions.example import all_knobs, catalogue
from elbo_room.widgets.theme import MINIBATCH
from elbo_room.widgets.words.estimator_words import multiples, rows

PARTS = catalogue()["estimators"]
LABELS = {name: part["label"] for name, part in PARTS.items()}


def listed(model="deep_generative", **values):
    knobs = all_knobs()[model]
    whole = validate(knobs, {"model": model, **values})
    found = rows(next(knob for knob in knobs if knob["name"] == "estimator"), whole, catalogue())
    return {row["name"]: row for row in found}


def facts(variance, estimator="path_only", **more):
    return {"variance": variance, "variance_at": 157, "estimator": estimator, "labels": LABELS, "parts": PARTS, **more}


def test_every_estimator_is_listed_in_a_group_with_its_formula():
    for model in all_knobs():
        found = listed(model)
        assert list(found) == list(ESTIMATORS)
        assert all(row["formula"] and row["group"] and row["help"] and row["source"] for row in found.values())
    groups = {row["group"] for row in found.values()}
    assert len(groups) == 6


def test_an_estimator_that_does_not_apply_says_why():
    found = listed(draws=1)
    assert found["leave_one_out"]["reason"].startswith("Leave-one-out needs at least 2 draws; B is 1.")
    assert not found["leave_one_out"]["never"], "it can be ticked: more draws are one click away"
    assert found["flipout"]["never"]
    assert found["flipout"]["reason"]
    assert listed(draws=4)["leave_one_out"]["reason"] == ""


def test_of_a_point_mass_the_minibatches_are_the_only_line():
    found = listed("conditional", posterior="point")
    assert next(iter(found)) == MINIBATCH
    assert found[MINIBATCH]["fixed"]
    assert {row["reason"] for name, row in found.items() if name != MINIBATCH} >= {
        "q is a point mass: nothing is drawn."
    }
    assert all(row["never"] for name, row in found.items() if name != MINIBATCH)


def test_what_is_biased_or_estimates_another_gradient_is_marked():
    found = listed("deep_exponential_family")
    assert {name for name, row in found.items() if "biased" in row["notes"]} == {
        "gumbel_softmax", "straight_through", "gumbel_rao", "reinmax",
    }  # fmt: skip
    assert {name for name, row in found.items() if "another objective" in row["notes"]} == {
        "iwae", "dreg", "vimco", "ovis",
    }  # fmt: skip
    assert "biased" in listed(draws=4, xi_from="same_draws")["score_xi"]["notes"]
    assert not any("biased" in row["label"] for row in found.values()), "once is enough"


def test_multiples_are_of_the_least_unbiased_variance_with_their_interval():
    found = multiples(
        facts({"score": (859.0, 700.0, 1050.0), "path_only": (1.0, 0.8, 1.2), "straight_through": (0.1, 0.09, 0.12)}),
        "variance",
    )
    assert found["path_only"]["text"] == "1×"
    assert found["score"]["text"] == "859×"
    assert found["score"]["says"].startswith("859× the variance of path only at step 157; 95 % interval ")
    low, high = (
        859 * math.exp(-math.hypot(math.log(859 / 700), math.log(1.2))),
        859 * math.exp(math.hypot(math.log(1050 / 859), math.log(1 / 0.8))),
    )
    assert found["score"]["range"] == f"{low:,.0f} to {high:,.0f}×"
    assert found["straight_through"]["text"] == "0.10×", "a biased one is no yardstick"


def test_a_difference_within_the_bands_is_marked():
    found = multiples(facts({"score": (1.1, 0.8, 1.5), "path_only": (1.0, 0.8, 1.2)}), "variance")
    assert found["score"]["close"]
    assert "not separable" in found["score"]["says"]


def test_where_only_the_lower_end_is_known_the_multiple_says_at_least():
    found = multiples(facts({"score": (50.0, 20.0, math.inf), "path_only": (1.0, 0.9, 1.1)}), "variance")
    assert found["score"]["text"] == "≥ 20×"


def test_without_any_variance_there_is_no_multiple():
    found = multiples(facts({"score": (50.0, 20.0, 60.0), "path_only": (LEAST, LEAST, LEAST)}), "variance")
    assert found["score"]["text"] == "–"


@pytest.mark.parametrize(("measure", "text"), [("evaluations", "5.0×"), ("seconds", "20×")])
def test_the_bill_is_variance_times_cost(measure, text):
    cost = {"score": (4.0, 0.2), "path_only": (8.0, 0.1)}
    found = multiples(
        facts({"score": (10.0, 9.0, 11.0), "path_only": (1.0, 0.9, 1.1)}, evidence={"variance_cost": {"cost": cost}}),
        measure,
    )
    assert found["score"]["text"] == text


def test_what_has_no_cost_yet_is_pending():
    found = multiples(facts({"score": (10.0, 9.0, 11.0)}), "seconds")
    assert found["score"]["text"] == "…"
