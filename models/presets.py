"""Presets: named choices of settings, each with a goal in one sentence. Only what differs from the defaults is written."""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "digits": {
        "label": "Gradient noise",
        "goal": "Five estimators of one gradient: the same mean, and a variance that differs a thousandfold.",
        "settings": {},
    },
    "pinwheel": {
        "label": "Latent space",
        "goal": "Five bent arms in the plane: watch the latent space unfold them.",
        "settings": {
            "data": "pinwheel",
            "width": 32,
            "step_size": 0.01,
            "identity_residual": True,
            "scale_head": "network",
            "stop_at": 3000,
        },
    },
    "score": {
        "label": "Score gradient, one draw",
        "goal": "The notes' plain score gradient, B = 1: make the ELBO climb with more draws or a better estimator.",
        "settings": {"estimator": "score", "draws": 1},
    },
    "scale": {
        "label": "Mean and scale decoder",
        "goal": "Two heads, μ(z) and σ(z): the ELBO is far higher, and the map of the digits pays for it.",
        "settings": {"scale_head": "network"},
    },
    "ppca": {
        "label": "Probabilistic PCA",
        "goal": "A linear decoder with one σ, which has a closed form: see how many nats each of 8 dimensions carries.",
        "settings": {"depth": 0, "latent_size": 8, "step_size": 0.02},
    },
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
