"""A sparse truth, computed: twelve inputs, of which three matter. What a prior or an attention selects can be compared with them."""

import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

INPUTS, MATTER = 12, {2: 1.0, 6: -0.7, 9: 0.5}  # of the columns x₃, x₇ and x₁₀
NOISE, ROWS = 0.5, 150  # for training; as many are held out


@remembered
def sparse(seed: int = 0) -> Dataset:
    """x (150, 12) ~ N(0, I); y = x₃ − .7 x₇ + .5 x₁₀ + .5 ε; 150 rows are held out."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2 * ROWS, INPUTS, generator=generator)
    mean = sum(weight * x[:, j] for j, weight in MATTER.items())
    y = mean + NOISE * torch.randn(2 * ROWS, generator=generator)
    names = tuple(f"x{j + 1}" for j in range(INPUTS))

    def part(rows: slice, test: Dataset | None = None) -> Dataset:
        return Dataset(x=x[rows].contiguous(), y=y[rows].contiguous(), name="sparse", test=test, feature_names=names)

    return part(slice(0, ROWS), part(slice(ROWS, None)))


SOURCES = (
    Source(
        "sparse", "Three of twelve inputs",
        "150 rows; y = x₃ − .7 x₇ + .5 x₁₀ and noise, so that nine inputs are useless; computed.",
        sparse, "ℝ¹² → ℝ", models=("conditional",), kind="real",
    ),
)  # fmt: skip
