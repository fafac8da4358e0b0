"""Settings: what goes into a link comes out again; anything else is refused in a sentence, and nothing is ever
evaluated.
"""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from elbo_room.models.catalogue import all_knobs, knobs
from elbo_room.models.settings import (
    FIRST_MODEL,
    VERSION,
    Knob,
    SettingError,
    check,
    decode,
    encode,
    objection,
    validate,
)

KNOBS, MODELS = knobs(), all_knobs()
BY_NAME = {knob["name"]: knob for knob in KNOBS}
DEFAULTS = {knob["name"]: knob["default"] for knob in KNOBS}
NUMBERS = [knob["name"] for knob in KNOBS if knob["kind"] in ("int", "float")]

modest = budget(deadline=None, max_examples=60, derandomize=True, database=None)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.integers(10**300, 10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def allowed(knob: Knob) -> st.SearchStrategy[Any]:
    """Any value within a knob's declaration."""
    if knob["kind"] == "choice":
        return st.sampled_from([choice["name"] for choice in knob["choices"]])
    if knob["kind"] == "bool":
        return st.booleans()
    if knob["kind"] == "int":
        return st.integers(int(knob["low"]), int(knob["high"]))
    return st.floats(knob["low"], knob["high"])


def attempt(work: Callable[..., Any], *arguments: Any) -> tuple[Any, SettingError | None]:
    """What came out, or the refusal; any other exception is a failure of the test."""
    try:
        return work(*arguments), None
    except SettingError as refusal:
        return None, refusal


def applicable(model: str) -> st.SearchStrategy[dict[str, Any]]:
    """Settings of one family of models in which every chosen part goes with the others."""

    def applies(values: dict[str, Any]) -> bool:
        parts = [(knob, choice) for knob in MODELS[model] for choice in knob["choices"] or ()]
        return not any(objection(choice, values) for knob, choice in parts if choice["name"] == values[knob["name"]])

    drawn = {knob["name"]: allowed(knob) for knob in MODELS[model]} | {"model": st.just(model)}
    return st.fixed_dictionaries(drawn).filter(applies)


whole = st.sampled_from(sorted(MODELS)).flatmap(applicable)


@modest
@given(whole)
def test_round_trip(values: dict[str, Any]) -> None:
    """decode(encode(v)) = v, to the last bit of every float; the line is short JSON that holds only what differs."""
    knobs = MODELS[values["model"]]
    line = encode(knobs, values)
    assert decode(MODELS, line) == values
    assert encode(knobs, decode(MODELS, line)) == line
    held = json.loads(line)
    assert held.pop("version") == VERSION
    assert held.pop("model", FIRST_MODEL) == values["model"]
    defaults = {knob["name"]: knob["default"] for knob in knobs}
    assert all(values[name] == value != defaults[name] for name, value in held.items())


def test_the_defaults_are_allowed_and_encode_to_nothing() -> None:
    assert validate(KNOBS, {}) == DEFAULTS
    assert json.loads(encode(KNOBS, DEFAULTS)) == {"version": VERSION}


@modest
@given(st.sampled_from(sorted(BY_NAME)), anything)
def test_any_value_is_in_its_domain_or_refused_in_a_sentence(name: str, value: Any) -> None:
    knob = BY_NAME[name]
    found, refusal = attempt(check, knob, value)
    if refusal:
        assert refusal.knob == name
        assert str(refusal).startswith(knob["label"])
        assert str(refusal).endswith(".")
        assert len(str(refusal)) < 400
    elif knob["kind"] == "choice":
        assert found in [choice["name"] for choice in knob["choices"]]
    elif knob["kind"] == "bool":
        assert found is value
    else:
        assert type(found) is {"int": int, "float": float}[knob["kind"]]
        assert knob["low"] <= found <= knob["high"]


@modest
@given(st.text())
def test_any_text_decodes_or_is_refused(text: str) -> None:
    found, refusal = attempt(decode, MODELS, text)
    known = {knob["name"] for knob in MODELS[found["model"]]} if found else set()
    assert str(refusal).endswith(".") if refusal else set(found) == known


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 1e308, -1e308, 10**400, -2e6, True, None, "abc", "", [], {}, "nan"]
)
def test_numbers_out_of_range_say_what_is_allowed(name: str, value: Any) -> None:
    knob = BY_NAME[name]
    kind = "a whole number" if knob["kind"] == "int" else "a number"
    with pytest.raises(SettingError, match=f"^{knob['label']}.* was .*; it must be {kind} from .* to .*\\."):
        check(knob, value)


def test_the_nearest_allowed_value_is_named() -> None:
    with pytest.raises(SettingError, match=r"^Draws B was 1000; .* The nearest allowed value is 64\.$"):
        check(BY_NAME["draws"], 1000)
    with pytest.raises(SettingError, match=r"^Draws B was 2.5; it must be a whole number from 1 to 64"):
        check(BY_NAME["draws"], 2.5)
    assert check(BY_NAME["draws"], 2.0) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "These settings cannot be read: '{'. Copy the whole link again, or start from the defaults."),
        ("", "These settings cannot be read"),
        ("[]", "These settings cannot be read"),
        ("[" * 100_000, "These settings cannot be read"),
        ('{"draws":' + "9" * 5_000 + "}", "These settings cannot be read"),
        ('{"draws":' + "9" * 400 + "}", "Draws B was"),
        ('{"draws":1e400}', "Draws B was 'inf'"),
        ('{"draws":NaN}', "Draws B was 'nan'"),
        ('{"version":2}', "have version 2; this lab reads version 1. Update the lab"),
        ('{"version":"1"}', "have version '1'; this lab reads version 1"),
        ('{"drows":2}', "There is no setting called 'drows'; the settings are: model, data, held_out, response"),
        ('{"data":"__import__(\'os\')"}', "Data was .*; choose one of: digits, pinwheel"),
        ('{"intercept":1}', "Intercept was '1'; it must be true or false"),
        (
            '{"draws":1,"estimator":"leave_one_out"}',
            "Estimator: leave-one-out does not apply. Leave-one-out needs at least 2 draws; B is 1",
        ),
    ],
)
def test_links_that_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        decode(MODELS, text)


def test_the_version_may_be_left_out() -> None:
    assert decode(MODELS, '{"draws":8}') == DEFAULTS | {"draws": 8}
