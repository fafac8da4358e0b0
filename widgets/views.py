"""Which charts each family of models shows in the four panels; the first of a panel is shown unless a person flips it."""

EVIDENCE = {"a": ("elbo",), "b": ("variance", "variance_against_draws")}
VIEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "deep_generative": {**EVIDENCE, "c": ("latent",), "d": ("kl",)},
    "deep_exponential_family": {**EVIDENCE, "c": ("layers", "samples"), "d": ("units", "ladder")},
}
# What the list of a panel with several charts calls them.
WORDS = {
    "layers": "layers",
    "samples": "samples from p(x)",
    "units": "KL per unit",
    "ladder": "variance ladder",
}
PANEL_OF = {name: panel for panels in VIEWS.values() for panel, names in panels.items() for name in names}
