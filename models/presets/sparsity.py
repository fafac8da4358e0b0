"""Scenes of a sparse truth, three inputs of twelve: what priors on weights and feature attention select."""

from typing import Any

SPARSE: dict[str, Any] = {
    "model": "conditional",
    "data": "sparse",
    "depth": 0,
    "batch_size": 256,
    "step_size": 0.02,
    "stop_at": 1500,
}
COUNTS = ["fewer than three", "exactly three", "more than three"]
RELEVANT: dict[str, Any] = {"name": "fact", "of": "relevant"}
VIEWS = {"c": "fit", "d": "relevance"}

SPARSITY: dict[str, dict[str, Any]] = {
    "attention_bank": {
        "label": "Feature attention: logistic bank",
        "chapter": "architecture",
        "minutes": 6,
        "difficulty": "intermediate",
        "picture": "relevance",
        "goal": "A logistic regression weighs each of twelve inputs between 0 and 1. Three matter: does attention find them?",
        "views": VIEWS,
        "settings": SPARSE | {"attention": "logistic", "step_size": 0.01},
        "tasks": [
            {
                "ask": "Three of the twelve inputs matter. How many will get more attention than the average?",
                "choices": COUNTS,
                "edges": [2.5, 3.5],
                "measure": RELEVANT,
                "after": 1200,
                "why": "The prior keeps weights small, so attention opens where it pays; for a useless input it stays at logistic(0) = ½.",
            },
        ],
    },
    "attention_simplex": {
        "label": "Feature attention: simplex",
        "chapter": "architecture",
        "minutes": 6,
        "difficulty": "intermediate",
        "picture": "relevance",
        "goal": "Softmax attention sums to one: what one of twelve inputs gains, the others lose. Three matter: does it find them?",
        "views": VIEWS,
        "settings": SPARSE
        | {"attention": "simplex", "posterior": "point", "draws": 1, "prior_scale": 0.3, "step_size": 0.01},
        "tasks": [
            {
                "ask": "Three of the twelve inputs matter. How many will get more than their fair share of the attention, 1/12?",
                "choices": COUNTS,
                "edges": [2.5, 3.5],
                "measure": RELEVANT,
                "after": 1200,
                "why": "On the simplex attention is scarce: the useless nine are starved, because their share costs the other three.",
            },
        ],
    },
    "horseshoe": {
        "label": "Horseshoe prior",
        "chapter": "priors",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "relevance",
        "goal": "Every weight has its own half-Cauchy scale: three of twelve are let go, the others are pulled to 0.",
        "views": VIEWS,
        "settings": SPARSE | {"prior": "horseshoe", "prior_scale": 0.3},
        "tasks": [
            {
                "ask": "Three of the twelve weights are not 0. For how many will the data raise τ above 1, its median under the prior?",
                "choices": COUNTS,
                "edges": [2.5, 3.5],
                "measure": RELEVANT,
                "after": 1200,
                "why": "The half-Cauchy has a pole at 0 and a heavy tail: noise is shrunk to nothing, a signal is hardly shrunk at all.",
            },
        ],
    },
    "spike_slab": {
        "label": "Spike and slab",
        "chapter": "priors",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "relevance",
        "goal": "A weight is in the slab or in the spike, even odds before any data: which of the twelve are in afterwards?",
        "views": VIEWS,
        "settings": SPARSE | {"prior": "spike_slab"},
        "tasks": [
            {
                "ask": "How many of the twelve weights will have a probability above ½ to be in the slab?",
                "choices": COUNTS,
                "edges": [2.5, 3.5],
                "measure": RELEVANT,
                "after": 1200,
                "why": "A weight near 0 is twenty times denser in the spike, whose width is λ/20; only three are too large for it.",
            },
        ],
    },
}
