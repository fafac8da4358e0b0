"""Counts of single cells, shipped: 700 blood cells (10x Genomics, CC BY 4.0; in scanpy, BSD-3), 909 cells of five cancer cell lines (MIT).

PBMC is scanpy's `pbmc68k_reduced` with the counts recovered, round(expm1(raw.X) · n_counts / 10,000); the labels are the bulk labels. The
cell lines are those of Tian et al. 2019 (`LuyiTian/sc_mixology`, CEL-seq2), restricted to the 2,000 genes whose log counts vary most; their
labels come from the genotype, not from a clustering, and the three plates are the batch.
"""

from dataclasses import replace

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.packed import FILES, unpacked
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source


@remembered
def pbmc() -> Dataset:
    """x (700, 765), labels of 10 types."""
    return replace(unpacked(FILES / "pbmc.npz"), name="pbmc")


@remembered
def cell_lines() -> Dataset:
    """x (909, 2000), labels of 5 lines, covariates (909, 3)."""
    return replace(unpacked(FILES / "cell_lines.npz"), name="cell_lines")


SOURCES = (
    Source(
        "pbmc", "Blood cells (PBMC)", "700 human blood cells, 765 genes, 10 cell types (10x Genomics, CC BY).", pbmc, kind="count",
    ),
    Source(
        "cell_lines", "Five cell lines", "909 cancer cells, counts of 2,000 genes, 5 lines, 3 plates (Tian et al. 2019, MIT).",
        cell_lines, kind="count",
    ),
)  # fmt: skip
