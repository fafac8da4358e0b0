"""The knobs of a network, which every model family with a network shares: its size and elements, and the prior on its weights."""

from dataclasses import dataclass

from models.priors.settings import PriorSettings
from models.settings import rule, setting

DEEP = rule("depth", "It joins hidden layers, so it needs at least 2 of them.", low=2)


@dataclass(frozen=True)
class NetworkSettings(PriorSettings):
    """Architecture; the prior's knobs come with it."""

    width: int = setting(
        64, label="Width", group="Model", low=2, high=256, help="Units in each hidden layer, encoder and decoder alike."
    )
    depth: int = setting(
        2,
        label="Hidden layers",
        group="Model",
        low=0,
        high=6,
        help="0 is a linear decoder: probabilistic PCA with one σ.",
    )
    activation: str = setting(
        "tanh",
        label="Activation",
        symbol="g",
        group="Model",
        choices="activations",
        help="The bend after each hidden layer.",
    )
    intercept: bool = setting(True, label="Intercept", symbol="α", group="Model", help="Adds α to every linear map.")
    input_reinjection: bool = setting(
        False, label="Residual: input", symbol="γx", group="Model", help="The notes' residual: later hidden layers see the input again.",
        requires=(DEEP,),
    )  # fmt: skip
    identity_residual: bool = setting(
        False, label="Residual: identity", symbol="h+g", group="Model", help="Each later hidden layer is added to the one before.",
        requires=(DEEP,),
    )  # fmt: skip
    attention: str = setting(
        "none",
        label="Attention",
        symbol="A(x)∘x",
        group="Model",
        choices="attentions",
        help="Feature attention at the network's input.",
    )
