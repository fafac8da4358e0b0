"""Scenes of counts of single cells."""

from typing import Any

SCVI: dict[str, Any] = {
    "data": "pbmc",
    "response": "negative_binomial",
    "scale_head": "feature",
    "latent_size": 10,
    "width": 128,
    "depth": 1,
    "activation": "relu",
    "draws": 1,
    "step_size": 0.003,
    "prior_scale": 0.1,
    "stop_at": 400,
}
SHARES = ["less than 40 %", "40 to 60 %", "60 to 80 %", "more than 80 %"]
PLATES = ["fewer than 36 %: hardly more than chance", "36 to 42 %", "more than 42 %"]
SINGLE_CELLS: dict[str, dict[str, Any]] = {
    "scvi": {
        "label": "Single cells (scVI)",
        "chapter": "single_cells",
        "minutes": 10,
        "difficulty": "intermediate",
        "picture": "latent",
        "goal": "Counts of 765 genes in 700 blood cells: watch the cell types separate without any labels.",
        "views": {"plane": "pca"},
        "settings": SCVI,
        "tasks": [
            {
                "ask": "The model never sees the cell types. Of a cell's ten nearest neighbours in z, how many are of its own type?",
                "choices": SHARES,
                "edges": [0.4, 0.6, 0.8],
                "measure": {"name": "neighbours", "of": "label"},
                "after": 200,
                "why": "Monocytes, B cells and natural killer cells separate; the five types of T cells differ in few genes and overlap.",
            },
        ],
    },
    "cell_lines": {
        "label": "Cell lines on three plates",
        "chapter": "single_cells",
        "minutes": 12,
        "difficulty": "advanced",
        "picture": "latent",
        "goal": "Five cancer cell lines on three plates: z should encode a cell's line, not its plate.",
        "views": {"plane": "pca"},
        "settings": SCVI | {"data": "cell_lines", "stop_at": 200},
        "tasks": [
            {
                "ask": "By chance, a third of a cell's neighbours are from its own plate. How many are, if the model knows no plates?",
                "choices": PLATES,
                "edges": [0.36, 0.42],
                "measure": {"name": "neighbours", "of": "batch"},
                "after": 150,
                "why": "Plates differ in the counts, and only z can explain that. Switch 'Batch covariate' on and run again.",
            },
            {
                "ask": "And how many are of its own cell line?",
                "choices": SHARES,
                "edges": [0.4, 0.6, 0.8],
                "measure": {"name": "neighbours", "of": "label"},
                "after": 150,
                "why": "Lines from different patients differ in hundreds of genes; the clusters in z are the lines.",
            },
        ],
    },
}
