"""Which charts each family of models shows in the four panels; the first of a panel is shown unless a person chooses another."""

EVIDENCE = {
    "a": ("elbo",),
    "b": (
        "variance",
        "variance_against_draws",
        "variance_against_rows",
        "gradient_histogram",
        "xi_parabola",
        "variance_cost",
    ),
}
VIEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "deep_generative": {
        **EVIDENCE,
        "c": ("latent", "network", "prior_predictive"),
        "d": ("kl", "attention_map", "filters"),
    },
    "conditional": {
        **EVIDENCE,
        "c": ("function", "surface", "fit", "calibration", "prior_predictive"),
        "d": ("weights", "scores"),
    },
    "deep_exponential_family": {**EVIDENCE, "c": ("layers", "samples"), "d": ("units", "ladder")},
}
# What the list of a panel calls its views.
WORDS = {
    "elbo": "ELBO", "variance": "against step", "variance_against_draws": "against B", "variance_against_rows": "against M",
    "gradient_histogram": "histogram of ĝ", "xi_parabola": "ξ parabola", "variance_cost": "variance × cost",
    "latent": "latent space", "kl": "KL per z", "network": "network", "attention_map": "attention map", "filters": "filters",
    "function": "function", "surface": "surface", "fit": "predictions", "calibration": "calibration",
    "weights": "weights", "scores": "test score", "prior_predictive": "prior", "relevance": "relevance",
    "layers": "layers", "samples": "samples from p(x)", "units": "KL per unit", "ladder": "variance ladder",
}  # fmt: skip
PANEL_OF = {name: panel for panels in VIEWS.values() for panel, names in panels.items() for name in names}
