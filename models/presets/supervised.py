"""Scenes of conditional models: a network predicts y from x."""

from typing import Any

SUPERVISED: dict[str, dict[str, Any]] = {
    "regression": {
        "label": "Neural regression",
        "goal": "A curve with a gap: is the band wide where there are no data? Drag λ and watch the function stiffen.",
        "settings": {
            "model": "conditional",
            "width": 10,
            "depth": 1,
            "prior_scale": 3.0,
            "spread_from": "fixed",
            "spread": 0.15,
            "step_size": 0.02,
            "stop_at": 3000,
        },
    },
    "shared_weights": {
        "label": "Noise of shared weights",
        "goal": "One draw of the weights serves a whole minibatch: its noise does not average out. Look at panel B against M.",
        "settings": {
            "model": "conditional",
            "data": "diabetes",
            "width": 20,
            "depth": 1,
            "step_size": 0.02,
        },
        "shown": ["reparameterization", "path_only", "local_reparameterization", "flipout"],
        "tasks": [
            {
                "ask": "At the same weights' q: how noisy is local reparameterisation, against one shared draw?",
                "choices": ["a tenth or less", "between a tenth and equal", "noisier"],
                "edges": [0.1, 1.0],
                "measure": {"name": "variance_ratio", "of": "local_reparameterization", "to": "reparameterization"},
                "after": 300,
                "why": "Sums of their own average out over the data. Panel B looks at few data; over a larger minibatch it gains more.",
            },
            {
                "ask": "Flipout keeps one draw and gives each datum random signs: how noisy is that, against local reparameterisation?",
                "choices": ["much quieter", "about as quiet", "much noisier"],
                "edges": [0.7, 1.4],
                "measure": {"name": "variance_ratio", "of": "flipout", "to": "local_reparameterization"},
                "after": 300,
                "why": "Signs undo what is odd in ε, which is nearly all that data share here; only the even part stays.",
            },
        ],
    },
    "map": {
        "label": "Neural regression, MAP",
        "goal": "The same network with a point mass for q: one function, and no word about what it does not know.",
        "settings": {
            "model": "conditional",
            "width": 10,
            "depth": 1,
            "prior_scale": 3.0,
            "spread_from": "fixed",
            "spread": 0.15,
            "posterior": "point",
            "step_size": 0.02,
            "stop_at": 3000,
        },
    },
    "ridge": {
        "label": "Bayesian linear regression",
        "goal": "No hidden layer, full-rank q: the ELBO climbs to the exact log evidence, −1.1491 nats per datum.",
        "settings": {
            "model": "conditional",
            "data": "diabetes",
            "depth": 0,
            "posterior": "full_rank",
            "spread_from": "fixed",
            "spread": 0.7,
            "estimator": "path_only",
            "step_size": 0.003,
            "batch_size": 2000,
        },
    },
    "poisson": {
        "label": "Poisson regression",
        "goal": "Counts: the mean is exp of the network's output. Then choose a Gaussian response and see what goes wrong.",
        "settings": {
            "model": "conditional",
            "data": "bursts",
            "response": "poisson",
            "width": 10,
            "depth": 1,
            "step_size": 0.02,
        },
    },
    "moons": {
        "label": "Two moons",
        "goal": "Classes in the plane: how sure is the network where it has seen nothing? Compare with MAP.",
        "settings": {
            "model": "conditional",
            "data": "moons",
            "response": "bernoulli",
            "width": 20,
            "depth": 1,
            "prior_scale": 2.0,
            "step_size": 0.02,
        },
    },
    "outliers": {
        "label": "Robust regression",
        "goal": "One point in eight is far off: a Student-t response ignores them. Try a Gaussian.",
        "settings": {
            "model": "conditional",
            "data": "outliers",
            "response": "student_t",
            "width": 10,
            "depth": 1,
            "step_size": 0.02,
        },
    },
}
