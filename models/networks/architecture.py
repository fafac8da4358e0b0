"""What a network is made of, as plain values: its kind, its size, its elements."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Architecture:
    """The elements of a network; depth 0 is a linear map.

    Input re-injection is the notes' "residual" (γ_ℓ x in every later hidden layer), identity residual the usual one (h_{ℓ−1} + g(·)),
    dense skip lets h_ℓ see all earlier hidden layers. They may be combined.
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
        """The architecture that settings (or another architecture) name."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})
