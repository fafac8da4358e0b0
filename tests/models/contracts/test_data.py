"""Every listed data set: finite, labelled, the same every time, and without the network."""

import gc
import socket
import weakref

import pytest
import torch

from elbo_room.models.data import DATA, EXPONENTIAL_DATA, OWN, Dataset, from_array
from elbo_room.models.data.own import FEATURES
from elbo_room.models.data.remembered import SMALL
from elbo_room.models.data.supervised import SUPERVISED

ALL = [source for source in (DATA | EXPONENTIAL_DATA).values() if source.name != OWN]
ids = [source.name for source in ALL]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a data set went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("source", ALL, ids=ids)
@pytest.mark.usefixtures("offline")
def test_a_data_set_is_a_finite_labelled_table(source) -> None:
    data = source.load()
    assert data.name == source.name
    assert data.x.dtype == torch.float32
    assert data.x.isfinite().all()
    assert data.size == len(data.x) == len(data.labels) > 1
    assert torch.tensor(data.shape).prod() == data.x.shape[1]
    assert data.labels.dtype == torch.int64
    assert set(data.labels.tolist()) == set(range(len(data.label_names)))
    assert data.x.is_contiguous()


@pytest.mark.parametrize("source", ALL, ids=ids)
def test_it_is_the_same_every_time_and_leaves_the_global_seed(source) -> None:
    state = torch.get_rng_state()
    first, second = source.load(), source.load()
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.labels, second.labels)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("source", ALL, ids=ids)
def test_batches_know_their_rows_and_the_total(source) -> None:
    data: Dataset = source.load()
    batch = data.batch(torch.tensor([3, 0]))
    assert torch.equal(batch.x, data.x[[3, 0]])
    assert (batch.size, batch.total, data.whole().size) == (2, data.size, data.size)


def test_digits_are_the_known_ones() -> None:
    data = DATA["digits"].load()
    assert tuple(data.x.shape) == (1797, 64)
    assert (float(data.x.min()), float(data.x.max())) == (0.0, 1.0)
    assert torch.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert int((data.x.std(0) > 0).sum()) == 61


def test_corpora_are_counts_with_a_name_for_every_column() -> None:
    king_james, docstrings = (EXPONENTIAL_DATA[name].load() for name in ("king_james", "docstrings"))
    assert tuple(king_james.x.shape) == (1189, 4559)
    assert int(king_james.x.sum()) == 292_207
    assert int(king_james.x[0, king_james.feature_names.index("earth")]) == 21  # Genesis 1
    for data in (king_james, docstrings):
        assert len(data.feature_names) == len(set(data.feature_names)) == data.x.shape[1]
        assert torch.equal(data.x, data.x.round())
        assert float(data.x.min()) == 0
    word = docstrings.feature_names.index("dtypes")
    packages = docstrings.labels[docstrings.x[:, word] > 0].unique()
    assert docstrings.label_names.index("asyncio") not in packages


def test_own_arrays_are_taken_and_labels_are_named() -> None:
    assert from_array([[0, 2], [1, 0]], words=["cat", "dog"]).feature_names == ("cat", "dog")
    with pytest.raises(ValueError, match="There are 1 feature names for 2 columns"):
        from_array([[0, 2], [1, 0]], words=["cat"])
    data = from_array([[1, 2], [3, 4], [5, 6]], ["b", "a", "b"])
    assert data.label_names == ("a", "b")
    assert data.labels.tolist() == [1, 0, 1]
    assert data.shape == (2,)
    pictures = from_array(torch.arange(24.0).reshape(2, 3, 4))
    assert pictures.shape == (3, 4)
    assert torch.equal(pictures.x, torch.arange(24.0).reshape(2, 12))


@pytest.mark.parametrize(
    ("x", "labels", "sentence"),
    [
        (
            [1.0, 2.0],
            None,
            r"must be a table \(N, D\), or images \(N, H, W\), with at least one row; this has shape \(2,\)",
        ),
        (torch.zeros(0, 3), None, "at least one row"),
        ([[1.0, 2.0], [3.0, float("nan")]], None, "row 1 has a missing or infinite one. Drop or fill such rows"),
        ([[1.0], [2.0]], ["a"], "There are 1 labels for 2 rows; pass one label per row, or none"),
    ],
)
def test_arrays_that_cannot_be_modelled_are_refused(x, labels, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        from_array(x, labels)


@pytest.mark.parametrize(
    "source", [each for each in (DATA | EXPONENTIAL_DATA | SUPERVISED).values() if each.name not in (OWN, FEATURES)],
    ids=lambda source: source.name,
)  # fmt: skip
def test_unused_data_are_released_unless_small(source) -> None:
    """And while somebody uses it, everybody gets the same one."""
    used = source.load()
    assert source.load() is used
    reference = weakref.ref(used)
    del used
    gc.collect()
    left = reference()
    assert left is None or left.bytes <= SMALL
