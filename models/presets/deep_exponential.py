"""Scenes of deep exponential families."""

from typing import Any

DEEP_EXPONENTIAL: dict[str, dict[str, Any]] = {
    "belief_network": {
        "label": "Sigmoid belief network",
        "goal": "Two layers of binary units, no path through them: leave-one-out and Markov blankets make the score gradient work.",
        "settings": {
            "model": "deep_exponential_family",
            "estimator": "leave_one_out",
            "draws": 8,
            "rao_blackwell": "blanket",
            "step_size": 0.02,
            "stop_at": 3000,
        },
    },
    "latent_gaussian": {
        "label": "Deep latent Gaussian model",
        "goal": "Drag σ towards 0 while it trains: centred, its gradient grows as 1/σ²; uncentred, the layers become a network.",
        "settings": {
            "model": "deep_exponential_family",
            "response": "normal",
            "layer_1": "normal",
            "layer_2": "normal",
            "width_1": 16,
            "width_2": 4,
            "centred": True,
            "step_size": 0.01,
            "stop_at": 3000,
        },
    },
    "gamma_topics": {
        "label": "Sparse gamma DEF: topics",
        "goal": "Topics of the King James Bible by black box inference; the dashed line is exact coordinate ascent.",
        "settings": {
            "model": "deep_exponential_family",
            "data": "king_james",
            "response": "poisson",
            "depth": 1,
            "layer_1": "gamma",
            "width_1": 10,
            "weights": "gamma",
            "draws": 1,
            "step_size": 0.03,
        },
    },
    "gamma_hierarchy": {
        "label": "Topics of topics",
        "goal": "Two sparse gamma layers over the packages' docstrings: what the upper units join.",
        "settings": {
            "model": "deep_exponential_family",
            "data": "docstrings",
            "response": "poisson",
            "layer_1": "gamma",
            "width_1": 12,
            "layer_2": "gamma",
            "width_2": 4,
            "weights": "gamma",
            "draws": 2,
            "step_size": 0.03,
        },
    },
    "poisson_layers": {
        "label": "Poisson DEF",
        "goal": "Units that count: layers of Poisson variables over word counts, with score gradients only.",
        "settings": {
            "model": "deep_exponential_family",
            "data": "docstrings",
            "response": "poisson",
            "layer_1": "poisson",
            "width_1": 12,
            "layer_2": "poisson",
            "width_2": 4,
            "weights": "gamma",
            "estimator": "leave_one_out",
            "draws": 8,
            "rao_blackwell": "blanket",
            "step_size": 0.03,
        },
    },
}
