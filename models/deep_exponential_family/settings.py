"""The knobs of a deep exponential family: layers, weights, response, q; inference's are the shared ones."""

from dataclasses import dataclass

from elbo_room.models.deep_exponential_family.rules import (
    BENT,
    CENTRED,
    INTERCEPT,
    LEFT_OVER,
    LINKED,
    POSITIVE,
    POSITIVE_WEIGHTS,
    RANDOM,
    SCALED,
    SHAPED,
)
from elbo_room.models.settings import rule, setting
from elbo_room.models.training.settings import InferenceSettings, model_setting

TWO = rule("depth", "There is no second layer. Raise the depth.", low=2)
THREE = rule("depth", "There is no third layer. Raise the depth.", low=3)


@dataclass(frozen=True)
class Settings(InferenceSettings):
    """A deep exponential family, its priors and its inference; live knobs take effect at the next step, the others start a new run.

    >>> import elbo_room as er
    >>> er.DeepExponentialFamilySettings(draws=8).draws
    8
    """

    model: str = model_setting("deep_exponential_family")
    data: str = setting(
        "digits", label="Data", group="Data", choices="exponential_data",
        help="The data to model; nothing is downloaded."
    )  # fmt: skip
    response: str = setting(
        "bernoulli", label="Response", symbol="p(x|z)", group="Model", choices="layered_responses", help="The family of x given layer 1."
    )  # fmt: skip
    depth: int = setting(
        2, label="Layers", symbol="L", group="Model", low=1, high=3, help="Layers of latent variables above the data."
    )
    layer_1: str = setting(
        "bernoulli", label="First layer", symbol="z₁", group="Model", choices="layers",
        help="The family of the units next to the data."
    )  # fmt: skip
    width_1: int = setting(
        32, label="Its width", symbol="K₁", group="Model", low=1, high=128, help="Units in the first layer."
    )
    layer_2: str = setting(
        "bernoulli", label="Second layer", symbol="z₂", group="Model", choices="layers",
        help="The family of the units above the first layer.",
        requires=(TWO,),
    )  # fmt: skip
    width_2: int = setting(
        16, label="Its width", symbol="K₂", group="Model", low=1, high=128, help="Units in the second layer.",
        requires=(TWO,),
    )  # fmt: skip
    layer_3: str = setting(
        "bernoulli", label="Third layer", symbol="z₃", group="Model", choices="layers",
        help="The family of the units above the second layer.",
        requires=(THREE,),
    )  # fmt: skip
    width_3: int = setting(
        8, label="Its width", symbol="K₃", group="Model", low=1, high=128, help="Units in the third layer.",
        requires=(THREE,),
    )  # fmt: skip
    link: str = setting(
        "mean", label="Layer above sets the", symbol="g", group="Model", choices="layer_links",
        help="What the layer above decides about a unit.",
        requires=(LINKED,),
    )  # fmt: skip
    activation: str = setting(
        "tanh", label="Activation", symbol="g", group="Model", choices="activations",
        help="The bend of Gaussian layers' means; positive ones take softplus, binary ones logistic.",
        requires=BENT,
    )  # fmt: skip
    intercept: bool = setting(
        True,
        label="Intercept",
        symbol="α",
        group="Model",
        help="Adds α to every u; positive weights have none.",
        requires=(INTERCEPT,),
    )
    centred: bool = setting(
        False, label="Centred", symbol="z or ε", group="Model",
        help="q covers z itself, and not ε of z = g(u) + σε: its gradient grows as 1/σ².",
        requires=(CENTRED,),
    )  # fmt: skip
    weights: str = setting(
        "point",
        label="Weights",
        symbol="θ",
        group="Prior",
        choices="weights",
        help="Whether the weights have a q of their own.",
    )
    prior_scale: float = setting(
        1.0, label="Prior scale", symbol="λ", group="Prior", low=0.01, high=100.0, log=True, live=True,
        help="Standard deviation of real weights, mean of positive ones.",
    )  # fmt: skip
    weight_shape: float = setting(
        0.3, label="Weights' shape", symbol="a", group="Prior", low=0.01, high=10.0, log=True, live=True,
        help="Shape of positive weights: small is sparse.",
        requires=(rule("weights", "Only positive weights have a shape.", among=POSITIVE_WEIGHTS["among"], hides=True),),
    )  # fmt: skip
    layer_scale: float = setting(
        0.3, label="Layer scale", symbol="σ", group="Prior", low=0.001, high=10.0, log=True, live=True,
        help="Standard deviation of Gaussian layers below the top: at 0 they are a network.",
        requires=(SCALED,),
    )  # fmt: skip
    layer_shape: float = setting(
        0.3, label="Layer shape", symbol="α", group="Prior", low=0.02, high=10.0, log=True, live=True,
        help="Shape of Gamma layers: small is sparse. Beta layers have a + b = 10 α.",
        requires=(SHAPED,),
    )  # fmt: skip
    variational: str = setting(
        "table", label="q's parameters", symbol="ν", group="Inference", choices="variational",
        help="The source of each data point's ν.",
    )  # fmt: skip
    structure: str = setting(
        "product", label="q of layers", symbol="q", group="Inference", choices="structures",
        help="Whether a layer's q knows what was drawn for the layer above it.",
    )  # fmt: skip
    positive_family: str = setting(
        "log_normal", label="q of positive ones", symbol="q", group="Inference", choices="positive_families",
        help="The family of q for Gamma and exponential layers and positive weights.",
        requires=(POSITIVE,),
    )  # fmt: skip
    second_estimator: str = setting(
        "automatic", label="Second estimator", group="Inference", live=True, choices="second_estimators",
        help="For the layers where the first does not apply, such as discrete ones.",
        requires=(LEFT_OVER,),
    )  # fmt: skip
    weight_estimator: str = setting(
        "same", label="Weights' estimator", group="Inference", live=True, choices="weight_estimators",
        help="Weights may take another gradient than the layers: a path for them, say, where the layers are binary.",
        requires=(rule("weights", "A point mass follows the plain gradient. Give the weights a q.", among=RANDOM),),
    )  # fmt: skip
