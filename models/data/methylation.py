"""DNA methylation along a chromosome: a C followed by a G carries a methyl group or not, and its neighbours tell which.

20,000 CpG sites of human chromosome 22 by whole-genome bisulfite sequencing of two replicates, pooled (`BS.chr22` of Bioconductor's
`bsseq`, Hansen et al. 2012; the IMR90 cell line of Lister et al. 2009; Artistic-2.0).
"""

from pathlib import Path

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.dna import classified
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import sequences

FILE = Path(__file__).parent / "files" / "methylation.npz"
NEIGHBOURS, APART = 12, 6  # sites to either side, and sites from one window's middle to the next one's
LENGTH = 2 * NEIGHBOURS + 1
READS, NEAR = 8, 1000.0  # the fewest reads of a site in the middle; base pairs over which closeness falls to 1/e
CHANNELS = ("methylated", "closeness")
TEST = 600


@remembered
def methylation(seed: int = 0) -> Dataset:
    """Windows of 25 sites, the middle one hidden: x (N, 25 · 2), y: whether most reads of the middle site are methylated.

    Each site has the methylated share of its reads, less the average, and its closeness exp(−d/1000) to the middle at d base pairs;
    the hidden share is 0, as is that of a site without reads. 600 windows are held out: the last ones along the chromosome, so that none
    overlaps one that is trained on. `seed` is that of the windows' order.
    """
    with np.load(FILE, allow_pickle=False) as file:
        position, methylated, coverage = (
            torch.tensor(file[name].astype(np.float32 if name != "position" else np.int64))
            for name in ("position", "methylated", "coverage")
        )
    share = methylated / coverage.clamp_min(1)
    level = torch.where(coverage > 0, share - share[coverage > 0].mean(), 0.0)
    middle = torch.arange(NEIGHBOURS, len(position) - NEIGHBOURS, APART)
    middle = middle[coverage[middle] >= READS]
    window = middle[:, None] + torch.arange(-NEIGHBOURS, NEIGHBOURS + 1)  # (N, T)
    near = torch.exp(-(position[window] - position[middle, None]).abs() / NEAR)
    x = torch.stack([level[window], near.float()], -1)  # (N, T, 2)
    x[:, NEIGHBOURS, 0] = 0.0
    labels = (share[middle] > 0.5).long()
    first = torch.randperm(len(middle) - TEST, generator=torch.Generator().manual_seed(seed))
    order = torch.cat([first[_apart(first, len(middle) - TEST)], torch.arange(len(middle) - TEST, len(middle))])
    names = tuple(f"{name} {place:+d}" for place in range(-NEIGHBOURS, NEIGHBOURS + 1) for name in CHANNELS)
    return classified(
        "methylation", x[order].flatten(1), labels[order], ("unmethylated", "methylated"), (LENGTH, 2), TEST, names
    )


def _apart(rows: torch.Tensor, end: int) -> torch.Tensor:
    """Which windows before the held-out ones share no site with them."""
    return rows < end - LENGTH // APART - 1


SOURCES = (
    *sequences(
        "methylation", "DNA methylation",
        "Windows of 25 CpG sites of chromosome 22; is the middle one, which is hidden, methylated? (bsseq, Artistic-2.0).",
        methylation, "ℝ²⁵ˣ² → {0, 1}",
    ),
)  # fmt: skip
