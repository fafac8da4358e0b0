"""Scenes of estimators in training: control variates, importance-weighted bounds, natural gradients."""

from typing import Any

from elbo_room.models.presets.generative import PINWHEEL

SHORT: dict[str, Any] = PINWHEEL | {"stop_at": 1500}
MEAN_FIELD_BOUND = -0.9475  # nats per row: the ELBO of the best mean-field q for the sparse data, s = .5, λ = 1

ESTIMATORS: dict[str, dict[str, Any]] = {
    "score_xi": {
        "label": "Training by score with ξ*",
        "chapter": "gradient_variance",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "variance",
        "goal": "The lecture notes' control variate in training: subtract ξ* times the score, and the ELBO climbs without any path.",
        "settings": SHORT | {"estimator": "score_xi", "draws": 8},
        "shown": ["score", "score_xi", "score_xi_each", "leave_one_out", "reparameterization"],
        "tasks": [
            {
                "ask": "At the same parameters: how noisy is the plain score gradient compared with score with ξ*?",
                "choices": ["no noisier", "up to 3×", "more than 3×"],
                "edges": [1.0, 3.0],
                "measure": {"name": "variance_ratio", "of": "score", "to": "score_xi"},
                "after": 1000,
                "why": "ξ* takes off the part of f that is alike in all draws; what remains is how much f differs between them.",
            },
            {
                "ask": "Reparameterisation ends near −1.9 nats per data point. Where does the score gradient with ξ* end?",
                "choices": ["below −2.6", "−2.6 to −1.6", "above −1.6"],
                "edges": [-2.6, -1.6],
                "measure": {"name": "fact", "of": "elbo"},
                "after": 1400,
                "why": "In two latent dimensions eight draws and ξ* make the noise small enough: it costs steps, not the optimum.",
            },
        ],
    },
    "xi_bias": {
        "label": "ξ from the same draws",
        "chapter": "gradient_variance",
        "minutes": 8,
        "difficulty": "advanced",
        "picture": "variance",
        "goal": "ξ from the draws that it corrects: the variance falls, and so does the gradient. Drag B: the bias grows as B falls.",
        "settings": SHORT
        | {"estimator": "score_xi", "xi_from": "same_draws", "draws": 2, "step_size": 0.001, "stop_at": 600},
        "shown": ["score", "score_xi", "leave_one_out", "reparameterization"],
        "tasks": [
            {
                "ask": "Choose 'histogram' in the variance panel. At B = 2, what share of the gradient is missing on average?",
                "choices": ["less than a tenth", "a tenth to a third", "more than a third"],
                "edges": [0.1, 0.333],
                "measure": {"name": "missing", "of": "score_xi"},
                "after": 300,
                "why": "ξ̂ leans towards the very f that it is subtracted from, which takes the signal with the noise.",
            },
        ],
    },
    "iwae": {
        "label": "Importance-weighted bound (IWAE)",
        "chapter": "gradient_variance",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "elbo",
        "goal": "Sixteen draws in one logarithm: log (1/K) Σ w is a higher bound than the ELBO, and makes a better model.",
        "settings": SHORT | {"estimator": "iwae", "draws": 16},
        "shown": ["reparameterization", "iwae", "dreg", "vimco"],
        "tasks": [
            {
                "ask": "The ELBO of this model ends near −1.9 nats per data point. Where does the bound of sixteen draws end?",
                "choices": ["below", "up to .2 above", "more than .2 above"],
                "edges": [-1.9, -1.7],
                "measure": {"name": "fact", "of": "elbo"},
                "after": 1400,
                "why": "The log of a mean is above the mean of logs, so the bound is closer to log p(x), and q may be broader.",
            },
        ],
    },
    "dreg": {
        "label": "Doubly reparameterised (DReG)",
        "chapter": "gradient_variance",
        "minutes": 8,
        "difficulty": "advanced",
        "picture": "variance",
        "goal": "The same bound as IWAE, without its score term: more draws no longer drown the encoder's gradient in noise.",
        "settings": SHORT | {"estimator": "dreg", "draws": 16},
        "shown": ["reparameterization", "iwae", "dreg", "vimco"],
        "tasks": [
            {
                "ask": "At the same parameters and sixteen draws: how noisy is DReG's gradient compared with IWAE's?",
                "choices": ["less than half as noisy", "half to equal", "noisier"],
                "edges": [0.5, 1.0],
                "measure": {"name": "variance_ratio", "of": "dreg", "to": "iwae"},
                "after": 1000,
                "why": "IWAE's gradient contains −∇log q of each draw, whose mean is not needed; a second reparameterisation removes it.",
            },
        ],
    },
    "natural_gradient": {
        "label": "Natural gradient",
        "chapter": "gradient_variance",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "elbo",
        "goal": f"Steps in q's natural parameters: a conjugate model is solved in a few, to −{-MEAN_FIELD_BOUND:g} nats per row. Try Adam.",
        "yardstick": {
            "of": "elbo",
            "value": MEAN_FIELD_BOUND,
            "words": "exact mean-field optimum",
            "holds": [
                "data",
                "response",
                "network",
                "depth",
                "attention",
                "intercept",
                "spread_from",
                "spread",
                "prior",
                "prior_scale",
                "posterior",
            ],
        },
        "settings": {
            "model": "conditional",
            "data": "sparse",
            "depth": 0,
            "spread_from": "fixed",
            "spread": 0.5,
            "draws": 16,
            "estimator": "path_only",
            "optimizer": "natural",
            "step_size": 0.3,
            "batch_size": 2000,
            "stop_at": 200,
        },
        "tasks": [
            {
                "ask": "The best mean-field q is known exactly. How far below it is the ELBO after only 60 steps?",
                "choices": ["more than .5 nats per row", ".05 to .5 nats", "less than .05 nats"],
                "edges": [MEAN_FIELD_BOUND - 0.5, MEAN_FIELD_BOUND - 0.05],
                "measure": {"name": "fact", "of": "elbo"},
                "after": 60,
                "why": "F⁻¹ ĝ measures a step by how much q itself changes; with ρ = 1 and no noise one step solves each weight exactly.",
            },
        ],
    },
}
