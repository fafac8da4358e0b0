"""A formula follows the settings, and every symbol can be typeset: no markup is left in the MathML."""

import re
from xml.etree import ElementTree

import pytest

from elbo_room.models.catalogue import FOLDERS, all_knobs, catalogue
from elbo_room.models.formulas import filled, line, shown
from elbo_room.models.mathml import latex_of, mathml
from elbo_room.models.settings import validate, when

FOUND = catalogue()
SYMBOLS = {part.symbol for parts in FOLDERS.values() for part in parts.values() if part.symbol}


def words(made: str) -> str:
    """The text of a `<math>` element; it must be one, and well formed."""
    tree = ElementTree.fromstring(made)  # noqa: S314 - our own text
    assert tree.tag == "math"
    return "".join(tree.itertext())


def formula(model: str, **chosen: object) -> dict[str, str]:
    """By label, the text of the lines that these settings show."""
    own = FOUND["models"][model]
    values = validate(own["knobs"], {"model": model, **chosen})
    lines = [each for each in (*own["lines"], *FOUND["lines"]) if shown(each, values, own["knobs"])]
    return {each["label"]: words(mathml(filled(each, values, own["knobs"]))) for each in lines}


def every_choice() -> list[tuple[str, str, str]]:
    return [
        (model, knob["name"], choice["name"])
        for model, knobs in all_knobs().items()
        for knob in knobs
        for choice in knob["choices"] or ()
        if knob["name"] != "model"
        and any(f"<{knob['name']}" in each["latex"] for each in FOUND["models"][model]["lines"])
    ]


@pytest.mark.parametrize("symbol", sorted(SYMBOLS))
def test_every_symbol_is_typeset_without_a_rest_of_markup(symbol: str) -> None:
    assert not re.search(r"[\\_{}]", words(mathml(latex_of(symbol))))


@pytest.mark.parametrize(("symbol", "latex"), [
    ("N(0, λ²)", "N(0, λ^{2})"),
    ("z₁ ~ Bern(logistic u)", r"z_{1} \sim  \text{Bern}(\text{logistic}\,u)"),
    ("λ̂_j", r"\hat{λ}_j"),
    ("WᵀW", r"W^{\top }W"),
    (r"\lit{draws noise}{B}\ \text{of its own}", r"\lit{draws noise}{B}\ \text{of its own}"),
])  # fmt: skip
def test_a_symbol_in_unicode_is_latex(symbol: str, latex: str) -> None:
    assert latex_of(symbol) == latex


def test_a_marked_term_has_its_names() -> None:
    assert mathml(r"\lit{draws}{B}<2") == (
        '<math display="inline"><mrow><mrow class="elbo-term" data-light="draws"><mi>B</mi></mrow><mo>&lt;</mo><mn>2</mn></mrow></math>'
    )


def test_a_line_is_shown_where_its_conditions_hold_and_its_parts_apply() -> None:
    knobs = FOUND["models"]["conditional"]["knobs"]
    values = validate(knobs, {"model": "conditional"})
    one = when("draws", low=2)
    assert shown(line("", "x", one), values, knobs)
    assert not shown(line("", "x", one), values | {"draws": 1}, knobs)
    assert not shown(line("", "x", unless=[one]), values, knobs)
    assert shown(line("", "<estimator>"), values, knobs)
    assert not shown(line("", "<estimator>"), values | {"posterior": "point"}, knobs)


@pytest.mark.parametrize(("model", "knob", "name"), every_choice())
def test_every_choice_has_its_formula(model: str, knob: str, name: str) -> None:
    own = FOUND["models"][model]["knobs"]
    values = {each["name"]: each["default"] for each in own} | {"model": model, knob: name}
    lines = [each for each in FOUND["models"][model]["lines"] if shown(each, values, own)]
    made = [words(mathml(filled(each, values, own))) for each in lines]
    assert len(made) > 3
    assert not re.search(r"[\\_{}]", "".join(made))


def test_it_follows_the_settings() -> None:
    plain, weighted = formula("deep_generative"), formula("deep_generative", beta=4.0)
    assert plain["Objective"].startswith("ℒ(ν,θ)=ELBO(ν)+")
    assert "βKL" in weighted["Objective"].replace("\u2009", "")
    assert "min" in formula("deep_generative", warm_up=10)["Objective"]
    assert "max" in formula("deep_generative", free_bits=0.1)["Objective"]
    assert formula("conditional")["Approximation"] != formula("conditional", posterior="low_rank")["Approximation"]
    assert "E" not in formula("conditional", posterior="point")["Objective"]
    assert "One draw" not in formula("conditional", posterior="point")
    deep = formula("deep_exponential_family", depth=3)
    assert [label for label in deep if "ayer" in label] == ["Top layer", "Layer 2", "Layer 1"]
    assert "t0" in formula("deep_generative", cooling=100)["Step"]
    assert "ξ" in formula("deep_generative", estimator="score_xi")["One draw"]
