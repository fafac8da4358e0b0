"""One-dimensional toys, computed: a curve with a gap, counts, durations, fractions. They show everything about a model."""

import torch
from torch import Tensor

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source
from elbo_room.models.families import Beta, Family, Gamma, Normal, Poisson

ROWS, TEST_ROWS = 80, 80


def _toy(name: str, x: Tensor, y: Tensor) -> Dataset:
    """The first half trains, the second is held out; x (2N, 1), y (2N,)."""

    def part(rows: slice, test: Dataset | None = None) -> Dataset:
        zero = torch.zeros(len(x[rows]), dtype=torch.int64)
        return Dataset(
            name=name,
            x=x[rows],
            labels=zero,
            label_names=("all",),
            shape=(1,),
            y=y[rows],
            test=test,
            feature_names=("x",),
        )

    return part(slice(0, ROWS), part(slice(ROWS, None)))


def _inputs(generator: torch.Generator) -> Tensor:
    return torch.rand(ROWS + TEST_ROWS, 1, generator=generator) * 6 - 3


def _drawn(family: Family, nu: Tensor, generator: torch.Generator) -> Tensor:
    """One value per row of ν (N, n_params): (N,)."""
    noise = family.noise(family.noise_shape((len(nu), 1)), generator)
    return family.transform(noise, nu.unsqueeze(-1)).squeeze(-1)


@remembered
def gap(seed: int = 1) -> Dataset:
    """y = sin 2x + .3x + .15 ε, with no x in (−.8, 1.1): what does the model predict where there are no data?"""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(ROWS + TEST_ROWS, 1, generator=generator) * 3.9 - 2.8
    x = torch.where(x > -0.8, x + 1.9, x)  # (−2.8, −.8) and (1.1, 3)
    mean = torch.sin(2 * x[:, 0]) + 0.3 * x[:, 0]
    return _toy("gap", x, _drawn(Normal(), torch.stack([mean, torch.full_like(mean, 0.15).log()], 1), generator))


@remembered
def bursts(seed: int = 2) -> Dataset:
    """Counts with mean exp(1 + sin 1.5x + .3x)."""
    generator = torch.Generator().manual_seed(seed)
    x = _inputs(generator)
    return _toy("bursts", x, _drawn(Poisson(), 1 + torch.sin(1.5 * x) + 0.3 * x, generator))


@remembered
def durations(seed: int = 3) -> Dataset:
    """Positive numbers with mean exp(.5 + .8 sin 1.2x) and a standard deviation of half the mean."""
    generator = torch.Generator().manual_seed(seed)
    x = _inputs(generator)
    log_mean = 0.5 + 0.8 * torch.sin(1.2 * x)
    nu = torch.cat([log_mean, torch.full_like(log_mean, 4.0).log()], 1)
    return _toy("durations", x, _drawn(Gamma(), nu, generator).exp())


@remembered
def fractions(seed: int = 4) -> Dataset:
    """Numbers in (0, 1) with mean logistic(2 sin 1.2x) and precision 20."""
    generator = torch.Generator().manual_seed(seed)
    x = _inputs(generator)
    mean = torch.sigmoid(2 * torch.sin(1.2 * x))
    return _toy("fractions", x, _drawn(Beta(), torch.cat([20 * mean, 20 - 20 * mean], 1).log(), generator).sigmoid())


@remembered
def outliers(seed: int = 5) -> Dataset:
    """A line, y = .8x + .2 ε, with every eighth y off by up to ±4."""
    generator = torch.Generator().manual_seed(seed)
    x = _inputs(generator)
    mean = 0.8 * x[:, 0]
    y = _drawn(Normal(), torch.stack([mean, torch.full_like(mean, 0.2).log()], 1), generator)
    off = (torch.rand(len(x), generator=generator) < 1 / 8) * (torch.rand(len(x), generator=generator) * 8 - 4)
    return _toy("outliers", x, y + off)


SOURCES = tuple(
    Source(load.__name__, label, words, load, symbol, models=("conditional",), kind=kind, axes=axes)
    for load, label, kind, symbol, words, axes in (
        (gap, "Curve with a gap", "real", "ℝ → ℝ", "80 noisy points on sin 2x + .3x, none of them in the middle; computed.", 0),
        (outliers, "Line with outliers", "real", "ℝ → ℝ", "80 points on a line; one in eight is an outlier; computed.", 0),
        (bursts, "Counts along a line", "count", "ℝ → ℕ", "80 counts whose mean is exp(1 + sin 1.5x + .3x); computed.", 0),
        (durations, "Durations along a line", "positive", "ℝ → ℝ₊", "80 positive numbers with sd = mean/2; computed.", 0),
        (fractions, "Fractions along a line", "fraction", "ℝ → (0,1)", "80 numbers in (0, 1) with precision 20; computed.", 0),
    )
)  # fmt: skip
