"""Scenes of posterior collapse and its cures."""

from typing import Any

COLLAPSE: dict[str, dict[str, Any]] = {
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
