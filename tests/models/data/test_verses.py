"""Verses as tokens: one word a position, the vocabulary of the training part alone, both testaments alike."""

from models.data.verses import RARE, SIZE, verses


def test_every_position_holds_one_word_and_the_words_are_those_of_the_bible() -> None:
    """Indicators, no padding; the words read as text; half of the verses are of either testament."""
    data = verses()
    assert data.test is not None
    assert (data.size, data.test.size, data.shape) == (3000, 1000, (10, SIZE))
    for part in (data, data.test):
        assert bool((part.x.unflatten(1, data.shape).sum(-1) == 1).all())
        assert abs(float(part.labels.double().mean()) - 0.5) < 0.03
    assert {"the", "lord", "jesus", RARE} <= set(data.feature_names[:SIZE])
    jesus = data.feature_names[:SIZE].index("jesus")
    speaks = data.x.unflatten(1, data.shape)[:, :, jesus].any(1)
    assert bool((data.labels[speaks] == 1).all())  # the name stands in the New Testament only


def test_no_word_is_known_from_held_out_verses_alone() -> None:
    seen = verses().x.unflatten(1, (10, SIZE)).sum((0, 1))
    assert bool((seen > 0).all())
    assert float(seen[1:].min()) >= 3
