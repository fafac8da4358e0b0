"""The knobs of a network, shared by every model family with a network: its size and elements, and the prior on its weights."""

from dataclasses import dataclass

from elbo_room.models.networks.elements import in_network
from elbo_room.models.priors.settings import PriorSettings
from elbo_room.models.settings import setting


@dataclass(frozen=True)
class NetworkSettings(PriorSettings):
    """Architecture, together with the prior's knobs."""

    network: str = setting(
        "feed_forward", label="Network", symbol="f", group="Model", choices="networks",
        help="How the function of x is built (the encoder; the decoder has a separate knob, as z has no positions).",
    )  # fmt: skip
    width: int = setting(
        64, label="Width", group="Model", low=2, high=256, help="Units in each hidden layer of encoder and decoder.",
        requires=in_network("width"),
    )  # fmt: skip
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
        help="The nonlinearity after each hidden layer.",
        requires=in_network("activation"),
    )
    intercept: bool = setting(True, label="Intercept", symbol="α", group="Model", help="Adds α to every linear map.")
    input_reinjection: bool = setting(
        False, label="Residual", symbol="γx", group="Model", help="The lecture notes' residual: later hidden layers see the input again.",
        requires=in_network("input_reinjection"),
    )  # fmt: skip
    identity_residual: bool = setting(
        False, label="Identity", symbol="h+g", group="Model", help="Each later hidden layer is added to the previous one.",
        requires=in_network("identity_residual"),
    )  # fmt: skip
    dense_skip: bool = setting(
        False, label="Dense skip", symbol="Δh", group="Model", help="Each hidden layer sees all earlier hidden layers.",
        requires=in_network("dense_skip"),
    )  # fmt: skip
    norm: str = setting(
        "none", label="Normalisation", symbol="LN", group="Model", choices="norms", help="Applied to a layer's sums before the activation.",
        requires=in_network("norm"),
    )  # fmt: skip
    kernel: int = setting(
        5, label="Window", symbol="k", group="Model", low=2, high=15, help="Positions in a filter's window.", requires=in_network("kernel")
    )  # fmt: skip
    channels: int = setting(
        16, label="Filters", symbol="C", group="Model", low=1, high=64, help="Filters of each convolution.", requires=in_network("channels")
    )  # fmt: skip
    cell: str = setting(
        "gru", label="Cell", symbol="U", group="Model", choices="cells", help="How h is carried from one position to the next.",
        requires=in_network("cell"),
    )  # fmt: skip
    heads: int = setting(
        2, label="Heads", symbol="H", group="Model", low=1, high=8, help="Attention maps in parallel.", requires=in_network("heads")
    )  # fmt: skip
    pooling: str = setting(
        "positions", label="Pooling", group="Model", choices="poolings", help="How the positions are combined for the last linear map.",
        requires=in_network("pooling"),
    )  # fmt: skip
    attention: str = setting(
        "none",
        label="Attention",
        symbol="A(x)∘x",
        group="Model",
        choices="attentions",
        help="Feature attention at the network's input.",
    )
