"""Scenes of the robot arm: samples of p(x) with an exact score, and a likelihood without a floor."""

from typing import Any

TWICE_THE_SENSOR = 13.7  # mm, root mean square over the links
_DECODER: dict[str, Any] = {"latent_size": 5, "scale_head": "feature", "activation": "silu", "width": 96, "draws": 1}
ROBOT_ARM: dict[str, dict[str, Any]] = {
    "robot_arm": {
        "label": "Robot arm",
        "chapter": "robot_arm",
        "minutes": 15,
        "difficulty": "intermediate",
        "picture": "arm",
        "goal": "Five joints, 15 numbers, five z: see whether samples of p(x) keep the lengths of the arm's links.",
        "views": {"d": "arm"},
        "settings": {
            "data": "robot_arm",
            **_DECODER,
            "scale_floor": 0.02,
            "step_size": 0.004,
            "cooling": 4000,
            "stop_at": 15_000,
        },
        "tasks": [
            {
                "ask": "The sensor's noise alone makes link lengths wrong by 7 mm. How wrong are samples of this model after 3,000 steps?",
                "choices": ["less than 10 mm", "10 to 25 mm", "more than 25 mm"],
                "edges": [10.0, 25.0],
                "measure": {"name": "fact", "of": "link_error"},
                "after": 3000,
                "why": "Two joints turn almost full circle, and a circle does not map onto a line: the roll of the hand is left to σ.",
            },
        ],
    },
    "robot_arm_prior": {
        "label": "Robot arm: a prior that follows",
        "chapter": "robot_arm",
        "minutes": 20,
        "difficulty": "advanced",
        "picture": "arm",
        "goal": "Ten z and a prior that follows q: within minutes the samples' links are within twice the sensor's error.",
        "yardstick": {"of": "link_error", "value": TWICE_THE_SENSOR, "words": "twice the sensor's error"},
        "views": {"d": "arm"},
        "settings": {
            "data": "robot_arm",
            "latent_size": 10,
            "latent_prior": "autoregressive",
            "components": 16,
            "scale_floor": 0.0,
            "activation": "silu",
            "width": 128,
            "depth": 3,
            "draws": 1,
            "batch_size": 256,
            "step_size": 0.003,
            "cooling": 4000,
            "stop_at": 40_000,
        },
        "tasks": [
            {
                "ask": "The sensor's noise makes link lengths wrong by 7 mm. How wrong are samples with this prior after 10,000 steps?",
                "choices": ["less than 10 mm", "10 to 20 mm", "more than 20 mm"],
                "edges": [10.0, 20.0],
                "measure": {"name": "fact", "of": "link_error"},
                "after": 10_000,
                "why": "q maps a turning joint to a ring. A draw from N(0, I) falls inside it, where no data are; this prior's does not.",
            },
        ],
    },
    "robot_arm_floor": {
        "label": "Robot arm without a floor",
        "chapter": "robot_arm",
        "minutes": 8,
        "difficulty": "intermediate",
        "picture": "latent",
        "goal": "No noise, and σ may go to 0: the shoulder's height is constant, and the ELBO never converges.",
        "settings": {"data": "robot_arm_exact", **_DECODER, "scale_floor": 0.0, "step_size": 0.01, "stop_at": 5000},
        "tasks": [
            {
                "ask": "The shoulder is at 1.47 dm in every data point. How small is its σ after 2,000 steps (in dm)?",
                "choices": ["below 0.05", "0.05 to 0.5, like the others", "above 0.5"],
                "edges": [0.05, 0.5],
                "measure": {"name": "fact", "of": "constant_scale"},
                "after": 2000,
                "why": "Its mean can be exact, so every halving of σ gains another .7 nats, without end: only a floor stops it.",
            },
        ],
    },
}
