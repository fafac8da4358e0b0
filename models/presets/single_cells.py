"""Scenes of counts of single cells."""

from typing import Any

SINGLE_CELLS: dict[str, dict[str, Any]] = {
    "scvi": {
        "label": "Single cells (scVI)",
        "goal": "Counts of 765 genes in 700 blood cells: watch the kinds of cells come apart without being told.",
        "settings": {
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
        },
    },
}
