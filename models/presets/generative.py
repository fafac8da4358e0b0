"""Scenes of deep generative models."""

from typing import Any

GENERATIVE: dict[str, dict[str, Any]] = {
    "digits": {
        "label": "Gradient noise",
        "goal": "Five estimators of one gradient: the same mean, and variances that differ a thousandfold.",
        "settings": {},
        "tasks": [
            {
                "ask": "At the same parameters and the same noise: how noisy is the score gradient compared with reparameterisation?",
                "choices": ["no noisier", "up to 10×", "10 to 100×", "more than 100×"],
                "edges": [1.0, 10.0, 100.0],
                "measure": {"name": "variance_ratio", "of": "score", "to": "reparameterization"},
                "after": 500,
                "why": "The score is multiplied by log p − log q, whose square is thousands of nats² here; the path uses only its slope.",
            },
            {
                "ask": "And after subtracting the mean of the other draws (leave-one-out)?",
                "choices": ["still more than 10×", "between 1 and 10×", "less noisy than reparameterisation"][::-1],
                "edges": [1.0, 10.0],
                "measure": {"name": "variance_ratio", "of": "leave_one_out", "to": "reparameterization"},
                "after": 500,
                "why": "Most of the score's noise was a constant times a score of mean zero: subtract the constant, and the noise is gone.",
            },
            {
                "ask": "Both lines in the lecture notes have the same mean. Which is less noisy: path only or the total derivative?",
                "choices": ["path only", "the total derivative"],
                "edges": [1.0],
                "measure": {"name": "variance_ratio", "of": "path_only", "to": "reparameterization"},
                "after": 500,
                "why": "Path only drops −∇log q, whose mean is zero but not its noise; near the optimum it wins, far away it can lose.",
            },
        ],
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
        "tasks": [
            {
                "ask": "How many nats will z carry about a data point, KL of q from the prior over both dimensions?",
                "choices": ["less than 1", "1 to 3", "more than 3"],
                "edges": [1.0, 3.0],
                "measure": {"name": "total_divergence"},
                "after": 1500,
                "why": "Naming one of five arms takes log 5 = 1.6 nats; the position along the arm takes the rest.",
            },
        ],
    },
    "score": {
        "label": "Score gradient, one draw",
        "goal": "The lecture notes' plain score gradient, B = 1: make the ELBO rise with more draws or a better estimator.",
        "settings": {"estimator": "score", "draws": 1},
        "tasks": [
            {
                "ask": "Choose 'against draws B' in the variance panel. With which power of B does the score gradient's variance fall?",
                "choices": ["−1: twice the draws, half the variance", "−½", "it hardly falls"],
                "edges": [-0.75, -0.25],
                "measure": {"name": "power_of_draws", "of": "score"},
                "after": 300,
                "why": "The mean of B independent draws has 1/B of one draw's variance, whatever the estimator.",
            },
            {
                "ask": "At B = 1 and the same parameters: how noisy is the score gradient compared with reparameterisation?",
                "choices": ["up to 10×", "10 to 100×", "more than 100×"],
                "edges": [10.0, 100.0],
                "measure": {"name": "variance_ratio", "of": "score", "to": "reparameterization"},
                "after": 300,
                "why": "The path knows in which direction f rises; the score sees only how high f is at each draw.",
            },
        ],
    },
    "scale": {
        "label": "Mean and scale decoder",
        "goal": "Two heads, μ(z) and σ(z): the ELBO is far higher, at the expense of the map of the digits.",
        "settings": {"scale_head": "network"},
        "tasks": [
            {
                "ask": "With one σ for all pixels the ELBO ends near 21 nats per digit. Where will it end with σ(z)?",
                "choices": ["below", "up to 10 nats above", "more than 10 nats above"],
                "edges": [21.0, 31.0],
                "measure": {"name": "fact", "of": "elbo"},
                "after": 1500,
                "why": "Pixels at the edge are always empty: their σ shrinks, and each gains nats that say nothing about the digit.",
            },
        ],
    },
    "evidence": {
        "label": "From the ELBO to log p(x)",
        "goal": "Pause, or wait for the end: how far is the ELBO from log p(x), and which is to blame, encoder or family?",
        "views": {"a": "log_evidence"},
        "settings": {"held_out": 0.2, "step_size": 0.01, "stop_at": 1500},
        "tasks": [
            {
                "ask": "Of the nats between ELBO and log p(x), what share would a better encoder recover?",
                "choices": ["less than a third", "between", "more than two thirds"],
                "edges": [0.33, 0.67],
                "measure": {"name": "encoders_share"},
                "after": 1000,
                "why": "One network must serve all digits; the rest is due to q's family. See the two bars in panel A.",
            },
        ],
    },
    "ppca": {
        "label": "Probabilistic PCA",
        "goal": "A linear decoder with one σ, which has a closed form: see how many nats each of 8 dimensions carries.",
        "settings": {"depth": 0, "latent_size": 8, "step_size": 0.02},
        "tasks": [
            {
                "ask": "A linear decoder with 8 dimensions: how many will carry more than 0.01 nats?",
                "choices": ["2 or fewer", "3 to 7", "all 8"],
                "edges": [2.5, 7.5],
                "measure": {"name": "active_dimensions"},
                "after": 1000,
                "why": "A dimension is active if its sample covariance eigenvalue exceeds σ², and σ² settles at the mean of the rest.",
            },
        ],
    },
}
