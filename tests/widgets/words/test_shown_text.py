"""Whose attention map is shown: the list has the held-out texts, the map is of the chosen one at its length, and the caption is true."""

import numpy as np
import pytest
import torch

from elbo_room.models.conditional.settings import Settings
from elbo_room.models.conditional.weight_space import replaced
from elbo_room.models.data import gerbil, verses
from elbo_room.models.data.words import words_of
from elbo_room.models.deep_generative.settings import Settings as DeepGenerativeSettings
from elbo_room.models.diagnostics.predictive import weight_draws
from elbo_room.models.training.run import Run
from elbo_room.widgets import actions
from elbo_room.widgets.messages import Explore
from elbo_room.widgets.worker.pictures.attention import MOST_LETTERS, MOST_TEXTS, ShownText
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.latent import LatentPictures
from tests.widgets.conftest import eventually

ATTENTION = {
    "response": "categorical",
    "network": "token_attention",
    "width": 8,
    "depth": 1,
    "heads": 1,
    "pooling": "mean",
}


def pictures(**settings: object) -> ConditionalPictures:
    run = Run(Settings(**{**ATTENTION, **settings}))  # type: ignore[arg-type]
    next(run)
    made = ConditionalPictures(run)
    made.watched = frozenset({"attention_map"})
    return made


def test_the_list_has_the_held_out_texts_and_none_is_too_long_for_it() -> None:
    choices = pictures(data="verses").about()["choices"]["text"]
    assert len(choices) == MOST_TEXTS
    test = verses().test
    assert test is not None
    for words, number in choices[:20]:
        assert words.startswith(test.row_names[int(number)] + "  " + words_of(test, test.x[int(number)])[0])
        assert len(words) <= MOST_LETTERS
    assert pictures(data="gerbil").about()["choices"]["text"][0][0].startswith("1  the big dog ate my kid 's gerbil")


@pytest.mark.parametrize("posterior", ["point", "mean_field"])
def test_the_map_is_of_the_chosen_text_at_its_own_length_and_its_prediction_is_said(posterior: str) -> None:
    made = pictures(data="verses", posterior=posterior)
    test = made.test
    row = 7
    made.explore(Explore(text=str(row)))
    look = made.look()
    length, words = int(test.lengths[row]), words_of(test, test.x[row])
    assert len(words) == length < 32
    heading, _, *names = look["names"]["attention_map"]
    assert names == words * 2
    assert {"xHigh": length, "yHigh": length}.items() <= look["params"]["attention_map"].items()
    cells = look["replace"]["attention_map"]["cells"]
    network = made.weights.network
    with replaced(network, dict(made.model.space.named(made.weights.mean()))), torch.no_grad():
        exact = network.attention_map(test.x[row])[0, :length, :length]
    np.testing.assert_allclose(cells["value"].reshape(length, length), exact.numpy(), atol=1e-6)
    np.testing.assert_allclose(cells["value"].reshape(length, length).sum(1), 1, atol=1e-5)
    draws = weight_draws(made.model, made.run.q, made.count)
    share = made.model.chain(test.x[row : row + 1], draws).m.mean(0)[0]
    label = int(test.labels[row])
    assert heading.startswith(
        f"{test.row_names[row]} · {test.label_names[label]}, predicted with {float(share[label]):.0%}"
    )
    assert (";" in heading) == (int(share.argmax()) != label)
    assert look["facts"]["summaries"]["attention_map"].startswith(heading)


def test_a_wrong_prediction_names_what_is_likelier() -> None:
    text = ShownText(gerbil())
    heading = text.heading(torch.tensor([0.5, 0.0, 0.25, 0.25, 0, 0, 0, 0]))
    assert heading == "kid, predicted with 25%; dog 50%"
    assert text.heading(torch.eye(8)[2]) == "kid, predicted with 100%"


def test_what_cannot_be_chosen_is_refused_in_a_sentence() -> None:
    made = pictures(data="gerbil")
    for wrong in ("200", "-1", "first"):
        with pytest.raises(ValueError, match=f"Text '{wrong}' was to be shown; there are 200 to choose from, 0 to 199"):
            made.explore(Explore(text=wrong))
    plain = pictures(data="gerbil", network="feed_forward")
    assert "text" not in plain.about()["choices"]
    with pytest.raises(
        ValueError, match=r"Only token attention shows where a text's words look\. Choose that network\."
    ):
        plain.explore(Explore(text="1"))
    with pytest.raises(ValueError, match="Only token attention shows"):
        LatentPictures(Run(DeepGenerativeSettings(width=4, depth=1))).explore(Explore(text="1"))


def test_an_encoder_with_attention_shows_the_chosen_text_too() -> None:
    network = {"data": "gerbil", "network": "token_attention", "width": 4, "depth": 1, "heads": 1}
    made = LatentPictures(Run(DeepGenerativeSettings(**network)))  # type: ignore[arg-type]
    made.watched = frozenset({"attention_map"})
    assert len(made.about()["choices"]["text"]) == MOST_TEXTS
    test = gerbil().test
    assert test is not None
    row = int((test.lengths == 12).nonzero()[3])
    made.explore(Explore(text=str(row))) if row < MOST_TEXTS else pytest.fail("the data have changed")
    heading, _, *names = made.look()["names"]["attention_map"]
    assert heading == test.label_names[test.labels[row]]
    assert names == words_of(test, test.x[row]) * 2


def test_the_choice_goes_to_the_trainer_and_into_the_address_and_outlives_a_new_run(lab) -> None:
    """A fresh explorer that is told of it by its address shows it again."""
    explorer = lab({**ATTENTION, "model": "conditional", "data": "gerbil", "stop_at": 3})
    explorer.post(actions.Look("c", "attention_map"))
    explorer.post(actions.Run())
    eventually(lambda: explorer.state == "finished" and len(explorer.screen.reading.options) == MOST_TEXTS)
    chart = explorer.screen.chart("attention_map")
    eventually(lambda: chart.labels and chart.labels[2] == "the")
    explorer.screen.reading.value = "3"
    test = gerbil().test
    assert test is not None
    words = words_of(test, test.x[3])
    eventually(lambda: list(chart.labels[2 : 2 + len(words)]) == words)
    eventually(lambda: explorer.screen.page.text == "3")
    explorer.post(actions.Reset())
    eventually(lambda: explorer.state == "paused" and list(chart.labels[2 : 2 + len(words)]) == words)
    assert explorer.screen.page.text == "3"
