"""Walks through the latent space whose stops are decoded: along a dimension, from place to place, or draws from one data point's q."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.diagnostics import Plane

STOPS, ALONG = 8, 9  # of a path or of draws; of a walk along a dimension
Pin = tuple[float, float, int]  # a place of the shown plane, and the row of the data point that was meant, or −1


@dataclass(frozen=True)
class Space:
    """Where q puts the drawn data now, (M, K) each, and the plane that is shown."""

    mean: Tensor
    scale: Tensor
    plane: Plane
    unit: float = 1.0  # λ_z, the standard deviation of z before any data

    def place(self, pin: Pin) -> Tensor:
        """The z (K,) of a pin: its data point's posterior mean, wherever training has moved it, or the place itself."""
        x, y, row = pin
        return self.mean[row] if row >= 0 else self.plane.lift(torch.tensor([x, y]))


class Walks:
    """The walk that is shown; it is decoded again as training continues."""

    def __init__(self) -> None:
        self.kind: str | None = None
        self.dimension = self.row = self.seed = 0
        self.pins: tuple[Pin, ...] = ()

    def pin(self, pins: Sequence[Sequence[float]], most: int) -> None:
        """Hold these places: none, one, or two with a path between them.

        Raises:
            ValueError: more than two, or a data point that is not drawn.
        """
        held = tuple((float(x), float(y), int(row)) for x, y, row in pins)
        if len(held) > 2 or any(row >= most for _, _, row in held):
            raise ValueError(
                f"{len(held)} places were pinned; a path has two, of rows below {most}. Pin two, or fewer."
            )
        self.pins, self.kind = held, "path" if len(held) == 2 else None

    def along(self, dimension: int) -> None:
        """Walk along a dimension."""
        self.kind, self.dimension, self.pins = "dimension", dimension, ()

    def draw(self, row: int, seed: int) -> None:
        """Draw from this data point's q; another seed gives other draws."""
        self.kind, self.row, self.seed = "draws", row, seed

    def stops(self, space: Space) -> Tensor | None:
        """The z of every stop, (count, K): −3λ_z … 3λ_z with the others at 0; the straight line; μ + sε with the same ε each time."""
        size = space.mean.shape[1]
        if self.kind == "dimension":
            points = space.plane.at.new_zeros(ALONG, size)
            points[:, self.dimension] = space.unit * torch.linspace(-3, 3, ALONG)
            return points
        if self.kind == "path":
            first, last = (space.place(pin) for pin in self.pins)
            return torch.lerp(first, last, torch.linspace(0, 1, STOPS)[:, None])
        if self.kind == "draws":
            noise = torch.randn(STOPS, size, generator=torch.Generator().manual_seed(self.seed))
            return space.mean[self.row] + space.scale[self.row] * noise
        return None
