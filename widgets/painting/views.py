"""Which charts each family of models shows in the four panels; the first of a panel is shown unless a person chooses another."""

ONE_STEP = "one_step"  # the view that tells one optimiser step stage by stage
# What a scene opens with where it names no chart, plane, bands or text: the first that applies. Panel B stays with the person.
OPENING = {"a": "", "c": "", "d": "", "plane": "", "bands": "", "text": ""}
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
        "a": ("elbo", "log_evidence"),
        "c": ("latent", "manifold", "attention_map", "network", "prior_predictive", "one_step"),
        "d": ("kl", "arm", "filters"),
    },
    "conditional": {
        **EVIDENCE,
        "c": ("function", "surface", "fit", "calibration", "attention_map", "network", "prior_predictive", "one_step"),
        "d": ("relevance", "filters", "weights", "scores"),
    },
    "deep_exponential_family": {**EVIDENCE, "c": ("layers", "samples", "one_step"), "d": ("units", "ladder")},
}
# What the list of a panel calls its views.
WORDS = {
    "elbo": "ELBO", "variance": "against step", "variance_against_draws": "against B", "variance_against_rows": "against M",
    "gradient_histogram": "histogram of ĝ", "xi_parabola": "ξ parabola", "variance_cost": "variance × cost",
    "manifold": "manifold",
    "arm": "arm samples", "latent": "latent space", "kl": "KL per z", "network": "network",
    "attention_map": "attention map", "filters": "filters",
    "function": "function", "surface": "surface", "fit": "predictions", "calibration": "calibration",
    "weights": "weights", "scores": "test score", "prior_predictive": "prior", "relevance": "relevance",
    "log_evidence": "evidence", "layers": "layers", "samples": "samples from p(x)", "units": "KL per unit",
    "one_step": "one step", "ladder": "variance ladder",
}  # fmt: skip
PANEL_OF = {name: panel for panels in VIEWS.values() for panel, names in panels.items() for name in names}
# What the chain of one datum says of ∂ log p/∂w; the numbers of the list travel.
IDENTITIES = ("", "(y − m)/φ", "y − m", "(y − m)/Var y · dm/dw", "1 − m")
