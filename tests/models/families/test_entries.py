"""Sums over the nonzero entries against the dense ones, differentiated twice; padded rows; a tape that contains them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elbo_room.models.data import from_array
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.families.entries import Entries, at_entries, entries_of, log_sums
from elbo_room.models.training.run import Run

GENERATOR = torch.Generator().manual_seed(0)
COUNTS = torch.poisson(torch.full((7, 30), 0.1), generator=GENERATOR).double()
COUNTS[3] = 0  # a row without entries
TOPICS = Settings(
    data="docstrings", response="poisson", depth=1, layer_1="gamma", width_1=3, weights="gamma", draws=2, batch_size=4, stop_at=60
)  # fmt: skip


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=GENERATOR).requires_grad_()


@pytest.mark.parametrize("rows", [None, [2, 0, 5], [3, 6]])
def test_sums_over_entries_and_both_derivatives_are_the_dense_ones(rows: list[int] | None) -> None:
    whole = Entries.of(COUNTS)
    entries = whole if rows is None else whole.rows(torch.tensor(rows))
    x = COUNTS if rows is None else COUNTS[rows]
    left, right = numbers(2, len(x), 3), numbers(2, 30, 3)

    def sparse(left: Tensor, right: Tensor) -> Tensor:
        return (entries.count * at_entries(left, right, entries).square()).sum((-1,))

    def dense(left: Tensor, right: Tensor) -> Tensor:
        return (x * (left @ right.transpose(-1, -2)).square()).sum((-1, -2))

    def sparse_logs(left: Tensor, right: Tensor) -> Tensor:
        return log_sums(left.exp(), right.exp(), entries, 0.3) @ weight

    def dense_logs(left: Tensor, right: Tensor) -> Tensor:
        return (x * (left.exp() @ right.exp().transpose(-1, -2) + 0.3).log()).sum(-1) @ weight

    weight = numbers(len(x)).detach()
    for pair in ((sparse, dense), (sparse_logs, dense_logs)):
        torch.testing.assert_close(*(f(left, right) for f in pair))
        slopes = [torch.autograd.grad(f(left, right).sum(), (left, right), create_graph=True) for f in pair]
        torch.testing.assert_close(*slopes)
        bends = [torch.autograd.grad(sum(g.pow(3).sum() for g in each), (left, right)) for each in slopes]
        torch.testing.assert_close(*bends)


def test_every_batch_of_as_many_rows_has_the_same_shape_and_its_own_counts() -> None:
    whole, seen = Entries.of(COUNTS), set()
    for rows in torch.combinations(torch.arange(7), 3):
        found = whole.rows(rows)
        table = torch.zeros(3, 30, dtype=torch.float64).index_put(
            (found.row, found.column), found.count, accumulate=True
        )
        assert torch.equal(table, COUNTS[rows])
        torch.testing.assert_close(found.log_factorials, torch.lgamma(COUNTS[rows] + 1).sum(-1))
        seen.add(len(found.count))
    assert len(seen) == 1


def test_only_tables_of_mostly_zeros_and_nothing_below_have_entries() -> None:
    assert entries_of(COUNTS) is not None
    assert entries_of(COUNTS + 1) is None
    assert entries_of(-COUNTS) is None


@pytest.mark.parametrize("size", [4, 7])
def test_a_run_on_sparse_counts_is_played_from_a_tape_and_follows_the_dense_one(size: int) -> None:
    """Same draws, minibatches or all rows: the ELBOs stay together within rounding that Adam amplifies."""
    data = from_array(COUNTS)
    fast, plain = (Run(replace(TOPICS, batch_size=size), data) for _ in range(2))
    plain.model.plan = replace(plain.model.plan, sparse=False)
    if size == 7:  # the short way takes the rows in their own order
        plain.next_batch = data.whole
    for one, other in zip(fast, plain, strict=True):
        assert abs(one.elbo - other.elbo) < 1e-3 * abs(other.elbo)
    assert fast.replay_cache.trusted
