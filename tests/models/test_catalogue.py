"""The catalogue is plain data, holds every part, and is read without torch."""

import json
import subprocess
import sys

import pytest

from elbo_room.models.catalogue import FOLDERS, all_knobs, catalogue, knobs
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.families import Normal
from elbo_room.models.presets import CHAPTERS, DIFFICULTIES, KINDS, PRESETS
from elbo_room.models.settings import FIRST_MODEL, SettingError, validate


def test_it_is_plain_json() -> None:
    plain = catalogue()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_every_choice_is_a_part_and_every_part_a_choice() -> None:
    every = [knob for own in all_knobs().values() for knob in own if knob["choices"]]
    offered = {tuple(choice["name"] for choice in knob["choices"]) for knob in every}
    assert offered == {tuple(parts) for parts in FOLDERS.values()}


def test_every_knob_has_the_words_and_bounds_of_a_form() -> None:
    for knob in [knob for own in all_knobs().values() for knob in own]:
        assert knob["label"]
        assert knob["group"]
        assert knob["help"].endswith(".")
        if knob["kind"] in ("int", "float"):
            assert knob["low"] <= knob["default"] <= knob["high"]
            assert knob["low"] > 0 or not knob["log"]
        if knob["kind"] == "choice":
            assert knob["default"] in [choice["name"] for choice in knob["choices"]]


def test_estimators_are_described_as_panel_b_needs_them() -> None:
    described = catalogue()["estimators"]
    assert list(described) == list(ESTIMATORS)
    keys = {"label", "symbol", "path", "least_draws", "source", "unbiased", "bound", "group", "formula"}
    assert all(set(each) == keys for each in described.values())
    assert described["score"]["symbol"] == r"G_b = f_b\, s_b"


def test_estimators_that_cannot_be_chosen_have_a_reason() -> None:
    """Those for discrete latents are listed, grey, with their reason; a setting that names one is refused with it."""
    offered = next(knob["choices"] for knob in knobs() if knob["name"] == "estimator")
    reasons = {choice["name"]: choice["unavailable"] for choice in offered}
    assert {name for name, reason in reasons.items() if reason} == {
        name for name, part in ESTIMATORS.items() if part().supports(Normal(), 64) or part.for_weights
    }
    assert reasons["score"] is None
    assert reasons["disarm"] == "DisARM is for Bernoulli latents; these are Gaussian. Choose another estimator."
    with pytest.raises(SettingError, match=r"Estimator: DisARM does not apply. DisARM is for Bernoulli latents"):
        validate(knobs(), {"estimator": "disarm"})


def test_no_scene_replaces_another() -> None:
    """Two files with one name would lose a scene without a word."""
    assert len(PRESETS) == sum(len(kind) for kind in KINDS)
    assert len({preset["label"] for preset in PRESETS.values()}) == len(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_allowed_and_write_only_what_differs(name: str) -> None:
    preset = PRESETS[name]
    assert preset["label"]
    assert preset["goal"].endswith((".", "?"))
    assert preset["chapter"] in CHAPTERS
    assert preset["difficulty"] in DIFFICULTIES
    assert 3 + 2 * len(preset.get("tasks", [])) <= preset["minutes"] <= 20  # two for each question, and three to look
    own = knobs(preset["settings"].get("model", FIRST_MODEL))
    defaults = {knob["name"]: knob["default"] for knob in own}
    assert validate(own, preset["settings"]) == defaults | preset["settings"]
    assert all(defaults[key] != value for key, value in preset["settings"].items() if key != "model")


def test_settings_can_be_checked_without_torch() -> None:
    """The kernel reads the catalogue as data and runs the very same checks, 250 MB lighter."""
    code = "import sys, elbo_room.models.settings; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
