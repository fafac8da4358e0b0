"""Neighbours of the same group: all of them if groups are separate, as many as by chance if they do not matter."""

import pytest
import torch

from elbo_room.models.diagnostics.neighbours import own_neighbours


def test_groups_that_lie_apart_have_only_own_neighbours_and_mixed_ones_a_chance_share() -> None:
    generator = torch.Generator().manual_seed(0)
    groups = torch.arange(600) % 3
    z = torch.randn(600, 4, generator=generator)
    share, chance = own_neighbours(z, groups)
    assert chance == pytest.approx(1 / 3)
    assert (
        abs(share - (200 - 1) / (600 - 1)) < 4 * (2 / 9 / 300) ** 0.5
    )  # 300 cells, as if their ten neighbours were one
    apart, _ = own_neighbours(z + 100 * groups.unsqueeze(1), groups)
    assert apart == 1.0


def test_chance_counts_unequal_groups() -> None:
    groups = torch.tensor([0] * 90 + [1] * 10)
    assert own_neighbours(torch.randn(100, 2, generator=torch.Generator().manual_seed(0)), groups)[1] == pytest.approx(
        0.82
    )
