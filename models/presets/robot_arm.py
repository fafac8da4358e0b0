"""Scenes of the robot arm: samples of p(x) that an exact score judges, and what a likelihood without a floor does."""

from typing import Any

_DECODER: dict[str, Any] = {
    "latent_size": 5,
    "scale_head": "feature",
    "activation": "silu",
    "width": 96,
    "draws": 1,
}
ROBOT_ARM: dict[str, dict[str, Any]] = {
    "robot_arm": {
        "label": "Robot arm",
        "goal": "Five joints, 15 numbers, five z: do samples of p(x) keep the lengths of the arm's links?",
        "settings": {"data": "robot_arm", **_DECODER, "scale_floor": 0.02, "step_size": 0.004, "stop_at": 15_000},
    },
    "robot_arm_floor": {
        "label": "Robot arm without a floor",
        "goal": "No noise, and σ may go to 0: the shoulder's height is constant, and the ELBO never arrives anywhere.",
        "settings": {"data": "robot_arm_exact", **_DECODER, "scale_floor": 0.0, "step_size": 0.01, "stop_at": 5000},
    },
}
