"""The drawer's formula is typeset, in the curves' colours, and every term has something that it lights."""

import re

import pytest

from elbo_room.models.settings import validate
from elbo_room.widgets.sessions.example import all_knobs, catalogue
from elbo_room.widgets.theme import DARK, ELBO
from elbo_room.widgets.words import formulas

ESTIMATORS = catalogue()["estimators"]


@pytest.mark.parametrize("model", all_knobs())
def test_every_term_lights_a_control_or_a_curve(model):
    knobs = all_knobs()[model]
    names = {knob["name"] for knob in knobs} | set(formulas.TERMS)
    everywhere = {knob["name"] for own in all_knobs().values() for knob in own} | set(formulas.TERMS)
    sheet = formulas.sheet(validate(knobs, {"model": model}), catalogue())
    found = [each.split() for each in re.findall(r'data-light="([^"]+)"', sheet)]
    assert len(found) > 10
    assert all(set(each) & names and set(each) <= everywhere for each in found)
    assert {"elbo", "likelihood", "kl", "draws", "step_size", "prior_scale"} <= {
        name for each in found for name in each
    }


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_has_a_formula_for_its_tooltip(name):
    made = formulas.mathml(name)
    assert made.startswith("<math")
    assert "merror" not in made


def test_a_term_has_the_colour_of_its_curves_name_on_light_and_dark_pages():
    style = formulas.style()
    for name, label in (("elbo", "ELBO"), ("likelihood", "log likelihood"), ("kl", "−KL"), ("prior", "log prior θ")):
        ink = next(series.ink for series in ELBO if series.label == label)
        assert f'.elbo-term[data-light~="{name}"] {{ color: {ink}; }}' in style
        assert f'[data-jp-theme-light="false"] .elbo-term[data-light~="{name}"] {{ color: {DARK[ink]}; }}' in style


def test_the_numbers_are_those_of_the_form():
    knobs = all_knobs()["deep_generative"]
    now = formulas.numbers_now(validate(knobs, {"draws": 16, "cooling": 0}), knobs)
    assert re.sub("<[^>]*>", "", now).startswith("σ0 = 0.05")
    assert "B = 16" in re.sub("<[^>]*>", "", now)
    assert "cooling" not in now
