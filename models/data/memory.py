"""A task of memory, computed: a switch is thrown now and then, and the answer is where it stands at the end.

Only the last throw counts, however long ago it was. With a throw at each position with probability p, a window of the last k positions
contains none with probability (1 − p)^k, and can then only guess: no function of the window is right more often than 1 − (1 − p)^k/2.
"""

import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.dna import classified
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import sequences

TOKENS = ("on", "off", "·")
LENGTH, TRAIN, TEST = 24, 2000, 500
THROWN = 0.1  # the chance of a throw at a position after the first, where there always is one


def best_of_window(size: int) -> float:
    """1 − (1 − p)^k/2: the largest share of right answers among functions of the last k < T positions."""
    return 1 - (1 - THROWN) ** size / 2


@remembered
def switch(seed: int = 0) -> Dataset:
    """x (2000, 24 · 3), a switch thrown on or off at about one position in ten; y: whether it is on at the end; 500 rows are held out."""
    generator = torch.Generator().manual_seed(seed)
    size = (TRAIN + TEST, LENGTH)
    thrown = torch.rand(size, generator=generator) < THROWN
    thrown[:, 0] = True
    way = torch.randint(2, size, generator=generator)
    tokens = torch.where(thrown, way, 2)  # (N, T)
    last = (thrown * torch.arange(1, LENGTH + 1)).argmax(1, keepdim=True)
    labels = way.gather(1, last).squeeze(1)
    x = torch.nn.functional.one_hot(tokens, len(TOKENS)).flatten(1).float()
    return classified("switch", x, labels, TOKENS[:2], (LENGTH, len(TOKENS)), TEST, TOKENS * LENGTH)


SOURCES = (
    *sequences(
        "switch", "A switch",
        "2,000 sequences of 24 positions: a switch is thrown on or off now and then; where does it stand in the end? Computed.",
        switch, "{on, off, ·}²⁴ → {on, off}",
    ),
)  # fmt: skip
