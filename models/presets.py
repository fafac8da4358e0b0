"""Presets: named choices of settings, each with a goal in one sentence. Only what differs from the defaults is written."""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "digits": {
        "label": "Gradient noise",
        "goal": "One model, five estimators: the same gradient on average, and a variance that differs a thousandfold.",
        "settings": {},
    },
    "pinwheel": {
        "label": "Latent space",
        "goal": "Five bent arms in the plane: watch the latent space unfold them, and hover to decode.",
        "settings": {"data": "pinwheel", "depth": 2, "width": 32, "step_size": 0.01, "identity_residual": True, "stop_at": 3000},
    },
    "score": {
        "label": "Score gradient, one draw",
        "goal": "The notes' plain score gradient with B = 1: raise B, or switch the estimator, and see the ELBO climb.",
        "settings": {"estimator": "score", "draws": 1},
    },
    "ppca": {
        "label": "Probabilistic PCA",
        "goal": "A linear decoder with one σ: dimensions whose eigenvalue is below σ² collapse, and theory says which.",
        "settings": {"depth": 0, "scale_head": "shared", "latent_size": 8, "step_size": 0.02},
    },
}
