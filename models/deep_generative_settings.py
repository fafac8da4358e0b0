"""The knobs of a deep generative model: data, response, latent size, q; its network's and its inference's are shared ones."""

from dataclasses import dataclass

from models.inference.collapse_settings import CollapseSettings
from models.inference.settings import InferenceSettings, model_setting
from models.networks.settings import NetworkSettings
from models.settings import rule, setting


@dataclass(frozen=True)
class Settings(NetworkSettings, CollapseSettings, InferenceSettings):
    """A deep generative model, its prior and its inference; live knobs act at the next step, the others start a new run."""

    model: str = model_setting("deep_generative")
    data: str = setting(
        "digits", label="Data", group="Data", choices="data", help="What is to be modelled; nothing is downloaded."
    )
    response: str = setting(
        "normal", label="Response", symbol="p(x|z)", group="Model", choices="families", help="The family of x given z."
    )
    scale_head: str = setting(
        "shared", label="Response scale", symbol="σ", group="Model", choices="scale_heads", help="Where the Gaussian's σ comes from.",
        requires=(rule("response", "A Bernoulli response has no scale.", among=("normal",)),),
    )  # fmt: skip
    latent_size: int = setting(
        2, label="Latent size", symbol="K", group="Model", low=1, high=16, help="Dimensions of z."
    )
    decoder: str = setting(
        "network", label="Decoder", group="Model", choices="decoders", help="What maps z to the response's parameters."
    )
    latent_prior: str = setting(
        "normal", label="Prior of z", symbol="p(z)", group="Prior", choices="latent_priors", help="What z is before a datum is seen.",
    )  # fmt: skip
    variational: str = setting(
        "amortized",
        label="q's parameters",
        symbol="ν",
        group="Inference",
        choices="variational",
        help="Where each datum's ν comes from.",
    )
