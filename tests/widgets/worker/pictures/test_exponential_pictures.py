"""The panels of a deep exponential family: topics in lines, the parts' own words for what u sets, ladder, yardstick."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from elbo_room.models.data import from_array
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.exact.gamma_poisson import GammaPoisson, Prior
from elbo_room.models.training.run import Run
from elbo_room.widgets import actions
from elbo_room.widgets.worker.pictures import ladder, pictures_of
from elbo_room.widgets.worker.pictures.exponential import TOPICS, WORDS
from elbo_room.widgets.worker.pictures.yardstick import yardstick_of
from tests.widgets.conftest import eventually

WORDS_OF_TWO = [f"{kind}{n}" for kind in ("sea", "hill") for n in range(10)]
TOPIC = {
    "model": "deep_exponential_family", "response": "poisson", "depth": 1, "layer_1": "gamma", "width_1": 2, "weights": "gamma",
    "draws": 2, "step_size": 0.05, "stop_at": 250,
}  # fmt: skip


def planted():
    """200 documents of two topics, ten words each."""
    generator = torch.Generator().manual_seed(5)
    share = torch.rand(200, 1, generator=generator)
    rates = (
        torch.cat([share, 1 - share], 1) @ torch.block_diag(torch.full((1, 10), 2.0), torch.full((1, 10), 2.0)) + 0.05
    )
    return from_array(torch.poisson(rates, generator=generator), words=WORDS_OF_TWO)


def seen(run: Run, *watched: str) -> tuple[Any, dict[str, Any]]:
    pictures = pictures_of(run)
    pictures.watched = frozenset(watched)
    return pictures, pictures.look()


def test_each_unit_speaks_the_words_of_one_planted_topic() -> None:
    run = Run(Settings(**TOPIC), planted())
    list(run)
    pictures, look = seen(run)
    drawing = look["replace"]["layers"]
    words = [pictures.labels[int(index)] for index in drawing["words"]["index"]]
    lines = {word[:-1] for word in words[:WORDS]}, {word[:-1] for word in words[WORDS:]}
    assert sorted(map(tuple, lines)) == [("hill",), ("sea",)]
    heights = sorted(set(drawing["words"]["y"].tolist()))
    assert len(heights) == 2
    assert set(drawing["nodes"]["y"].tolist()) == set(heights)  # a word is next to its unit
    assert "hill" in look["facts"]["sentence"] or "sea" in look["facts"]["sentence"]


@torch.no_grad()
def test_what_has_overflowed_is_reported_and_not_drawn() -> None:
    """Charts are sent no NaN, and the sentence names the layer."""
    run = Run(Settings(**TOPIC), planted())
    for parameter in run.q.parameters():
        parameter.fill_(float("nan"))
    _, look = seen(run)
    columns = [
        column for chart in ("layers", "units") for each in look["replace"][chart].values() for column in each.values()
    ]
    assert all(np.isfinite(column).all() for column in columns)
    assert look["facts"]["sentence"].startswith("Some values of z₁ are no longer finite")


def test_units_of_one_parent_stand_together_and_no_two_share_a_place() -> None:
    settings = Settings(**TOPIC | {"depth": 2, "width_1": 20, "layer_2": "gamma", "width_2": 3, "stop_at": 5})
    run = Run(settings, planted())
    list(run)
    pictures, look = seen(run)
    parents = [pictures.parents[1][unit] for unit in pictures.shown[1]]
    assert len(parents) == TOPICS
    assert parents == sorted(parents)
    nodes = look["replace"]["layers"]["nodes"]
    places = set(zip(nodes["x"].tolist(), nodes["y"].tolist(), strict=True))
    assert len(places) == TOPICS + 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layer_1": "poisson", "layer_2": "gamma", "link": "natural"}, "Natural parameters: z₂ Gamma, z₁ ~ Pois(eᵘ), x ~ Bern"),
        ({"layer_1": "normal", "layer_2": "beta"}, "Means: z₂ Beta, z₁ ~ N(g(u), σ²), x ~ Bern"),
    ],
)  # fmt: skip
def test_the_drawing_says_what_u_decides(settings: dict[str, Any], words: str) -> None:
    pictures, look = seen(Run(Settings(**settings)))
    shown = int(look["replace"]["layers"]["formula"]["index"][0])
    assert pictures.labels[shown].startswith(words)


def test_a_ladder_too_large_for_a_picture_is_refused_before_its_memory_is_taken(monkeypatch) -> None:
    """The numbers of one replicate are known beforehand; with them a rung of 107 × 4,559 weights held 2.3 GB."""
    monkeypatch.setattr(ladder, "MOST_EVALUATED", 1000)
    monkeypatch.setattr(ladder, "probe", None)
    run = Run(Settings(**TOPIC), planted())
    _, look = seen(run, "ladder")
    assert "ladder" not in look["replace"]
    assert "Lower B, or make the layers smaller." in look["facts"]["sentence"]


def test_the_ladder_of_the_upper_weights_falls_at_every_rung() -> None:
    """plate → Markov blanket → leave-one-out → path, one set of parameters, each to a third at most; nothing is measured unseen."""
    settings = Settings(**TOPIC | {"depth": 2, "width_1": 6, "layer_2": "gamma", "width_2": 3})
    run = Run(settings, planted())
    list(run)
    pictures, look = seen(run, "ladder")
    assert pictures.numbers["ladder"].site == "w2"
    values = look["replace"]["ladder"]["bars"]["value"]
    assert look["replace"]["ladder"]["bars"]["rung"].tolist() == [1, 2, 3, 4]
    assert (values[:-1] > 3 * values[1:]).all(), values
    assert "of the weights w₂: plate" in look["facts"]["sentence"]
    assert "ladder" not in seen(run)[1]["replace"]


def test_the_yardstick_climbs_to_where_coordinate_ascent_stands_still() -> None:
    run = Run(Settings(**TOPIC), planted())
    pictures, look = seen(run)
    eventually(lambda: pictures.yardstick.done)
    z, w = run.settings.layer_shape, run.settings.weight_shape
    exact = GammaPoisson(run.data.x, 2, Prior(z, z, w, w), torch.Generator().manual_seed(run.settings.seed))
    levels = [exact.sweep().elbo() / run.data.size for _ in range(pictures.yardstick.sweeps)]
    assert pictures.yardstick.level == levels[-1]
    assert abs(levels[-1] - levels[-2]) < 1e-5 * abs(levels[-1]) or len(levels) == 400
    level = pictures.look()["replace"]["elbo"]["levels"]["value"]
    assert np.isclose(level[0], levels[-1], rtol=1e-6)
    assert math.isfinite(float(look["replace"]["elbo"]["levels"]["value"][0]))


def test_only_conjugate_pairs_have_a_yardstick_and_nobody_climbs_for_a_run_that_is_gone() -> None:
    assert yardstick_of(Run(Settings())) is None
    found = yardstick_of(Run(Settings(**TOPIC), planted()))
    thread = found.thread
    del found
    thread.join(120)
    assert not thread.is_alive()


def test_a_table_of_ones_own_counts_trains_on_the_screen_and_speaks_its_own_words(lab) -> None:
    room = lab(TOPIC, data=planted())
    room.post(actions.Run())
    eventually(lambda: room.state == "finished")
    caption = eventually(lambda: room.screen.caption.value if "topic speaks of" in room.screen.caption.value else "")
    assert "hill" in caption or "sea" in caption


def test_numbers_that_are_no_counts_are_refused_on_the_screen_with_what_to_do(lab) -> None:
    room = lab(TOPIC, data=torch.full((4, 3), 0.5).numpy())
    room.post(actions.Run())
    eventually(lambda: "Counts must be whole numbers ≥ 0; row 0, column 0 is 0.5" in room.screen.caption.value)


def test_a_step_is_told_where_the_top_layer_is_gaussian_and_not_offered_elsewhere():
    deep = {
        "model": "deep_exponential_family",
        "response": "normal",
        "layer_1": "normal",
        "layer_2": "normal",
        "width_2": 3,
    }
    pictures = pictures_of(Run(Settings(**deep, stop_at=3)))
    assert "one_step" in pictures.about()["views"]["c"]
    shown = pictures.steps.show(pictures.steps.peek_next_step(), pictures.axes)
    assert shown["names"]["one_step"][2:] == ["z₂, unit 1", "z₂, unit 2"]
    for other in ({"layer_2": "bernoulli"}, {"width_2": 1}):
        assert pictures_of(Run(Settings(**(deep | other), stop_at=3))).about()["views"]["c"] == ["samples", "layers"]
