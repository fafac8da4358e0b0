"""DNA as numbers: each base is one of four indicators, x (N, 4T), so that a filter over positions is a matrix of bases."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import sequences

FILES = Path(__file__).parent / "files"
BASES = "ACGT"
MOTIFS = ("CREB1", "NRF1", "YY1")  # planted; of widths 8, 11, 12
LENGTH, TRAIN, TEST = 60, 2400, 600  # bases, sequences


def one_hot(bases: Tensor) -> Tensor:
    """Bases 0–3, (N, T) → indicators (N, 4T)."""
    return torch.nn.functional.one_hot(bases, 4).flatten(1).float()


def classified(
    name: str,
    x: Tensor,
    labels: Tensor,
    label_names: tuple[str, ...],
    shape: tuple[int, ...],
    test_size: int,
    feature_names: tuple[str, ...] = (),
) -> Dataset:
    """Sequences with a class y; the last rows are held out. Without names the features of DNA are positions with a base."""
    names = feature_names or tuple(f"{t + 1}{base}" for t in range(shape[0]) for base in BASES)
    first, last = slice(0, len(x) - test_size), slice(len(x) - test_size, None)

    def part(rows: slice, of: str, test: Dataset | None = None) -> Dataset:
        y = labels[rows].float()
        return Dataset(
            name=of,
            x=x[rows].contiguous(),
            labels=labels[rows],
            label_names=label_names,
            shape=shape,
            y=y,
            test=test,
            feature_names=names,
        )

    return part(first, name, part(last, name))


@remembered
def splice_junctions(seed: int = 0) -> Dataset:
    """3,186 strings of 60 bases around a possible splice junction: exon→intron (ei), intron→exon (ie), or none (n).

    x (2549, 240), y in {0, 1, 2}; 637 rows are held out. Truth: an intron begins with GT right after base 30 and ends with AG right
    before base 31. UCI Machine Learning Repository, set 69 (StatLog DNA), CC BY 4.0.
    """
    with np.load(FILES / "splice_junctions.npz", allow_pickle=False) as file:
        bases, junction = torch.tensor(file["bases"].astype(np.int64)), torch.tensor(file["junction"].astype(np.int64))
    order = torch.randperm(len(bases), generator=torch.Generator().manual_seed(seed))
    return classified(
        "splice_junctions",
        one_hot(bases[order]),
        junction[order],
        ("exon → intron", "intron → exon", "none"),
        (LENGTH, 4),
        637,
    )


@cache
def known_motifs() -> dict[str, Tensor]:
    """Base probabilities of the planted motifs, (width, 4) each (JASPAR 2024 CORE, CC BY 4.0); 1 % is added to every base.

    Without that the log odds of a base with count zero would be −∞, which cannot be compared with a finite filter.
    """
    listed = json.loads((FILES / "jaspar_motifs.json").read_text(encoding="utf-8"))["motifs"]
    counts = {each["name"]: torch.tensor(each["counts_ACGT"]).T for each in listed}  # (width, 4)
    frequency = {name: counts[name] / counts[name].sum(1, keepdim=True) for name in MOTIFS}
    return {name: (each + 0.01) / 1.04 for name, each in frequency.items()}


@remembered
def planted_motifs(seed: int = 0) -> Dataset:
    """Random DNA of 60 bases; three of four strings contain one motif, drawn from its base probabilities, anywhere. Computed.

    x (2400, 240), y: which motif, or none; 600 rows are held out. The best filter for a motif is its log odds, log p/¼, so what a
    convolution learns can be compared with the truth.
    """
    generator = torch.Generator().manual_seed(seed)
    total = TRAIN + TEST
    bases = torch.randint(4, (total, LENGTH), generator=generator)
    labels = torch.arange(total) % (len(MOTIFS) + 1)
    for label, motif in enumerate(known_motifs().values()):
        rows = (labels == label).nonzero().squeeze(1)
        width = len(motif)
        drawn = torch.multinomial(motif, len(rows), replacement=True, generator=generator).T  # (rows, width)
        start = torch.randint(LENGTH - width + 1, (len(rows), 1), generator=generator)
        bases[rows[:, None], start + torch.arange(width)] = drawn
    order = torch.randperm(total, generator=generator)
    return classified("planted_motifs", one_hot(bases[order]), labels[order], (*MOTIFS, "none"), (LENGTH, 4), TEST)


def correlation(filters: Tensor, motif: Tensor) -> tuple[float, int, int]:
    """The best correlation of a filter with a motif's log odds over all shifts: (correlation, filter, shift).

    Filters (channels, 4, k). Each position is centred over its bases, because a constant there only shifts the intercept; positions of
    the motif that fall outside a filter are compared with 0.
    """
    truth = (motif / 0.25).log()
    truth = truth - truth.mean(1, keepdim=True)  # (width, 4)
    width, kernel = len(truth), filters.shape[-1]
    centred = (filters - filters.mean(1, keepdim=True)).transpose(1, 2)  # (channels, k, 4)
    padded = torch.nn.functional.pad(centred, (0, 0, width, width))  # (channels, k + 2·width, 4)
    best = (-1.0, 0, 0)
    for shift in range(kernel + width + 1):
        part = padded[:, shift : shift + width].flatten(1)  # (channels, 4·width)
        inside = centred.flatten(1).norm(dim=1)
        value = part @ truth.flatten() / (inside * truth.norm()).clamp_min(1e-12)
        if float(value.max()) > best[0]:
            best = (float(value.max()), int(value.argmax()), shift - width)
    return best


SOURCES = (
    *sequences(
        "splice_junctions", "Splice junctions",
        "2,549 DNA strings of 60 bases, with or without a junction in the middle (UCI, CC BY 4.0).",
        splice_junctions, "DNA⁶⁰ → {ei, ie, n}",
    ),
    *sequences(
        "planted_motifs", "Planted motifs",
        "2,400 random DNA strings of 60 bases that hide one of three known motifs, or none; computed.",
        planted_motifs, "DNA⁶⁰ → {none, 1, 2, 3}",
    ),
)  # fmt: skip
