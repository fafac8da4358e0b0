"""The model that a table proposes, by its response, its words, its texts; and that it trains."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import elbo_room as er
from elbo_room.models.data.dataset import DataError
from elbo_room.models.data.suggestion import suggested

pytestmark = pytest.mark.usefixtures("quick_reading")
ROWS = 120
WORDS = ["the", "old", "cat", "sat", "on", "a", "mat", "and", "the", "dog", "ran", "over", "hills"]


def frame(**columns: object) -> pd.DataFrame:
    """Two features and further columns."""
    generator = np.random.default_rng(0)
    return pd.DataFrame({"a": generator.normal(size=ROWS), "b": generator.normal(size=ROWS), **columns})


DRAWN = np.random.default_rng(1)
RESPONSES = [
    (DRAWN.normal(50, 9, ROWS), "normal", "has real values"),
    (DRAWN.poisson(4, ROWS), "poisson", "is whole and ≥ 0"),
    (DRAWN.negative_binomial(1, 0.1, ROWS), "negative_binomial", "its variance is"),
    (DRAWN.integers(18, 90, ROWS), "normal", "a count that varies so much would often be 0"),
    (DRAWN.integers(5, 8, ROWS), "normal", "a count would vary more"),
    (DRAWN.choice(["no", "yes"], ROWS), "bernoulli", "no and yes, which counts as 1"),
    (DRAWN.choice([1, 2], ROWS), "bernoulli", "two values, 1 and 2"),
    (DRAWN.choice(["red", "green", "blue"], ROWS), "categorical", "3 classes"),
]


@pytest.mark.parametrize(("y", "response", "reason"), RESPONSES, ids=lambda each: each if isinstance(each, str) else "")
def test_a_response_proposes_a_family_with_the_reason_and_it_trains(y: object, response: str, reason: str) -> None:
    data = er.load(frame(target_of_all=y), y="target_of_all")
    found = suggested(data)
    assert (found.settings["model"], found.settings["response"]) == ("conditional", response)
    assert reason in found.reason
    run = er.run_from({**found.settings, "stop_at": 3}, data)
    assert len(list(run)) == 3
    assert run.data.test is not None
    assert (run.data.size, run.data.test.size) == (96, 24)


def test_numbers_whose_name_says_class_are_classes_and_others_are_not() -> None:
    """Classes 2, 4 and 7 become 0, 1, 2, in that order."""
    y = np.tile([7, 2, 4], ROWS // 3)
    data = er.load(frame(tumour_class=y), y="tumour_class")
    assert data.y_kinds == ("2", "4", "7")
    assert data.y is not None
    assert data.y[:3].tolist() == [2.0, 0.0, 1.0]
    plain = er.load(frame(rings=y), y="rings")
    assert plain.y is not None
    assert plain.y[:3].tolist() == [7.0, 2.0, 4.0]


def test_rows_have_weights_offsets_and_exposures_by_their_roles() -> None:
    weight, years = np.linspace(0.5, 2, ROWS), np.linspace(1, 9, ROWS)
    table = frame(y=DRAWN.poisson(3, ROWS), w=weight, years=years)
    data = er.load(table, y="y", weight="w", exposure="years")
    assert data.feature_names == ("a", "b")
    assert data.weight is not None
    assert data.shift is not None
    torch.testing.assert_close(data.weight, torch.tensor(weight, dtype=torch.float32))
    torch.testing.assert_close(data.shift, torch.tensor(np.log(years), dtype=torch.float32))
    named = er.load(table.rename(columns={"w": "sample_weight", "years": "exposure"}), y="y")
    assert named.checksum == data.checksum, "those names are proposed"
    assert er.load(table.rename(columns={"w": "weight"}), y="y").weight is None, "it may be a person's"
    with pytest.raises(DataError, match="holds no numbers"):
        er.load(frame(y=DRAWN.poisson(3, ROWS), w=DRAWN.choice(["p", "q"], ROWS)), y="y", weight="w")
    with pytest.raises(DataError, match="the same value in every row, so there is nothing to predict"):
        er.load(frame(y=[3.0] * ROWS), y="y")


def test_dna_is_read_letter_by_letter_and_proposes_a_convolution() -> None:
    strings = ["".join(DRAWN.choice(list("acgt"), 20)) for _ in range(ROWS)]
    data = er.load(pd.DataFrame({"sequence": strings, "promoter": DRAWN.choice(["no", "yes"], ROWS)}))
    assert (data.shape, data.padded, data.feature_names[:4]) == ((20, 4), False, ("A", "C", "G", "T"))
    letters = data.x.unflatten(1, (20, 4)).argmax(2)
    assert ["".join("acgt"[each] for each in row) for row in letters[:3].tolist()] == strings[:3]
    found = suggested(data)
    assert (found.settings["network"], found.settings["response"]) == ("convolution", "bernoulli")
    assert all(np.isfinite(step.elbo) for step in er.run_from({**found.settings, "stop_at": 2}, data))


def test_words_of_texts_of_different_length_propose_attention_and_train_without_a_class_too() -> None:
    texts = [" ".join(DRAWN.choice(WORDS, DRAWN.integers(3, 9))).capitalize() + "." for _ in range(ROWS)]
    table = pd.DataFrame({"id": range(ROWS), "review": texts, "stars": DRAWN.choice(["good", "bad", "odd"], ROWS)})
    data = er.load(table)
    assert (data.padded, data.y_kinds) == (True, ("bad", "good", "odd"))
    assert data.lengths.tolist() == [len(each.split()) for each in texts]
    assert suggested(data).settings["network"] == "token_attention"
    alone = er.load(table, text="review", leave_out=["stars"])
    assert alone.y is None
    found = suggested(alone)
    assert "model" not in found.settings, "a deep generative one"
    assert len(list(er.run_from({**found.settings, "stop_at": 2}, alone))) == 2


def test_what_was_cut_of_texts_is_said(tmp_path: Path) -> None:
    """2 of 40 texts are longer than 64 words; of 900 different words 399 are kept."""
    from elbo_room.models.data.table import read_table
    from elbo_room.models.reading.wishes import Wishes

    texts = [" ".join(f"w{chr(97 + k % 26)}{(37 * row + k) % 900}" for k in range(64)) for row in range(40)]
    texts[3], texts[5] = texts[3] + " one more", texts[5] + " more"
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "t.csv", index=False)
    table = read_table(tmp_path / "t.csv", Wishes())
    notes = " ".join(table.about["notes"])
    assert "texts of up to 64 words, 399 different ones" in notes
    assert "are rarer and become '…'" in notes
    assert "2 longer texts, of up to 66 words, were cut there" in notes
    assert table.data.shape == (64, 400)


def test_columns_that_are_words_propose_topics_and_all_roles_are_set_at_once(tmp_path: Path) -> None:
    names = ["god", "king", "lord", "batch", "sea", "type", "fire", "snow"]
    table = pd.DataFrame(DRAWN.poisson(0.8, (60, 8)), columns=names)
    table["sea"] = 0
    data = er.load(table, others="feature")
    assert data.feature_names == tuple(name for name in names if name != "sea"), "a column of zeros is left out"
    found = suggested(data)
    assert found.settings["model"] == "deep_exponential_family"
    assert all(np.isfinite(step.elbo) for step in er.run_from({**found.settings, "stop_at": 2}, data))
    few = er.load(table, others="left out", roles={"god": "feature", "snow": "feature"})
    assert few.feature_names == ("god", "snow")
    genes = er.load(table.rename(columns={name: f"Gene{k}" for k, name in enumerate(names)}))
    assert suggested(genes).settings["response"] == "negative_binomial"
    assert "scVI" in suggested(genes).reason
    np.savez(tmp_path / "counts.npz", x=table.to_numpy(), feature_names=np.array(names))
    assert er.load(tmp_path / "counts.npz").feature_names == data.feature_names


def test_arrays_tensors_and_frames_with_a_response_are_the_same_data() -> None:
    table = frame(y=DRAWN.normal(size=ROWS)).astype(np.float32)
    x, y = table[["a", "b"]].to_numpy(), table["y"].to_numpy()
    read = [er.load(table, y="y"), er.load(x, y=y), er.load(torch.tensor(x), y=torch.tensor(y))]
    runs = [er.run_from({"model": "conditional", "width": 4, "stop_at": 5}, each) for each in read]
    elbos = [[step.elbo for step in run] for run in runs]
    assert elbos[0] == elbos[1] == elbos[2]
    with pytest.raises(DataError, match="has no column 'y'"):
        er.load(x, y="y")
    with pytest.raises(DataError, match="it must be the name of a column"):
        er.load(table, y=y)


def test_ordered_grades_are_told_from_counts() -> None:
    """1 to 5 in every row: Gaussian, with what that assumes; with a 0, or with larger gaps, they are counts or numbers."""
    grades = [float(k % 5 + 1) for k in range(40)]
    data = er.load([[float(k)] for k in range(40)], y=grades)
    found = suggested(data)
    assert found.settings["response"] == "normal"
    assert "whole values from 1 to 5, like grades" in found.reason
    assert "takes the steps between them as equal" in found.reason
    counts = er.load([[float(k)] for k in range(40)], y=[each - 1 for each in grades])
    assert "grades" not in suggested(counts).reason
