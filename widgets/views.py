"""Which charts each family of models shows in the four panels; the first of a panel is shown unless a person flips it."""

EVIDENCE = {
    "a": ("elbo",),
    "b": ("variance", "variance_against_draws", "gradient_histogram", "xi_parabola", "variance_cost"),
}
# What panel B's own list calls its views.
EVIDENCE_WORDS = {
    "variance": "against step",
    "variance_against_draws": "against B",
    "gradient_histogram": "histogram of ĝ",
    "xi_parabola": "ξ parabola",
    "variance_cost": "variance × cost",
}
VIEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "deep_generative": {**EVIDENCE, "c": ("latent",), "d": ("kl",)},
}
PANEL_OF = {name: panel for panels in VIEWS.values() for panel, names in panels.items() for name in names}
