"""Scenes of posterior collapse and its cures."""

from typing import Any

COLLAPSE: dict[str, dict[str, Any]] = {
    "collapse_threshold": {
        "label": "Collapse: σ² past an eigenvalue",
        "chapter": "collapse",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "kl",
        "goal": "Drag σ (under Model): a dimension dies exactly where σ² passes its eigenvalue.",
        "settings": {
            "depth": 0,
            "latent_size": 8,
            "scale_head": "fixed",
            "sigma": 0.57,
            "prior_scale": 10.0,
            "estimator": "path_only",
            "step_size": 0.02,
            "batch_size": 512,
            "stop_at": 5000,
        },
        "tasks": [
            {
                "ask": "The data's eigenvalues are .70, .64, .55, .39, .27, .23, .20, .17. If σ = .57, how many dimensions are active?",
                "choices": ["3 or fewer", "4", "5 or more"],
                "edges": [3.5, 4.5],
                "measure": {"name": "active_dimensions"},
                "after": 1500,
                "why": "σ² = .325: four eigenvalues exceed it. What a dimension below would explain is worth less than the nats it costs.",
            },
        ],
    },
    "collapse_weight": {
        "label": "Collapse: β too large",
        "chapter": "collapse",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "kl",
        "goal": "The KL counts four times: dimensions that gain less return to the prior. Drag β (under Inference).",
        "settings": {"latent_size": 8, "beta": 4.0, "step_size": 0.01, "stop_at": 1500},
        "tasks": [
            {
                "ask": "Every nat of z now costs four. How many of the 8 dimensions still pay off?",
                "choices": ["none", "1 to 6", "7 or 8"],
                "edges": [0.5, 6.5],
                "measure": {"name": "active_dimensions"},
                "after": 1400,
                "why": "The first dimensions explain much per nat and stay; the last ones gain less than four nats for one, and collapse.",
            },
        ],
    },
    "collapse_cure": {
        "label": "Cure: identifiable decoder",
        "chapter": "collapse",
        "minutes": 8,
        "difficulty": "advanced",
        "picture": "kl",
        "goal": "The same β = 4 with a one-to-one decoder: its likelihood is never flat in z, so all eight dimensions stay active.",
        "settings": {"latent_size": 8, "beta": 4.0, "decoder": "gradient_map", "step_size": 0.01, "stop_at": 1500},
        "tasks": [
            {
                "ask": "The same β = 4, but this decoder cannot ignore a dimension. How many of the 8 stay active?",
                "choices": ["6 or fewer", "7", "all 8"],
                "edges": [6.5, 7.5],
                "measure": {"name": "active_dimensions"},
                "after": 1400,
                "why": "Its slope is at least c in every direction, so x always carries information about z; the price is a lower ELBO.",
            },
        ],
    },
    "collapse_early": {
        "label": "Collapse in training",
        "chapter": "collapse",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "kl",
        "goal": "A deep decoder with σ(z) learns to do without z: after a few hundred steps dimensions begin to die.",
        "settings": {"latent_size": 8, "scale_head": "network", "depth": 4, "step_size": 0.006, "stop_at": 1500},
        "tasks": [
            {
                "ask": "β is 1, and a shallow decoder would use all 8 dimensions. How many does this deep one use?",
                "choices": ["4 or fewer", "5 or 6", "7 or 8"],
                "edges": [4.5, 6.5],
                "measure": {"name": "active_dimensions"},
                "after": 1400,
                "why": "The decoder learned to do without z; where it is flat in z, nothing pulls q away from the prior.",
            },
        ],
    },
    "warm_up": {
        "label": "Cure: warm-up",
        "chapter": "collapse",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "kl",
        "goal": "The same model, with the KL phased in over 800 steps: most dimensions stay active, and the ELBO ends higher.",
        "settings": {
            "latent_size": 8,
            "scale_head": "network",
            "depth": 4,
            "step_size": 0.006,
            "warm_up": 800,
            "stop_at": 1500,
        },
        "tasks": [
            {
                "ask": "Phase the KL in slowly, over 800 steps. How many of the 8 dimensions are active in the end?",
                "choices": ["4 or fewer", "5", "6 or more"],
                "edges": [4.5, 5.5],
                "measure": {"name": "active_dimensions"},
                "after": 1400,
                "why": "At first z was free, so the decoder learned to use it; by the time nats had their full price, they were worth it.",
            },
        ],
    },
}
