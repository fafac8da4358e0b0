"""Verses as tokens: one word per position and none after the last, the vocabulary of the training part, both testaments equally often."""

import torch

from elbo_room.models.data.verses import RARE, SIZE, verses
from elbo_room.models.data.words import words_of


def test_every_position_of_a_verse_holds_one_word_and_the_words_are_those_of_the_bible() -> None:
    """Indicators up to the verse's own length, 5 to 32; the words read as text; half of the verses are of either testament."""
    data = verses()
    assert data.test is not None
    assert (data.size, data.test.size, data.shape) == (3000, 1000, (32, SIZE))
    for part in (data, data.test):
        there = torch.arange(32) < part.lengths[:, None]
        assert torch.equal(part.x.unflatten(1, data.shape).sum(-1), there.float())
        assert 5 <= int(part.lengths.min()) < 10
        assert int(part.lengths.max()) == 32
        assert abs(float(part.labels.double().mean()) - 0.5) < 0.03
    assert {"the", "lord", "jesus", RARE} <= set(data.feature_names[:SIZE])
    jesus = data.feature_names[:SIZE].index("jesus")
    speaks = data.x.unflatten(1, data.shape)[:, :, jesus].any(1)
    assert bool((data.labels[speaks] == 1).all())  # the name stands in the New Testament only


def test_a_verse_is_whole_and_at_its_stated_reference() -> None:
    """John 7:16 is known by heart; what is not among the vocabulary is a rare word."""
    test = verses().test
    assert test is not None
    row = test.row_names.index("John 7:16")
    whole = "jesus answered them and said my doctrine is not mine but his that sent me"
    assert words_of(test, test.x[row]) == [word if word != "doctrine" else RARE for word in whole.split()]
    assert test.label_names[test.labels[row]] == "New Testament"
    assert test.kept(torch.tensor([row])).row_names == ("John 7:16",)


def test_no_word_is_known_from_held_out_verses_alone() -> None:
    seen = verses().x.unflatten(1, (32, SIZE)).sum((0, 1))
    assert bool((seen > 0).all())
    assert float(seen[1:].min()) >= 3
