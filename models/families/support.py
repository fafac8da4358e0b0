"""The set of a distribution's values: {0, 1}, the counts, the reals, …; it determines which data are valid and what the mean can be."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from elbo_room.models.families.counts import first_where, not_counts

REAL_MEAN, POSITIVE_MEAN, PROBABILITY, PROBABILITIES = "real", "positive", "probability", "probabilities"


@dataclass(frozen=True)
class Support:
    """A set of values: `kinds` are the kinds of data inside it, `mean` is the set of its means."""

    name: str
    words: str  # of one value
    data: str  # of data
    kinds: tuple[str, ...]
    mean: str
    holds: Callable[[Tensor], Tensor]  # value by value
    reason: Callable[[Tensor], str | None] | None = None  # why a table (N, D) is outside it, if there is more to report

    def refuses(self, x: Tensor, label: str) -> str | None:
        """None, or why these data (N, D) are not values of the distribution `label`, with the first invalid one."""
        if self.reason is not None:
            return self.reason(x)
        found = first_where(~self.holds(x), x)
        return found and f"{label} needs {self.data}; {found}. Choose another response, or rescale the data."


REAL = Support(
    "real",
    "finite numbers",
    "numbers, not classes",
    ("real", "positive", "fraction", "unit", "count"),
    REAL_MEAN,
    lambda x: x.isfinite(),
)
POSITIVE = Support(
    "positive", "positive numbers", "positive numbers", ("positive",), POSITIVE_MEAN, lambda x: (x > 0) & x.isfinite()
)
FRACTION = Support(
    "fraction",
    "between 0 and 1, ends excluded",
    "fractions in (0, 1)",
    ("fraction",),
    PROBABILITY,
    lambda x: (x > 0) & (x < 1),
)
UNIT = Support(
    "unit",
    "from 0 to 1",
    "values in [0, 1]",
    ("unit", "fraction", "binary"),
    PROBABILITY,
    lambda x: (x >= 0) & (x <= 1),
)
COUNT = Support(
    "count",
    "counts 0, 1, 2, …",
    "counts 0, 1, 2, …",
    ("count",),
    POSITIVE_MEAN,
    lambda x: (x >= 0) & (x == x.floor()),
    not_counts,
)
BINARY = Support("binary", "0 or 1", "zeros and ones", ("binary",), PROBABILITY, lambda x: (x == 0) | (x == 1))
CLASSES = Support(
    "classes",
    "whole numbers from 0, the classes",
    "classes",
    ("classes", "binary"),
    PROBABILITIES,
    lambda x: (x >= 0) & (x == x.floor()),
)
PROPORTIONS = Support(
    "proportions", "proportions that sum to 1", "proportions", (), PROBABILITIES, lambda x: (x >= 0) & (x <= 1)
)
MOST_LEVELS = 64


def _too_many_levels(x: Tensor) -> str | None:
    count = len(x.unique())
    if 2 <= count <= MOST_LEVELS:
        return None
    return (
        f"A categorical response needs from 2 to {MOST_LEVELS} distinct values; these data have {count:,}. "
        "Choose another response."
    )


LEVELS = Support(
    "levels",
    "one of a few numbers",
    "few distinct values",
    ("unit", "binary"),
    REAL_MEAN,
    lambda x: x.isfinite(),
    _too_many_levels,
)
ROUNDED = Support(
    "rounded",
    "a number, which is rounded",
    "counts or values in [0, 1]",
    ("unit", "fraction", "binary", "count"),
    PROBABILITY,
    lambda x: x.isfinite(),
)
