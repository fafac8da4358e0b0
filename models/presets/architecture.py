"""Scenes of networks for data with an order: attention to words, convolution along DNA."""

from typing import Any

ARCHITECTURE: dict[str, dict[str, Any]] = {
    "attention": {
        "label": "Attention: who is she?",
        "goal": "The notes' gerbil sentence: she is sad, so she is the kid. Watch the last word find its noun in the attention map.",
        "settings": {
            "model": "conditional",
            "data": "gerbil",
            "response": "categorical",
            "network": "token_attention",
            "pooling": "last",
            "width": 32,
            "depth": 1,
            "heads": 1,
            "posterior": "point",
            "draws": 1,
            "step_size": 0.01,
            "stop_at": 800,
        },
        "views": {"c": "network", "d": "attention_map"},
        "tasks": [
            {
                "ask": "How much of the last word's attention will go to a single word of the sentence?",
                "choices": ["less than half", "50 to 90 %", "more than 90 %"],
                "edges": [0.5, 0.9],
                "measure": {"name": "fact", "of": "attention"},
                "after": 600,
                "why": "A row of the map lies on the simplex, and only one noun answers the question; the rest of the sentence is no help.",
            },
        ],
    },
    "motifs": {
        "label": "Convolution finds motifs",
        "goal": "Random DNA hides one of three known motifs: the filters learn them without being told where they are.",
        "settings": {
            "model": "conditional",
            "data": "planted_motifs",
            "response": "categorical",
            "network": "convolution",
            "activation": "relu",
            "pooling": "max",
            "kernel": 12,
            "depth": 1,
            "prior_scale": 0.3,
            "posterior": "point",
            "draws": 1,
            "step_size": 0.02,
            "stop_at": 1500,
        },
        "views": {"c": "network", "d": "filters"},
    },
    "splice": {
        "label": "Splice junctions",
        "goal": "Real DNA, where an intron begins or ends: a logistic regression names 95.5 % rightly; see what a convolution reaches.",
        "settings": {
            "model": "conditional",
            "data": "splice_junctions",
            "response": "categorical",
            "network": "convolution",
            "activation": "relu",
            "channels": 12,
            "depth": 3,
            "identity_residual": True,
            "prior_scale": 0.1,
            "posterior": "point",
            "draws": 1,
            "stop_at": 500,
        },
        "views": {"c": "calibration", "d": "filters"},
        "tasks": [
            {
                "ask": "Of 637 strings that it has not seen, how many will the convolution name rightly?",
                "choices": ["less than 80 %", "80 to 93 %", "more than 93 %"],
                "edges": [0.8, 0.93],
                "measure": {"name": "fact", "of": "accuracy"},
                "after": 300,
                "why": "GT begins an intron and AG ends it; the filters see such pairs wherever they stand, the output knows the place.",
            },
        ],
    },
}
