"""The form follows the catalogue, emits nothing when it is set by code, and does when the user acts."""

import pytest

from elbo_room.models.catalogue import catalogue as live_catalogue
from elbo_room.models.settings import validate
from elbo_room.widgets.messages import Against, Evidence
from elbo_room.widgets.painting.views import panel_b
from elbo_room.widgets.screen.settings_form import SettingsForm, caption_of
from elbo_room.widgets.sessions.example import CATALOGUE, all_knobs, example

KNOBS = all_knobs()["deep_generative"]


@pytest.fixture
def changes():
    return []


@pytest.fixture
def form(changes):
    made = SettingsForm(KNOBS, lambda name, value: changes.append((name, value)))
    made.show(validate(KNOBS, {}))
    return made


def test_the_shipped_catalogue_is_the_engines():
    """If this fails, run: python -m elbo_room.widgets.record"""
    import json

    assert json.loads(json.dumps(live_catalogue())) == json.loads(CATALOGUE.read_text(encoding="utf-8"))


def test_the_example_is_a_finished_run_of_the_default_settings():
    started, frame, *rest = example()
    against = [message for message in rest if isinstance(message, Against)]
    views = [message for message in rest if isinstance(message, Evidence)]
    assert started.settings == validate(KNOBS, {})
    assert started.number == started.settings["stop_at"]
    assert frame.picture["replace"]["latent"]["cloud"]["x"].shape == (1000,)
    assert [message.view for message in against] == ["variance_against_draws", "variance_against_rows"]
    assert all(len(message.rows) > 20 for message in against)
    assert {each.found["view"] for each in views} == set(panel_b()) - {
        "variance",
        "variance_cost",
    }  # whose seconds differ


def test_every_knob_has_a_control_that_says_live_or_restarts(form):
    assert set(form.fields) == {knob["name"] for knob in KNOBS}
    for name, field in form.fields.items():
        assert field.widget.description.endswith("⚡" if field.knob["live"] else "⟳"), name
        assert field.widget.tooltip


def test_showing_values_is_silent_and_acting_is_not(form, changes):
    form.show(validate(KNOBS, {"draws": 16, "activation": "relu", "prior_scale": 0.1, "width": 32}))
    assert changes == []
    form.fields["draws"].widget.value = 8
    form.fields["width"].widget.value = "abc"
    assert changes == [("draws", 8), ("width", "abc")]


def test_a_slider_holds_exactly_what_a_scene_sets(form, changes):
    """Whatever the value, it is one of the slider's own stops, so that no rounding comes back as a person's change."""
    for value in (3.0, 0.1, 0.7, 1 / 3, 100.0):
        form.show(validate(KNOBS, {"prior_scale": value}))
        assert form.fields["prior_scale"].widget.value == value
    assert changes == []
    form.fields["prior_scale"].widget.value = 2.5
    assert changes == [("prior_scale", 2.5)]


def test_a_slider_does_not_jump_back_while_a_newer_value_is_on_its_way(form, changes):
    """Two quick steps of a drag: showing what followed from the first must not undo the second; what was refused comes back."""
    slider = form.fields["prior_scale"].widget
    slider.value = 2.5
    slider.value = 3.0
    form.answered("prior_scale", 2.5)
    form.show(validate(KNOBS, {"prior_scale": 2.5}))
    assert slider.value == 3.0
    form.answered("prior_scale", 3.0)
    form.show(validate(KNOBS, {"prior_scale": 3.0}))
    assert slider.value == 3.0
    form.fields["width"].widget.value = "abc"
    form.answered("width", "abc")
    form.show(validate(KNOBS, {"width": 16}))
    assert form.fields["width"].widget.value == "16"
    assert changes == [("prior_scale", 2.5), ("prior_scale", 3.0), ("width", "abc")]


def test_a_network_without_hidden_layers_has_no_width_and_no_bend(form):
    form.show(validate(KNOBS, {"depth": 0}))
    for name in ("width", "activation", "norm"):
        assert form.fields[name].widget.disabled
        assert "no hidden layer" in form.fields[name].widget.tooltip
    form.show(validate(KNOBS, {"depth": 1}))
    assert not form.fields["width"].widget.disabled


def test_what_does_not_apply_is_grey_with_its_reason(form):
    form.show(validate(KNOBS, {"draws": 1, "depth": 1, "response": "bernoulli"}))
    labels = {name: label for label, name in form.fields["estimator"].widget.options}
    assert "needs at least 2 draws; B is 1" in labels["leave_one_out"]
    assert labels["reparameterization"] == "reparameterisation"
    for name in ("input_reinjection", "identity_residual", "scale_head"):
        assert form.fields[name].widget.disabled
        assert len(form.fields[name].widget.tooltip) > 30
    form.show(validate(KNOBS, {}))
    assert not form.fields["identity_residual"].widget.disabled


def test_the_reason_stands_beneath_a_grey_knob_and_goes_with_it(form):
    """Also where a rule needs several knobs, or where no other choice of a list applies."""
    form.show(validate(KNOBS, {"draws": 1, "depth": 0}))
    shown = {name: field.why.value for name, field in form.fields.items() if field.explained}
    assert shown["noise"].startswith("“antithetic pairs” does not apply: A single draw has no partner: B is 1.")
    assert shown["xi_from"].startswith("Score with ξ* needs at least 2 draws; B is 1.")
    assert shown["width"] == "There is no hidden layer. Raise 'Hidden layers' to 1 or more."
    assert "kernel" not in shown, "a knob that is out of sight says nothing"
    form.show(validate(KNOBS, {}))
    assert [name for name, field in form.fields.items() if field.explained] == ["dense_skip"]


def test_a_knob_of_a_part_that_is_not_chosen_is_out_of_sight(form):
    kernel = form.fields["kernel"].widget
    assert kernel.layout.display == "none"
    form.show(validate(KNOBS, {"network": "convolution_2d"}))
    assert kernel.layout.display is None
    assert not kernel.disabled
    form.show(validate(KNOBS, {"depth": 1}))
    assert form.fields["identity_residual"].widget.layout.display is None  # grey, with its reason


def test_an_odd_number_of_draws_from_a_link_is_shown(form, changes):
    form.show(validate(KNOBS, {"draws": 3}))
    assert form.fields["draws"].widget.value == 3
    assert changes == []


def test_captions_carry_label_symbol_and_mark():
    knob = next(knob for knob in KNOBS if knob["name"] == "prior_scale")
    assert caption_of(knob) == "Prior scale λ ⚡"


def test_controls_of_a_kind_share_their_style(form):
    """A style for each control would be fifty more widgets that a page has to make before its first picture."""
    kinds = {(type(field.widget), field.widget.style.description_width) for field in form.fields.values()}
    assert len({field.widget.style.model_id for field in form.fields.values()}) == len(kinds)
    assert len({(field.why.layout.model_id, field.why.style.model_id) for field in form.fields.values()}) == 1
