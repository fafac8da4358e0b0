"""Sequences with a known truth: it is in the data, and a network of the right kind finds it."""

import pytest
import torch

from elbo_room.models.data import gerbil, planted_motifs, splice_junctions
from elbo_room.models.data.dna import correlation, known_motifs
from elbo_room.models.data.memory import best_of_window, switch
from elbo_room.models.data.methylation import methylation
from elbo_room.models.data.passage import EATER_FEELS, NOTES, NOUNS, OWNER_FEELS, encode
from elbo_room.models.data.words import words_of
from elbo_room.models.networks import Architecture
from tests.benchmarks._map import fit, right

SEQUENCES = {"splice_junctions": splice_junctions, "planted_motifs": planted_motifs, "gerbil": gerbil}


@pytest.mark.parametrize("name", SEQUENCES)
def test_held_out_rows_are_of_the_same_kind_and_none_of_the_others(name: str) -> None:
    data = SEQUENCES[name]()
    test = data.test
    assert test.shape == data.shape
    assert test.label_names == data.label_names
    for part in (data, test):
        assert torch.equal(part.y.long(), part.labels)
        slices = part.x.unflatten(1, part.shape)
        there = torch.arange(part.shape[0]) < part.lengths[:, None]
        assert torch.equal(slices.sum(-1), there.float()), "one base or word at each position of a sequence, no other"
    if name != "splice_junctions":  # whose source has some strings twice
        rows = {tuple(row.nonzero().flatten().tolist()) for row in data.x}
        assert not any(tuple(row.nonzero().flatten().tolist()) in rows for row in test.x)


def test_introns_begin_with_gt_and_end_with_ag() -> None:
    data = splice_junctions()
    bases = torch.cat([data.x, data.test.x]).unflatten(1, (60, 4)).argmax(-1)
    y = torch.cat([data.labels, data.test.labels])
    assert torch.bincount(y).tolist() == [767, 765, 1654]
    starts = (bases[:, 30:32] == torch.tensor([2, 3])).all(1)
    ends = (bases[:, 28:30] == torch.tensor([0, 2])).all(1)
    assert float(starts[y == 0].float().mean()) > 0.98
    assert float(ends[y == 1].float().mean()) > 0.98
    assert float(starts[y == 2].float().mean()) < 0.15


def test_a_motif_is_where_it_was_planted_and_nowhere_else() -> None:
    """The largest log odds over a string tells planted from plain ones for each motif."""
    data = planted_motifs()
    bases = data.x.unflatten(1, (60, 4))
    for label, motif in enumerate(known_motifs().values()):
        windows = bases.unfold(1, len(motif), 1)  # (N, T', 4, width)
        score = torch.einsum("ntbw,wb->nt", windows, (motif / 0.25).log()).amax(1)
        with_it, without = score[data.labels == label], score[data.labels == len(known_motifs())]
        assert float(with_it.median()) > float(without.quantile(0.97))


def test_correlation_finds_a_shifted_filter_and_ignores_constants() -> None:
    motif = known_motifs()["NRF1"]
    hidden = torch.randn(5, 4, 15, generator=torch.Generator().manual_seed(0)) * 0.3
    hidden[3] = 0.0
    hidden[3, :, 2 : 2 + len(motif)] = 2.5 * (motif / 0.25).log().T + 7.0
    found, channel, shift = correlation(hidden, motif)
    assert (round(found, 5), channel, shift) == (1.0, 3, 2)
    assert correlation(hidden[:2], motif)[0] < 0.6


def test_a_convolution_learns_the_planted_motifs() -> None:
    """Every motif has a filter that correlates at least .9 with its log odds."""
    data = planted_motifs()
    kind = Architecture(network="convolution", kernel=12, channels=16, activation="relu", pooling="max")
    net = fit(data.x, data.labels, data.shape, kind, scale=0.3, steps=1500, step_size=0.02, seed=0)
    found = {name: correlation(net.filters().detach(), motif)[0] for name, motif in known_motifs().items()}
    assert min(found.values()) >= 0.9, found
    assert right(net, data.test.x, data.test.labels) > 0.85 * data.test.size


def test_the_passage_is_read_as_the_notes_mean_it() -> None:
    data = gerbil()
    assert " ".join(words_of(data.test, data.test.x[0])) == NOTES
    assert set(data.lengths.tolist()) == {12, 13, 14}, "three orders of different length"
    assert NOUNS[data.test.labels[0]] == "kid"
    for row, label in zip(data.x[:200], data.labels, strict=False):
        said = words_of(data, row)
        owner = said[said.index("my") + 1]
        assert (NOUNS[label] == owner) == (said[-1] in OWNER_FEELS)
        assert NOUNS[label] in said
        assert said[-1] in OWNER_FEELS + EATER_FEELS


def test_words_that_the_task_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="'elephant' is not a word of this task; they are: dog cat kid"):
        encode(["the elephant ate"])
    with pytest.raises(ValueError, match="has 20 words; 1 to 14 fit"):
        encode(["dog " * 20])


def test_attention_finds_the_noun_that_she_is() -> None:
    """The last word, the feeling, looks at the right noun among 12 to 14 tokens, in sentences that were never seen."""
    data = gerbil()
    kind = Architecture(network="token_attention", width=32, heads=1, pooling="last")
    net = fit(data.x, data.labels, data.shape, kind, scale=1.0, steps=500, step_size=0.01, seed=0, padded=True)
    test = data.test
    assert right(net, test.x, test.labels) > 0.98 * test.size
    last = (test.lengths - 1)[:, None, None].expand(-1, 1, test.shape[0])
    looks = net.attention_map(test.x).detach()[:, 0].gather(1, last)[:, 0]  # (N, T)
    place = test.x.unflatten(1, test.shape)[:, :, [data.feature_names.index(noun) for noun in NOUNS]]  # (N, T, nouns)
    there = (place * torch.nn.functional.one_hot(test.labels, len(NOUNS))[:, None]).sum(-1)  # (N, T)
    assert float((looks * there).sum(1).mean()) > 0.6


def test_a_switch_stands_where_it_was_thrown_last() -> None:
    data = switch()
    tokens = data.x.unflatten(1, data.shape).argmax(-1)
    for row, label in zip(tokens[:300], data.labels[:300], strict=True):
        assert int(row[row < 2][-1]) == label
    assert best_of_window(5) == pytest.approx(1 - 0.9**5 / 2)


def test_methylation_hides_the_middle_and_holds_out_the_end_of_the_chromosome() -> None:
    """The levels of twelve neighbours to the right of a middle that is trained on are in no held-out window."""
    data = methylation()
    seen, held = (part.x.unflatten(1, data.shape) for part in (data, data.test))
    assert float(seen[:, 12, 0].abs().max()) == 0
    assert torch.equal(seen[:, 12, 1], torch.ones(len(seen)))
    right = {tuple(row[13:, 0].tolist()) for row in seen}
    assert not any(tuple(row[start : start + 12, 0].tolist()) in right for row in held for start in (0, 13))
