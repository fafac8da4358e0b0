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
    "collapse_weight": {
        "label": "Collapse: β too large",
        "goal": "The KL weighs four times: a dimension whose nats cost more than they bring goes back to the prior. Drag β.",
        "settings": {"latent_size": 8, "beta": 4.0, "step_size": 0.01, "stop_at": 1500},
    },
    "collapse_cure": {
        "label": "Cure: identifiable decoder",
        "goal": "The same β = 4 with a one-to-one decoder: no likelihood is flat in z, so all eight dimensions live.",
        "settings": {"latent_size": 8, "beta": 4.0, "decoder": "gradient_map", "step_size": 0.01, "stop_at": 1500},
    },
    "collapse_early": {
        "label": "Collapse in training",
        "goal": "A deep decoder with σ(z) learns to do without z before q has anything to say: dimensions die early.",
        "settings": {"latent_size": 8, "scale_head": "network", "depth": 3, "step_size": 0.01, "stop_at": 1500},
    },
    "warm_up": {
        "label": "Cure: warm-up",
        "goal": "The same model, its KL let in over 800 steps: most dimensions live, and the ELBO ends higher.",
        "settings": {
            "latent_size": 8,
            "scale_head": "network",
            "depth": 3,
            "step_size": 0.01,
            "warm_up": 800,
            "stop_at": 1500,
        },
    },
}
