"""The architecture of a network as plain values: its kind, size and elements."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Architecture:
    """The elements of a network; depth 0 is a linear map.

    Input re-injection is the lecture notes' "residual" (γ_ℓ x in every later hidden layer), identity residual the usual one (h_{ℓ−1} +
    g(·)), dense skip connects h_ℓ to all earlier hidden layers. They may be combined.
    """

    width: int = 64
    depth: int = 1
    activation: str = "tanh"
    intercept: bool = True
    input_reinjection: bool = False
    identity_residual: bool = False
    attention: str = "none"
    network: str = "feed_forward"
    dense_skip: bool = False
    norm: str = "none"
    kernel: int = 5
    channels: int = 16
    cell: str = "gru"
    heads: int = 2
    pooling: str = "positions"

    @classmethod
    def of(cls, settings: object) -> "Architecture":
        """The architecture named in settings (or in another architecture)."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})
