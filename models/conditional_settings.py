"""The knobs of a conditional model: data, response, link, spread, q; its network's and its inference's are shared ones."""

from dataclasses import dataclass

from elbo_room.models.inference.settings import InferenceSettings, model_setting
from elbo_room.models.networks.settings import NetworkSettings
from elbo_room.models.settings import rule, setting

DISPERSED = ("normal", "negative_binomial", "gamma", "beta", "student_t")


@dataclass(frozen=True)
class Settings(NetworkSettings, InferenceSettings):
    """A conditional model, its prior and its inference; live knobs act at the next step, the others start a new run."""

    model: str = model_setting("conditional")
    data: str = setting(
        "gap",
        label="Data",
        group="Data",
        choices="supervised",
        help="What y is to be predicted from which x; nothing is downloaded.",
    )
    response: str = setting(
        "normal", label="Response", symbol="p(y|x)", group="Model", choices="responses", help="The family of y given x."
    )
    link: str = setting(
        "usual",
        label="Link",
        symbol="f",
        group="Model",
        choices="links",
        help="How the network's output becomes the mean.",
    )
    spread_from: str = setting(
        "learned", label="Spread", symbol="s", group="Model", choices="spreads", help="Where the response's s comes from.",
        requires=(rule("response", "This response has no spread of its own.", among=DISPERSED),),
    )  # fmt: skip
    spread: float = setting(
        0.3, label="Fixed spread", symbol="s", group="Model", low=0.01, high=10.0, log=True, live=True,
        help="Of a Gaussian y: its sd; of a Gamma: sd/mean; of a negative binomial: that beyond Poisson. The start where it is learned.",
        requires=(rule("response", "This response has no spread of its own.", among=DISPERSED),),
    )  # fmt: skip
    posterior: str = setting(
        "mean_field",
        label="q(w)",
        symbol="ν",
        group="Inference",
        choices="weight_posteriors",
        help="What is learned about the weights.",
    )
