"""Which charts each family of models shows in the four panels; the first of a panel is shown unless a person flips it."""

EVIDENCE = {"a": ("elbo",), "b": ("variance", "variance_against_draws")}
VIEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "deep_generative": {**EVIDENCE, "c": ("latent", "network"), "d": ("kl", "attention_map", "filters")},
}
# What the lists of panels with more than one view call them.
WORDS = {
    "elbo": "ELBO",
    "latent": "latent space",
    "kl": "KL per z",
    "network": "network",
    "attention_map": "attention map",
    "filters": "filters",
}
PANEL_OF = {name: panel for panels in VIEWS.values() for panel, names in panels.items() for name in names}
