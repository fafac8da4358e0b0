"""Caption, status, drawer texts and links are correct."""

import math

import pytest

from elbo_room.models.settings import decode, encode, validate
from elbo_room.widgets.painting.elbo_lines import change_word
from elbo_room.widgets.sessions.example import all_knobs, catalogue
from elbo_room.widgets.theme import estimators
from elbo_room.widgets.words import texts
from elbo_room.widgets.words.caption import caption, fitted, headline, noise
from elbo_room.widgets.words.evidence_words import UNBOUNDED
from elbo_room.widgets.words.snapshot import Snapshot, decimals

LABELS = {name: part["label"] for name, part in catalogue()["estimators"].items()}
KNOBS = all_knobs()["deep_generative"]


def facts(**more):
    return {
        "state": "running",
        "number": 500,
        "stop_at": 2000,
        "estimator": "score",
        "labels": LABELS,
        **more,
    }


@pytest.mark.parametrize(
    ("variance", "chosen", "words"),
    [
        (
            {"score": (800.0, 780.0, 820.0), "path_only": (10.0, 9.8, 10.2)},
            "score",
            "Score: 80× as noisy as path only (step 157)",
        ),
        (
            {"score": (10.5, 8.5, 12.5), "path_only": (10.0, 8.0, 12.0)},
            "score",
            "Score: 1.1× as noisy as path only (step 157): no clear difference",
        ),
        (
            {"score": (900.0, 880.0, 920.0), "path_only": (10.0, 9.8, 10.2)},
            "path_only",
            "Path only: 90× less noisy than score (step 157)",
        ),
        (
            {"score": (800.0, 120.0, math.inf), "path_only": (10.0, 9.8, 10.2)},
            "score",
            "Score: at least 12× as noisy as path only (step 157)",
        ),
        (
            {"score": (800.0, 120.0, math.inf), "path_only": (10.0, 9.8, 10.2)},
            "path_only",
            "Path only: at least 12× less noisy than score (step 157)",
        ),
        (
            {"score": (8.0, 3.0, math.inf), "path_only": (10.0, 9.8, 10.2)},
            "score",
            "Score: 0.8× as noisy as path only (step 157): no clear difference",
        ),
    ],
)
def test_the_headline_has_subject_number_and_step_and_respects_the_bands(variance, chosen, words):
    parts = catalogue()["estimators"]
    found = headline(facts(estimator=chosen, variance=variance, variance_at=157, parts=parts))
    assert str(found) == words
    known = facts(estimator=chosen, variance=variance, variance_at=157, parts=parts)
    assert (UNBOUNDED in caption(known)) == any(math.isinf(high) for *_, high in variance.values())
    assert found.series == estimators(list(parts))[list(parts).index(chosen)]


def test_without_a_comparison_the_headline_is_the_elbo_and_an_open_question_has_none():
    measured = {"variance": {"score": (8.0, 7.0, 9.0), "path_only": (1.0, 0.9, 1.1)}, "variance_at": 5}
    known = facts(elbo=-98.44, parts=catalogue()["estimators"], **measured)
    assert str(headline(known)) == "Score: 8.0× as noisy as path only (step 5)"
    assert str(headline(known | {"veiled": True})) == "ELBO: −98.4 nats per data point (step 500)"
    assert str(headline(known | {"variance_at": None})) == "ELBO: −98.4 nats per data point (step 500)"
    assert headline(known | {"asking": "b"}) is None
    assert headline(known | {"state": "starting"}) is None
    assert noise({"score": (8.0, 7.0, 9.0)}, "score", LABELS, 5) is None, "nothing to compare with"


@pytest.mark.parametrize(
    ("view", "found", "words"),
    [
        (
            "variance_against_draws",
            {"slopes": {"score": (-1.02, 0.03)}},
            "Score: variance falls as B to the power −1.02 ± 0.06 (step 300)",
        ),
        (
            "gradient_histogram",
            {"reference": (1.0, 0.01), "found": {"score": (1.3, 0.2, 3.0), "path_only": (1.01, 0.01, 0.1)}},
            "Score: spreads 30× as wide as path only (step 300)",
        ),
        (
            "xi_parabola",
            {"best": (-4.0, 0.1), "rho_squared": 0.5, "xi": None},
            "Score with ξ*: ξ* removes 50.0 % of the variance of score (step 300)",
        ),
        (
            "variance_cost",
            {"found": {"score": [(9.0, 8.8, 9.2)] * 2, "path_only": [(1.0, 0.98, 1.02)] * 2}},
            "Score: needs 9.0× the evaluations of path only for the same noise (step 300)",
        ),
        ("variance_cost", {"reason": "There is no noise."}, "ELBO: −2.0 nats per data point (step 500)"),
    ],
)
def test_each_view_of_panel_b_has_its_headline(view, found, words):
    evidence = {view: {"view": view, "step": 300, **found}}
    known = facts(view=view, evidence=evidence, elbo=-2.0, parts=catalogue()["estimators"])
    assert str(headline(known)) == words


def test_the_collapse_alarm_names_the_dead_dimensions():
    assert Snapshot("running", divergence=(1.0, 0.005, 0.2, 0.0)).collapse_words() == (
        "2 of 4 latent dimensions are active: z2, z4 collapsed to the prior (KL below 0.01 nats)."
    )
    assert Snapshot("running", divergence=(1.0, 0.02)).collapse_words() is None


def test_the_caption_puts_the_alarm_first_and_warns_of_bias():
    assert caption(facts(kl=[0.0, 1.0])).startswith("1 of 2 latent")
    assert "biased" in caption(facts(biased=True))
    assert "Press Run" in caption(facts(state="example"))


def test_the_status_line_reads_as_the_design_says():
    line = Snapshot.of(facts(rate=410.2, elbo=-98.44, number=120)).status()
    assert line == "Running · step 120 of 2,000 · 410 steps/s · ELBO −98.4 nats"


def test_a_number_has_a_true_minus_sign_and_a_zero_has_none():
    assert [decimals(value, 1) for value in (-98.44, -1234.5, -0.04, 0.0)] == ["−98.4", "−1,234.5", "0.0", "0.0"]


def test_a_link_restores_exactly_these_settings():
    values = validate(KNOBS, {"prior_scale": 0.25, "estimator": "score_xi", "xi_from": "pilot", "seed": 3})
    wanted = texts.query(texts.link(encode(KNOBS, values)))
    assert decode(all_knobs(), wanted["settings"]) == values


def test_the_code_makes_the_same_run():
    """The exported code, executed, gives the run's own ELBO."""
    from elbo_room.models.deep_generative.settings import Settings
    from elbo_room.models.training.run import Run

    values = validate(KNOBS, {"data": "pinwheel", "width": 8, "stop_at": 3, "activation": "relu"})
    said: list[tuple] = []
    exec(compile(texts.code(values, KNOBS), "code", "exec"), {"print": lambda *words: said.append(words)})  # noqa: S102 - our own text
    assert said == [(step.number, step.elbo) for step in Run(Settings(**values))]


def test_code_has_words_for_every_estimator_and_response():
    offered = next(knob["choices"] for knob in KNOBS if knob["name"] == "estimator")
    for estimator in (choice["name"] for choice in offered if not choice["unavailable"]):
        for response in ("normal", "bernoulli"):
            values = validate(KNOBS, {"estimator": estimator, "response": response})
            assert len(texts.code(values, KNOBS)) > 100


def test_a_foreign_query_is_ignored():
    assert texts.query("?run=x&settings=y&evil=z&run=2") == {"run": "2", "settings": "y"}


@pytest.mark.parametrize(
    ("view", "found", "words"),
    [
        ("variance_against_draws", {"slopes": {"score": (-1.02, 0.03)}}, "power −1.02 ± 0.06: −1 within its noise"),
        ("variance_against_draws", {"slopes": {"score": (-1.9, 0.05)}}, "faster than independent draws"),
        (
            "variance_against_draws",
            {"slopes": {"path_only": (-1.02, 0.03)}, "open": ["score"]},
            "The variance of score is open upwards: so few replicates cannot bound it above, so its power of B is not known",
        ),
        ("variance_against_rows", {"slopes": {"score": (-1.02, 0.03)}}, "the noise averages out over the data"),
        (
            "variance_against_rows",
            {"slopes": {"score": (-0.5, 0.03)}},
            "the noise that data points share does not average out",
        ),
        ("variance_against_rows", {"slopes": {"score": (0.02, 0.03)}}, "depends on its own data point only"),
        ("variance_against_rows", {"slopes": {"score": (2.0, 0.03)}}, "Rao-Blackwellise per data point"),
        (
            "gradient_histogram",
            {"reference": (1.0, 0.01), "found": {"score": (1.3, 0.2, 3.0), "path_only": (1.01, 0.01, 0.1)}},
            "every row agrees with the long run 1 ± 0.02 within its error; score spreads 30× as wide as path only",
        ),
        (
            "gradient_histogram",
            {"reference": (1.0, 0.01), "found": {"score": (1.0, 0.2, 3.0), "straight_through": (2.0, 0.01, 0.1)}},
            "is off by 1, 71 standard errors",
        ),
        (
            "xi_parabola",
            {"best": (-4.0, 0.1), "rho_squared": 0.5, "xi": -2.0, "at_xi": (9.0, 8.8, 9.2), "least": (3.0, 2.8, 3.2)},
            "at ξ = −2, score with ξ has 3.0× the least",
        ),
        (
            "xi_parabola",
            {
                "best": (-4.0, 0.1),
                "rho_squared": 0.5,
                "xi": -3.9,
                "at_xi": (3.05, 2.85, 3.25),
                "least": (3.0, 2.8, 3.2),
            },
            "that least variance within the band",
        ),
        (
            "variance_cost",
            {
                "found": {
                    "score": [(9.0, 8.8, 9.2), (1.02, 0.8, 1.2)],
                    "path_only": [(1.0, 0.98, 1.02), (1.0, 0.8, 1.2)],
                }
            },
            "Per evaluation path only is best, score needs 9.0× as many; per second path only and score are equal within the bands",
        ),
    ],
)
def test_panel_b_says_what_it_shows_and_what_is_within_noise(view, found, words):
    evidence = {view: {"view": view, **found}}
    assert words in caption(facts(view=view, evidence=evidence, parts=catalogue()["estimators"]))


def test_a_mark_says_what_was_changed_in_a_word():
    assert change_word({"estimator": "score"}, KNOBS) == "score"
    assert change_word({"draws": 16, "step_size": 0.003}, KNOBS) == "B 16, ρ 0.003"


def test_a_caption_keeps_the_sentences_that_two_lines_hold():
    assert fitted("One. Two. Three.", 9) == "One. Two."
    assert fitted("One. Two. Three.", 15) == "One. Two."
    assert fitted("One. Two. Three.", 16) == "One. Two. Three."
    assert fitted("One that is too long for it. Two.", 5) == "One that is too long for it."
    assert fitted("ELBO −1.5 nats") == "ELBO −1.5 nats"
    assert fitted("Done. Scores; bands; evidence.", 20) == "Done. Scores; bands."
